/**
 * @file Credentials: how one is put on a request, and taken out of what comes back. And which headers go either way.
 */

const USER_AGENT = 'transload-node/0.1.0';

/** What stands in the place of a credential that an API echoed. */
const MARK = '[redacted]';

/** Headers by which some servers treat a request as one of another method or path, past the check of its own. */
const OVERRIDES = ['x-http-method', 'x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url'];

/** Headers about one hop or the body's framing, which the HTTP client writes itself, or reads. */
const FRAMING = [
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What a session opens with is a credential. */
const COOKIES = ['set-cookie', 'set-cookie2'];

/** One name to gateways in the manner of CGI, which turn `-` into `_` (RFC 3875, section 4.1.18). */
const plain = (/** @type {string} */ name) => name.toLowerCase().replaceAll('_', '-');

/**
 * The header that proves to an API who sends a request; none where it asks for none.
 * @param {{ name: string, credential: { tag: string, val?: unknown } }} api
 * @param {string | undefined} secret
 * @returns {[string, string] | undefined}
 */
export function proof(api, secret) {
  const { tag, val } = api.credential;
  if (tag === 'none') return undefined;
  if (tag === 'oauth2') throw new Error(`${api.name} asks for OAuth 2, which this module does not do`);
  if (!secret) throw new Error(`${api.name} needs a credential; set apis.${api.name}.credential`);
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw new Error(`apis.${api.name}.credential has characters that no header can hold`);
  return tag === 'bearer' ? ['authorization', `Bearer ${secret}`] : [String(val).toLowerCase(), secret];
}

/**
 * The headers to send in place of the connector's own. Throws if one of them is not the connector's to set.
 * @param {[string, Uint8Array][]} headers
 * @param {string[]} reserved headers in which the connector's APIs take their keys
 * @returns {[string, string][]}
 */
export function outgoing(headers, reserved) {
  const refused = new Set(['authorization', ...OVERRIDES, ...reserved.map(plain)]);
  const sent = [];
  for (const [name, value] of headers) {
    if (refused.has(plain(name)) || plain(name).startsWith('proxy-')) {
      throw new Error(`a connector may not set the header ${name}; the host does where it is needed`);
    }
    // A compressed echo of the credential would not be found, and a part of one neither.
    if (![...FRAMING, 'accept-encoding', 'range'].includes(name))
      sent.push([name, Buffer.from(value).toString('latin1')]);
  }
  sent.push(['accept-encoding', 'identity']);
  if (!sent.some(([name]) => name === 'user-agent')) sent.push(['user-agent', USER_AGENT]);
  return sent;
}

/**
 * The headers of an answer that a connector gets.
 * @param {Iterable<[string, string]>} headers
 * @param {string | undefined} secret
 * @returns {[string, Uint8Array][]}
 */
export function incoming(headers, secret) {
  const kept = [...headers].filter(([name]) => ![...FRAMING, ...COOKIES].includes(name));
  return kept.map(([name, value]) => [name, redacted(Buffer.from(value, 'latin1'), secret)]);
}

/**
 * Bytes without the credential: as it is, percent-encoded, or escaped as in JSON.
 * @param {Uint8Array} bytes
 * @param {string | undefined} secret
 */
export function redacted(bytes, secret) {
  if (!secret) return bytes;
  const percent = Buffer.from(secret).reduce((text, byte) => text + encoded(byte), '');
  const escaped = secret.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const lower = percent.replace(/%../g, (code) => code.toLowerCase());
  const forms = [...new Set([secret, percent, lower, escaped, escaped.replaceAll('/', '\\/')])];
  // Latin-1 keeps each byte as it is. A longer form may contain a shorter one, so it goes first.
  let text = Buffer.from(bytes).toString('latin1');
  for (const form of forms.sort((one, other) => other.length - one.length)) text = text.replaceAll(form, MARK);
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function encoded(byte) {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
