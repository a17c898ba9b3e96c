/**
 * @file The one way out for what a connector requests. Only calls that the manifest names and the configuration grants leave;
 * absent means denied. The credential is added here, where the connector cannot see it.
 */

import { randomUUID } from 'node:crypto';

import { base, below, parse, placed, route } from './address.mjs';
import { incoming, outgoing, proof, redacted } from './secret.mjs';
import { keyOf } from './writes.mjs';

/** Body of one answer, in bytes. */
const RESPONSE_BYTES_MAX = 8 << 20;

/** The longest that one request may take, in milliseconds; a connector may ask for less. */
const TIMEOUT_MS_MAX = 30_000;

/** The shortest that a connector may set: zero would fire before anything was tried. */
const TIMEOUT_MS_MIN = 100;

/** Requests of one call. */
const REQUESTS_MAX = 1_000;

/** A request that may not be made, and what would allow it. */
class Denied extends Error {}

/**
 * What the configuration grants for one API.
 * @typedef {{ base_url?: string, credential?: string, scopes?: string[], webhook?: object }} Grant
 */

/** What one connector may request of which APIs. */
export class Egress {
  #apis;
  #reserved;
  #fetch;
  #isReadOnly;

  /**
   * @param {{ apis: any[] }} manifest
   * @param {unknown} settings
   * @param {Record<string, Grant>} grants
   * @param {{ fetch?: typeof fetch, readOnly?: boolean }} [options]
   */
  constructor(manifest, settings, grants, { fetch = globalThis.fetch, readOnly = false } = {}) {
    const unknown = Object.keys(grants).find((name) => !manifest.apis.some((api) => api.name === name));
    if (unknown)
      throw new Error(`apis.${unknown}: the connector has ${manifest.apis.map((api) => api.name).join(', ')}`);
    this.#apis = manifest.apis.map((api) => granted(api, settings, grants[api.name]));
    this.#reserved = manifest.apis.flatMap(({ credential, idempotencyHeader }) =>
      [credential.tag === 'header' ? credential.val : undefined, idempotencyHeader].filter(Boolean),
    );
    this.#fetch = fetch;
    this.#isReadOnly = readOnly;
  }

  /**
   * The exchanges of one call.
   * @param {{ event?: string, writes?: Map<string, import('./writes.mjs').Written>, readsOnly?: boolean }} call
   *   `event` and its `writes` where the call handles one; `readsOnly` where the contract allows no writes
   * @param {(reason: string) => void} denied told of each request that is refused
   */
  call({ event = randomUUID(), writes = new Map(), readsOnly = false }, denied) {
    let count = 0;
    /** APIs that were read in this call. */
    const read = new Set();
    return async (/** @type {import('./wasi-http.mjs').Request} */ request) => {
      try {
        count += 1;
        if (count > REQUESTS_MAX) throw new Denied(`one call may make ${REQUESTS_MAX} requests`);
        const permit = this.#decide(request, readsOnly);
        if (permit.endpoint.access === 'read') {
          read.add(permit.api.name);
          return await this.#send(permit, request);
        }
        return await this.#write(permit, request, { event, writes, read });
      } catch (error) {
        if (!(error instanceof Denied)) throw error;
        denied(error.message);
        return { error: { tag: 'HTTP-request-denied' } };
      }
    };
  }

  /** @returns the API, the endpoint and the URL to send to */
  #decide({ method, scheme, authority, path }, readsOnly) {
    const url = attempt(() => parse(scheme, authority, path));
    const apis = this.#apis.map((api) => ({ ...api, rest: below(url, api.base) })).filter(({ rest }) => rest);
    const [api] = apis.sort((one, other) => other.base.segments.length - one.base.segments.length);
    if (!api) throw new Denied(`${url.origin} is the address of no API of the connector's manifest`);
    const { name, grant, target } = api;
    if (!grant) throw new Denied(`nothing is granted for ${name}; add apis.${name} with its scopes`);
    const endpoint = route(api.endpoints, method.toLowerCase(), api.rest);
    if (!endpoint)
      throw new Denied(`the connector's manifest of ${name} describes no such call; only its author can add it`);
    const what = `${method} ${endpoint.path}`;
    if (!grant.scopes?.includes(endpoint.scope)) {
      throw new Denied(`${what} is not granted; add ${JSON.stringify(endpoint.scope)} to apis.${name}.scopes`);
    }
    if (endpoint.access === 'write') {
      if (this.#isReadOnly) throw new Denied(`${what} writes, and read_only is true`);
      if (readsOnly) throw new Denied(`${what} writes, and the contract allows no writes in this call`);
    }
    const segments = [...target.segments, ...api.rest].map((segment) => `/${segment}`).join('');
    return { api, endpoint, url: `${target.origin}${segments}${url.query}` };
  }

  /** A write leaves once for an event, as far as anybody can know. */
  async #write(permit, request, { event, writes, read }) {
    const { api, endpoint, url } = permit;
    const key = keyOf(event, request.method, url, request.body);
    const before = writes.get(key);
    if (before?.answer) return { response: before.answer };
    if (before?.isInDoubt && endpoint.inDoubt === 'never') {
      return { response: { status: 208, headers: [], body: new Uint8Array() } };
    }
    if (before?.isInDoubt && endpoint.inDoubt === 'verify' && !read.has(api.name)) {
      throw new Denied(`${request.method} ${endpoint.path} may have happened already, and the connector did not look`);
    }
    writes.set(key, { isInDoubt: true });
    const outcome = await this.#send(permit, request, key);
    const status = outcome.response?.status;
    if (status >= 200 && status < 300) writes.set(key, { answer: outcome.response, isInDoubt: false });
    else if (status < 500 && status !== 408) writes.delete(key);
    return outcome;
  }

  async #send({ api, url }, request, key) {
    const headers = attempt(() => outgoing(request.headers, this.#reserved));
    if (api.proof) headers.push(api.proof);
    if (key && api.idempotencyHeader) headers.push([api.idempotencyHeader, key]);
    const milliseconds = Math.min(Math.max(request.timeoutMs ?? TIMEOUT_MS_MAX, TIMEOUT_MS_MIN), TIMEOUT_MS_MAX);
    try {
      const response = await this.#fetch(url, {
        method: request.method,
        headers,
        body: request.body.length > 0 ? request.body : undefined,
        // To be followed, it would have to be judged like any other request: that is the connector's to ask for.
        redirect: 'manual',
        signal: AbortSignal.timeout(milliseconds),
      });
      const body = await collected(response);
      if (!body) return { error: { tag: 'HTTP-response-body-size', val: BigInt(RESPONSE_BYTES_MAX) } };
      const secret = api.grant.credential;
      return {
        response: {
          status: response.status,
          headers: incoming(response.headers, secret),
          body: redacted(body, secret),
        },
      };
    } catch (error) {
      return { error: errorCode(error) };
    }
  }
}

