/**
 * @file What an event has written to vendors so far: an event that runs again does not repeat it. Kept in memory while the event
 * is not done; a platform that must survive a crash gives an object of its own that keeps it with the event.
 */

import { createHash } from 'node:crypto';

/** Events whose writes are remembered; the oldest is forgotten. A platform has a few at once, and some that wait. */
const EVENTS_MAX = 1_000;

/**
 * The writes of the events that are under way.
 * @typedef {{ status: number, headers: [string, Uint8Array][], body: Uint8Array }} Answer
 * @typedef {{ answer?: Answer, isInDoubt: boolean }} Written
 */
export class Writes {
  /** @type {Map<string, Map<string, Written>>} */
  #events = new Map();

  /**
   * The writes of one event.
   * @param {string} event
   */
  of(event) {
    const writes = this.#events.get(event) ?? new Map();
    this.#events.delete(event);
    this.#events.set(event, writes);
    if (this.#events.size > EVENTS_MAX) this.#events.delete(this.#events.keys().next().value);
    return writes;
  }

  /**
   * The event is done.
   * @param {string} event
   */
  forget(event) {
    this.#events.delete(event);
  }
}

/**
 * Whether two writes of one event are the same write; also its idempotency key, so that a vendor can tell as well.
 * @param {string} event
 * @param {string} method
 * @param {string} url
 * @param {Uint8Array} body
 */
export function keyOf(event, method, url, body) {
  const hash = createHash('sha256');
  for (const part of [event, method, url]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.update(body).digest('hex');
}
