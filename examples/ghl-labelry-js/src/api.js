//! Calls of an API: requests from endpoints, and answers sorted by what can be done about them.

import { ApiError } from './failure.js';
import { isObject, Misread, parse } from './json.js';

/** What is shown of a body that is not understood: enough to recognise it, too little to fill a log. */
const BEGINNING = 200;

/** A call that changes nothing, as the manifest describes it. */
export const read = (path, scope) => ({ method: 'get', path, scope, access: 'read', inDoubt: 'resend' });

/** A POST that makes something. No API here takes an idempotency key, so the connector looks before it writes. */
export const create = (path, scope) => ({ method: 'post', path, scope, access: 'write', inDoubt: 'verify' });

/** Percent-encodes all but RFC 3986's unreserved characters, so that an id with a `/` in it stays one segment. */
const escaped = (part) =>
  encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** A segment of dots would be taken for a step up, whether escaped or not, so its first dot is made visible. */
const segment = (part) => (part === '.' || part === '..' ? `%252E${part.slice(1)}` : escaped(part));

/** The path of `endpoint` with `args` in the places of its `{names}`, and `query` behind it. */
export function target(endpoint, args = [], query = []) {
  const rest = [...args];
  const path = endpoint.path.replace(/\{\w+\}/g, () => segment(rest.shift()));
  const pairs = query.map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`);
  return pairs.length ? `${path}?${pairs.join('&')}` : path;
}

/**
 * Sends a request and answers its JSON body. Throws an {@link ApiError} that names the call without its query, which may
 * hold a customer's data.
 *
 * @param {(request: object) => { status: number, headers: Map<string, string>, body: string }} send
 * @param {{ baseUrl: string, headers: [string, string][], refusal: (answer: object) => object }} api
 * @param {object} endpoint as of {@link read} and {@link create}
 * @param {{ args?: string[], query?: [string, unknown][], body?: object, as: (json: object) => T }} call `as` reads the body
 * @returns {T}
 * @template T
 */
export function request(send, api, endpoint, { args, query, body, as }) {
  const path = target(endpoint, args, query);
  const name = `${endpoint.method.toUpperCase()} ${path.split('?')[0]}`;
  const headers = [['accept', 'application/json'], ...api.headers];
  if (body) headers.push(['content-type', 'application/json']);
  const text = body && JSON.stringify(body);
  const answer = sent(name, () => send({ method: endpoint.method, url: api.baseUrl + path, headers, body: text }));
  if (answer.status < 200 || answer.status > 299) throw refused(name, answer, api.refusal(answer));
  return understood(name, answer.body, as);
}

/** What the transport says when there is no answer. */
export class NoAnswer extends Error {
  /** @param {'denied' | 'too-large' | 'failed'} kind @param {string} reason */
  constructor(kind, reason) {
    super(reason);
    this.kind = kind;
  }
}

function sent(name, attempt) {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const tag = { denied: 'needs-attention', 'too-large': 'rejected', failed: 'retry' }[error.kind];
    throw new ApiError(tag, `${name}: ${error.message}`, { ungranted: error.kind === 'denied' });
  }
}

function refused(name, answer, { message, waitMs }) {
  const { status } = answer;
  const said = message ?? beginning(answer.body);
  const seconds = /^\d{1,9}$/.exec(answer.headers.get('retry-after')?.trim() ?? '')?.[0];
  const afterMs = seconds ? BigInt(seconds) * 1000n : waitMs;
  return new ApiError(tagOf(status), `${name} answered ${status}: ${said}`, { status, message: said, afterMs });
}

function tagOf(status) {
  if ([401, 403, 407].includes(status)) return 'needs-attention';
  return status >= 500 || [408, 425, 429].includes(status) ? 'retry' : 'rejected';
}

function understood(name, body, as) {
  try {
    const json = parse(body);
    if (!isObject(json)) throw new Misread('an object is needed');
    return as(json);
  } catch (error) {
    // A body that ends in the middle or a proxy's page is not the API's answer; the next attempt may get that.
    if (error instanceof SyntaxError) {
      throw new ApiError('retry', `${name} answered with something that is no JSON: ${beginning(body)}`);
    }
    if (error instanceof Misread) {
      throw new ApiError('rejected', `${name} answered something unexpected: ${error.message}`);
    }
    throw error;
  }
}

const beginning = (body) => body.slice(0, BEGINNING).trim() || 'an empty body';
