/**
 * @file `wasi:http` for connectors: requests are collected in whole, handed to a function that blocks until it has the whole
 * answer, and the answer is read from memory. Whether a request may be made at all is decided elsewhere, outside this
 * thread (`egress.mjs`).
 */

import { InputStream, IoError, OutputStream, Pollable } from './wasi-io.mjs';

/** Body of one request, in bytes. */
const REQUEST_BYTES_MAX = 4 << 20;

/** All headers of one request together, in bytes; what wasmtime allows. */
const FIELDS_BYTES_MAX = 128 << 10;

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NANOSECONDS_PER_MS = 1_000_000n;

/**
 * @typedef {{ method: string, scheme: string, authority: string, path: string,
 *   headers: [string, Uint8Array][], body: Uint8Array, timeoutMs: number | undefined }} Request
 * @typedef {{ status: number, headers: [string, Uint8Array][], body: Uint8Array }} Response
 * @typedef {{ tag: string, val?: unknown }} ErrorCode
 */

class Fields {
  /** @type {[string, Uint8Array][]} */
  #entries = [];
  #bytes = 0;
  #isImmutable = false;

  /** @param {[string, Uint8Array][]} entries */
  static fromList(entries) {
    const fields = new Fields();
    for (const [name, value] of entries) fields.append(name, value);
    return fields;
  }

  /** @param {string} name */
  get(name) {
    return this.#entries.filter(([other]) => other === name.toLowerCase()).map(([, value]) => value);
  }

  /** @param {string} name */
  has(name) {
    return this.get(name).length > 0;
  }

  /**
   * @param {string} name
   * @param {Uint8Array[]} values
   */
  set(name, values) {
    this.delete(name);
    for (const value of values) this.append(name, value);
  }

