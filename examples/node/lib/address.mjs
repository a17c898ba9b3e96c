/**
 * @file URLs and paths, taken apart the one way that everyone reads them; what two programs might read differently is
 * refused, because the API reads a URL after it was judged here.
 */

/** How often a path segment is decoded in search of a slash: servers and proxies behind each other may each decode once. */
const DECODINGS_MAX = 3;

/** The longest path that a setting may have, in bytes. Servers commonly take 8,000 of a whole request line. */
const PATH_BYTES_MAX = 1_000;

const PORTS = { http: 80, https: 443 };
const AUTHORITY = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:([0-9]{1,5}))?$/;
const TARGET = /^\/[A-Za-z0-9.\-_~!$&'()*+,;=:@%/]*(\?[A-Za-z0-9.\-_~!$&'()*+,;=:@%/?[\]|]*)?$/;

/**
 * What all URLs of an API have in common: scheme, host and port, and the segments of the path.
 * @typedef {{ origin: string, segments: string[] }} Base
 */

/**
 * Takes a URL apart, or throws what about it is refused.
 * @param {string} scheme
 * @param {string} authority
 * @param {string} target path and query
 * @returns {Base & { query: string }}
 */
export function parse(scheme, authority, target) {
  if (!Object.hasOwn(PORTS, scheme)) throw new Error('the URL is not https');
  const found = AUTHORITY.exec(authority.toLowerCase());
  if (!found) throw new Error('the URL has no plain host name');
  if (!TARGET.test(target)) throw new Error('the URL has a path or a query that could be read in two ways');
  const [path] = target.split('?', 1);
  const segments = path.split('/').slice(1);
  for (const segment of segments) checkSegment(segment);
  // `https://host/` and `https://host` are the same URL.
  if (segments.length === 1 && segments[0] === '') segments.pop();
  return {
    origin: `${scheme}://${found[1]}:${Number(found[4] ?? PORTS[scheme])}`,
    segments,
    query: target.slice(path.length),
  };
}

/**
 * The base URL of an API, of its manifest or of the configuration.
 * @param {string} text
 * @param {string} key where it comes from
 * @returns {Base}
 */
export function base(text, key) {
  const parts = /^([a-z]+):\/\/([^/]*)(\/.*)?$/.exec(text);
  if (!parts || text.includes('?')) throw new Error(`${key} is ${JSON.stringify(text)}: not a URL without a query`);
  const { origin, segments } = parse(parts[1], parts[2], parts[3] ?? '/');
  // A trailing slash says nothing.
  if (segments.at(-1) === '') segments.pop();
  return { origin, segments };
}

/**
 * What follows `base` in the path of `url`; undefined if the URL is not below it.
 * @param {Base} url
 * @param {Base} base
 */
export function below(url, base) {
  const isBelow =
    url.origin === base.origin && base.segments.every((segment, index) => segment === url.segments[index]);
  return isBelow ? url.segments.slice(base.segments.length) : undefined;
}

