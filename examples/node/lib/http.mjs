/**
 * @file What a platform does with an HTTP request that is a webhook, whatever its server is.
 */

import { NeedsAttention, Rejected } from './failure.mjs';
import { Refused } from './webhook.mjs';

/** Body of a webhook, in bytes. */
const BODY_BYTES_MAX = 1 << 20;

/** A webhook's body is over the limit. */
export class TooLarge extends Error {
  name = 'TooLarge';

  constructor() {
    super(`the body has more than ${BODY_BYTES_MAX} bytes`);
  }
}

/**
 * The raw body, which is what signatures are made of.
 * @param {AsyncIterable<Uint8Array>} request
 * @throws {TooLarge}
 */
export async function readBody(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new TooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * What to answer the sender when its webhook failed. It learns no more than it needs.
 * @param {unknown} error
 * @returns {{ status: number, text: string }}
 */
export function answerTo(error) {
  if (error instanceof Refused) return { status: 401, text: 'the signature is not valid' };
  if (error instanceof TooLarge) return { status: 413, text: 'the body is too large' };
  // It can never succeed, so the sender must not come again.
  if (error instanceof Rejected) return { status: 200, text: 'rejected' };
  return { status: error instanceof NeedsAttention ? 503 : 500, text: 'come again' };
}
