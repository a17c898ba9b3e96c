/**
 * @file Where a webhook comes from. The first listed signature whose header is present decides alone: falling back to a weaker one
 * would let a sender pick it. Everything is compared in constant time, and every key is tried.
 */

import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

/** How far a Standard Webhooks timestamp may be from our clock, in seconds, either way; as in its reference libraries. */
const TOLERANCE_SECONDS = 300;

/** NIST SP 800-131A disallows shorter RSA keys. */
const RSA_BITS_MIN = 2048;

/** Headers that carry a secret; connectors do not see them. */
const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie'];

/** A webhook whose origin is not proven. The text is for the operator, not for the sender. */
export class Refused extends Error {
  name = 'Refused';
}

/**
 * The contract's signatures, each as `{ tag, val }`; `val` is the header.
 * @typedef {{ tag: string, val?: string }} Signature
 */

/** How one API's webhooks are verified. */
export class Verifier {
  #signatures;
  #keys;
  #secrets;

  /**
   * @param {{ webhook?: { signatures: Signature[], publicKeys: string[] } }} api of the manifest
   * @param {{ public_keys?: string[], secrets?: string[], signatures?: Record<string, string>[] }} [config] in place of
   *   what the manifest says; a signature is its kind with its header, `{ "hmac-sha256": "x-signature" }`
   */
  constructor(api, config = {}) {
    const configured = config.signatures?.flatMap((kinds) => Object.entries(kinds).map(([tag, val]) => ({ tag, val })));
    this.#signatures = (configured ?? api.webhook?.signatures ?? []).map(({ tag, val }) => ({
      tag,
      header: tag === 'standard-webhooks' ? 'webhook-signature' : String(val).toLowerCase(),
    }));
    this.#keys = (config.public_keys ?? api.webhook?.publicKeys ?? []).map(publicKey);
    this.#secrets = config.secrets ?? [];
    if (this.#secrets.includes('')) throw new Error('a webhook secret is empty, so anyone could sign with it');
  }

  /**
   * Throws `Refused` unless the webhook comes from whom it says it does.
   * @param {Record<string, string | string[] | undefined>} headers lower-case names
   * @param {Uint8Array} body as it came
   */
  verify(headers, body) {
    const signature = this.#signatures.find(({ header }) => headers[header] !== undefined);
    if (!signature) {
      throw new Refused(`it has none of the headers ${this.#signatures.map(({ header }) => header).join(', ')}`);
    }
    const { tag, header } = signature;
    const value = headers[header];
    // Node joins repeated headers with a comma, which no signature of these kinds has in it.
    if (typeof value !== 'string') throw new Refused(`its ${header} is malformed`);
    if (!this.#isGenuine(tag, value.trim(), headers, body)) {
      throw new Refused(`its ${header} was made with another key or for another body`);
    }
  }

  #isGenuine(tag, value, headers, body) {
    switch (tag) {
      case 'ed25519':
        return any(this.#keysOf('ed25519'), (key) => verify(null, body, key, Buffer.from(value, 'base64')));
      case 'rsa-sha256':
        return any(this.#keysOf('rsa'), (key) => verify('sha256', body, key, Buffer.from(value, 'base64')));
      case 'hmac-sha256':
        return any(this.#secrets, (secret) => equal(hmac(secret, body), tagOf(value)));
      case 'shared-token':
        return any(this.#secrets, (secret) => equal(digest(secret), digest(value)));
      case 'standard-webhooks':
        return this.#isStandard(value, headers, body);
      default:
        throw new Refused(`its signature is of the kind ${tag}, which is not known`);
    }
  }

  #isStandard(value, headers, body) {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    if (typeof id !== 'string' || typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) {
      throw new Refused('it has no webhook-id and webhook-timestamp, which its signature covers');
    }
    if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) {
      throw new Refused(`it was signed more than ${TOLERANCE_SECONDS} seconds ago, or from now`);
    }
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
    const given = value
      .split(' ')
      .filter((one) => one.startsWith('v1,'))
      .map((one) => Buffer.from(one.slice(3), 'base64'));
    const keys = this.#secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
    return any(keys, (key) => any(given, (one) => equal(hmac(key, signed), one)));
  }

  #keysOf(type) {
    return this.#keys.filter((key) => key.asymmetricKeyType === type);
  }

  /**
   * The headers that a connector may see.
   * @param {Record<string, string | string[] | undefined>} headers
   * @returns {{ name: string, value: string }[]}
   */
  publicHeaders(headers) {
    const tokens = this.#signatures.filter(({ tag }) => tag === 'shared-token').map(({ header }) => header);
    const secret = new Set([...SECRET_HEADERS, ...tokens]);
    return Object.entries(headers)
      .filter(([name, value]) => value !== undefined && !secret.has(name))
      .map(([name, value]) => ({ name, value: String(value) }));
  }
}

function publicKey(pem) {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails.modulusLength < RSA_BITS_MIN) {
    throw new Error(`an RSA key of a webhook has fewer than ${RSA_BITS_MIN} bits`);
  }
  return key;
}

/** Whether any passes. All are tried, so that the time taken does not tell which came close. */
function any(candidates, passes) {
  return candidates.map((candidate) => passes(candidate)).includes(true);
}

/** Hex or base64: 32 bytes are 64 characters of one and 43 or 44 of the other. */
function tagOf(value) {
  const text = value.replace(/^sha256=/, '');
  return Buffer.from(text, text.length === 64 ? 'hex' : 'base64');
}

const hmac = (key, body) => createHmac('sha256', key).update(body).digest();

const digest = (text) => createHash('sha256').update(text).digest();

const equal = (one, other) => one.length === other.length && timingSafeEqual(one, other);