/** One API of the manifest with what is granted of it. */
function granted(api, settings, grant) {
  const { name } = api;
  const own = base(api.baseUrl, `the base URL of ${name} in the manifest`);
  const endpoints = placed(api.endpoints, settings);
  const shared = { name, base: own, endpoints, idempotencyHeader: api.idempotencyHeader };
  if (!grant) return { ...shared, grant, target: own };
  const scopes = new Set(api.endpoints.map((endpoint) => endpoint.scope));
  const unknown = grant.scopes?.find((scope) => !scopes.has(scope));
  if (unknown)
    throw new Error(`apis.${name}.scopes has ${JSON.stringify(unknown)}; ${name} has ${[...scopes].join(', ')}`);
  const target = grant.base_url === undefined ? own : base(grant.base_url, `apis.${name}.base_url`);
  if (!target.origin.startsWith('https:') && !/\/\/(127\.[\d.]+|localhost):/.test(target.origin)) {
    throw new Error(`apis.${name}.base_url is not https, so a credential could be read on its way`);
  }
  return { ...shared, grant, target, proof: proof(api, grant.credential) };
}

/** Runs a check; what it throws is a denial. */
function attempt(check) {
  try {
    return check();
  } catch (error) {
    throw new Denied(error.message);
  }
}

/** The body; undefined if it is too large. */
async function collected(response) {
  const parts = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > RESPONSE_BYTES_MAX) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The nearest error of `wasi:http`. */
function errorCode(error) {
  if (error.name === 'TimeoutError') return { tag: 'HTTP-response-timeout' };
  switch (error.cause?.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { tag: 'DNS-error', val: { rcode: error.cause.code, infoCode: undefined } };
    case 'ECONNREFUSED':
      return { tag: 'connection-refused' };
    default:
      return { tag: 'connection-terminated' };
  }
}