  /** @param {string} name */
  delete(name) {
    if (this.#isImmutable) throw { tag: 'immutable' };
    this.#entries = this.#entries.filter(([other]) => other !== name.toLowerCase());
  }

  /**
   * @param {string} name
   * @param {Uint8Array} value
   */
  append(name, value) {
    if (this.#isImmutable) throw { tag: 'immutable' };
    const isLineBreak = (/** @type {number} */ byte) => byte === 0 || byte === 10 || byte === 13;
    if (!NAME.test(name) || value.some(isLineBreak)) throw { tag: 'invalid-syntax' };
    this.#bytes += name.length + value.length;
    if (this.#bytes > FIELDS_BYTES_MAX) throw new Error(`headers of more than ${FIELDS_BYTES_MAX} bytes`);
    this.#entries.push([name.toLowerCase(), Uint8Array.from(value)]);
  }

  entries() {
    return this.#entries;
  }

  clone() {
    return Fields.fromList(this.#entries);
  }

  freeze() {
    this.#isImmutable = true;
    return this;
  }
}

class FutureTrailers {
  subscribe() {
    return new Pollable();
  }

  get() {
    return { tag: 'ok', val: { tag: 'ok', val: undefined } };
  }
}

class IncomingBody {
  /** @type {InputStream | undefined} */
  #stream;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#stream = new InputStream(bytes);
  }

  stream() {
    const stream = this.#stream;
    this.#stream = undefined;
    if (!stream) throw undefined;
    return stream;
  }

  static finish() {
    return new FutureTrailers();
  }
}

class IncomingResponse {
  #response;
  #isConsumed = false;

  /** @param {Response} response */
  constructor(response) {
    this.#response = response;
  }

  status() {
    return this.#response.status;
  }

  headers() {
    return Fields.fromList(this.#response.headers).freeze();
  }

  consume() {
    if (this.#isConsumed) throw undefined;
    this.#isConsumed = true;
    return new IncomingBody(this.#response.body);
  }
}

class OutgoingBody {
  /** @type {Uint8Array[]} */
  #parts = [];
  #bytes = 0;
  #isWritten = false;
  isFinished = false;

  write() {
    if (this.#isWritten) throw undefined;
    this.#isWritten = true;
    return new OutputStream((bytes) => this.#append(bytes));
  }

  /** @param {Uint8Array} bytes */
  #append(bytes) {
    this.#bytes += bytes.length;
    if (this.#bytes > REQUEST_BYTES_MAX) {
      const reason = `the request's body has more than ${REQUEST_BYTES_MAX} bytes`;
      throw { tag: 'last-operation-failed', val: new IoError(reason) };
    }
    this.#parts.push(Uint8Array.from(bytes));
  }

  bytes() {
    return Uint8Array.from(Buffer.concat(this.#parts));
  }

  /** @param {OutgoingBody} body */
  static finish(body) {
    body.isFinished = true;
  }
}

class OutgoingRequest {
  #headers;
  #method = { tag: 'get' };
  #scheme;
  #authority;
  #path;
  /** @type {OutgoingBody | undefined} */
  #body;

  /** @param {Fields} headers */
  constructor(headers) {
    this.#headers = headers.freeze();
  }

  body() {
    if (this.#body) throw undefined;
    return (this.#body = new OutgoingBody());
  }

  method() {
    return this.#method;
  }

  setMethod(method) {
    this.#method = method;
  }

  pathWithQuery() {
    return this.#path;
  }

  setPathWithQuery(path) {
    this.#path = path;
  }

  scheme() {
    return this.#scheme;
  }

  setScheme(scheme) {
    this.#scheme = scheme;
  }

  authority() {
    return this.#authority;
  }

  setAuthority(authority) {
    this.#authority = authority;
  }

  headers() {
    return this.#headers;
  }

  /** Whether all of it is known. A body is written after the request was handed over. */
  isComplete() {
    return !this.#body || this.#body.isFinished;
  }

  /** @returns {Omit<Request, 'timeoutMs'>} */
  whole() {
    const { tag, val } = this.#scheme ?? { tag: 'HTTPS' };
    return {
      method: (this.#method.val ?? this.#method.tag).toUpperCase(),
      scheme: (val ?? tag).toLowerCase(),
      authority: this.#authority ?? '',
      path: this.#path ?? '/',
      headers: this.#headers.entries(),
      body: this.#body?.bytes() ?? new Uint8Array(),
    };
  }
}

class RequestOptions {
  #connect;
  #firstByte;
  #betweenBytes;

  connectTimeout() {
    return this.#connect;
  }

  setConnectTimeout(duration) {
    this.#connect = duration;
  }

  firstByteTimeout() {
    return this.#firstByte;
  }

  setFirstByteTimeout(duration) {
    this.#firstByte = duration;
  }

  betweenBytesTimeout() {
    return this.#betweenBytes;
  }

  setBetweenBytesTimeout(duration) {
    this.#betweenBytes = duration;
  }

  /** The answer comes as a whole, so connecting and the first byte count together. */
  milliseconds() {
    if (this.#firstByte === undefined) return undefined;
    return Number((this.#firstByte + (this.#connect ?? 0n)) / NANOSECONDS_PER_MS);
  }
}

/** The answer to come. The request is sent when the connector first asks for it, as its body is written before. */
class FutureIncomingResponse {
  #ask;
  /** @type {{ tag: 'ok' | 'err', val: unknown } | undefined} */
  #outcome;
  #isTaken = false;

  /** @param {() => ({ response: Response } | { error: ErrorCode } | undefined)} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  #isReady() {
    if (this.#outcome) return true;
    const answer = this.#ask();
    if (!answer) return false;
    this.#outcome =
      'error' in answer ? { tag: 'err', val: answer.error } : { tag: 'ok', val: new IncomingResponse(answer.response) };
    return true;
  }

  subscribe() {
    return new Pollable(() => this.#isReady());
  }

  get() {
    if (!this.#isReady()) return undefined;
    if (this.#isTaken) return { tag: 'err', val: undefined };
    this.#isTaken = true;
    return { tag: 'ok', val: this.#outcome };
  }
}

/** Never made: a connector serves no requests. */
class Unused {}

/**
 * The interfaces of `wasi:http`.
 * @param {(request: Request) => { response: Response } | { error: ErrorCode }} exchange sends a request and blocks
 */
export function http(exchange) {
  /**
   * @param {OutgoingRequest} request
   * @param {RequestOptions | undefined} options
   */
  const handle = (request, options) =>
    new FutureIncomingResponse(() => {
      if (!request.isComplete()) return undefined;
      return exchange({ ...request.whole(), timeoutMs: options?.milliseconds() });
    });
  const types = {
    Fields,
    FutureIncomingResponse,
    FutureTrailers,
    IncomingBody,
    IncomingResponse,
    OutgoingBody,
    OutgoingRequest,
    RequestOptions,
    IncomingRequest: Unused,
    OutgoingResponse: Unused,
    ResponseOutparam: Unused,
    httpErrorCode: () => undefined,
  };
  return { 'wasi:http/outgoing-handler': { handle }, 'wasi:http/types': types };
}