/** Percent-decoded once, as lenient servers do it: what is no UTF-8 becomes U+FFFD, a lone `%` stays. */
function decode(text) {
  return text.replace(/(%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}

function checkSegment(segment) {
  let text = segment;
  for (let round = 0; round < DECODINGS_MAX; round += 1) {
    // Some servers cut `;parameters` off a segment before they look at it.
    if (/^\.\.?(;.*)?$/.test(text)) throw new Error('the URL has a path segment that stands for another directory');
    if (/[/\\\p{Cc}]/u.test(text)) throw new Error('the URL has a slash or a control character inside a path segment');
    const decoded = decode(text);
    if (decoded === text) return;
    text = decoded;
  }
  throw new Error('the URL has a path segment that is encoded over and over');
}

/** A segment as the least strict server reads it: decoded to the end, without `;parameters`, case folded. */
function loosely(segment) {
  let text = segment;
  for (let round = 0; round < DECODINGS_MAX; round += 1) text = decode(text);
  return text.split(';', 1)[0].toLowerCase();
}

const isName = (/** @type {string} */ part) => /^\{.*\}$/.test(part);

const parts = (/** @type {string} */ path) => path.split('/').slice(1);

/**
 * The endpoint that a request is for: the one with the most specific path, from the left. None if that one is met only
 * by a server that reads paths loosely: `/orders/%73earch` is the search to one that decodes first, so it must not pass
 * as the value of a placeholder.
 * @template {{ method: string, path: string }} E
 * @param {E[]} endpoints
 * @param {string} method
 * @param {string[]} segments
 * @returns {E | undefined}
 */
export function route(endpoints, method, segments) {
  const fits = (path, same) => {
    const template = parts(path);
    if (template.length !== segments.length) return false;
    return template.every((part, index) => (isName(part) ? segments[index] !== '' : same(part, segments[index])));
  };
  const exactly = (part, segment) => part === segment;
  const resembles = (part, segment) => part === segment || part.toLowerCase() === loosely(segment);
  const rank = ({ path }) =>
    parts(path)
      .map((part) => (isName(part) ? '0' : '1'))
      .join('') + (fits(path, exactly) ? '1' : '0');
  const candidates = endpoints.filter((endpoint) => endpoint.method === method && fits(endpoint.path, resembles));
  const [nearest] = candidates.sort((one, other) => rank(other).localeCompare(rank(one)));
  return nearest && fits(nearest.path, exactly) ? nearest : undefined;
}

/**
 * The endpoints with their paths as the settings have them, for an API that every installation lays out its own way.
 * @template {{ method: string, path: string, pathSetting?: string, access: string, inDoubt: string, scope: string }} E
 * @param {E[]} endpoints
 * @param {unknown} settings
 * @returns {E[]}
 */
export function placed(endpoints, settings) {
  const moved = endpoints.map((endpoint) => {
    const path = endpoint.pathSetting && at(settings, endpoint.pathSetting);
    if (path === undefined || path === null || path === '') return endpoint;
    const key = `settings${endpoint.pathSetting.replaceAll('/', '.')}`;
    checkPath(path, endpoint.path, key);
    return { ...endpoint, path };
  });
  for (const [index, endpoint] of moved.entries()) {
    if (endpoint === endpoints[index]) continue;
    const other = moved.find((other) => other !== endpoint && clashes(endpoint, other));
    if (other) {
      const key = `settings${endpoint.pathSetting.replaceAll('/', '.')}`;
      throw new Error(
        `${key}: ${endpoint.path} takes requests that are for ${other.path}, which is another kind of call`,
      );
    }
  }
  return moved;
}

/**
 * What stands at a JSON Pointer (RFC 6901).
 * @param {unknown} document
 * @param {string} pointer
 */
export function at(document, pointer) {
  const names = parts(pointer).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce(
    (value, name) =>
      value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? value[name] : undefined,
    document,
  );
}

function checkPath(path, given, key) {
  const names = (text) => parts(text).filter(isName).join('/');
  const isPlain = (part) => isName(part) || (/^[A-Za-z0-9\-._~]+$/.test(part) && part !== '.' && part !== '..');
  const isUsable = typeof path === 'string' && path.startsWith('/') && path.length <= PATH_BYTES_MAX;
  if (!isUsable || !parts(path).every(isPlain) || names(path) !== names(given)) {
    throw new Error(`${key} is ${JSON.stringify(path)}: write a path such as ${given}, with the same names in braces`);
  }
}

/** Whether a request could be either of two endpoints that are not decided alike. */
function clashes(one, other) {
  const [left, right] = [parts(one.path), parts(other.path)];
  const isSame = (part, index) =>
    part.toLowerCase() === right[index].toLowerCase() || (isName(part) && isName(right[index]));
  const meets = (part, index) => isSame(part, index) || isName(part) || isName(right[index]);
  if (one.method !== other.method || left.length !== right.length || !left.every(meets)) return false;
  if (one.access !== other.access || one.inDoubt !== other.inDoubt) return true;
  return left.every(isSame) && one.scope !== other.scope;
}
