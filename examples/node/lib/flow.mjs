/**
 * @file From a webhook or a page of a poll to the end of all that follows from it: each event once, one subject at a time.
 */

import { at } from './address.mjs';

/** Ids of events that are remembered so that a duplicate is dropped; the oldest is forgotten. */
const IDS_MAX = 100_000;

/** Events that one delivery may lead to, follow-ups of follow-ups included. */
const EVENTS_MAX = 1_000;

/**
 * Runs a connector's events. What it remembers is gone with the process; a platform that has a database keeps event ids
 * there, in the transaction that accepts the events.
 */
export class Flow {
  #connector;
  /** @type {Set<string>} */
  #done = new Set();
  /** The last call of each subject. @type {Map<string, Promise<unknown>>} */
  #subjects = new Map();
  /** @type {Map<string, number>} */
  #attempts = new Map();

  /** @param {import('./connector.mjs').Connector} connector */
  constructor(connector) {
    this.#connector = connector;
  }

  /**
   * Handles events and what follows from them. Throws the first failure; what was done before it is not done again.
   * @param {object[]} events
   * @returns {Promise<{ event: object, receipt: object }[]>} what was handled now, duplicates left out
   */
  async settle(events) {
    const queue = [...events];
    const handled = [];
    while (queue.length > 0) {
      if (handled.length >= EVENTS_MAX) throw new Error(`more than ${EVENTS_MAX} events follow from one`);
      const event = queue.shift();
      const receipt = await this.#inTurn(event.subject, () => this.#handle(event));
      if (!receipt) continue;
      handled.push({ event, receipt });
      if (receipt.tag === 'done') queue.push(...receipt.val.followUps);
    }
    return handled;
  }

  /**
   * Runs an action of the manifest, in turn with the events of what it is about.
   * @param {string} name
   * @param {string} input JSON by the action's schema
   */
  run(name, input) {
    const action = this.#connector.manifest.actions.find((action) => action.name === name);
    const subject = action?.subject && at(JSON.parse(input), action.subject);
    const run = () => this.#connector.run(name, input);
    return typeof subject === 'string' ? this.#inTurn(subject, run) : run();
  }

  /**
   * Waits for earlier work on a subject, and keeps later work waiting.
   * @template T
   * @param {string} subject
   * @param {() => Promise<T>} work
   */
  async #inTurn(subject, work) {
    const before = this.#subjects.get(subject) ?? Promise.resolve();
    const turn = before.then(work);
    const quiet = turn.catch(() => {});
    this.#subjects.set(subject, quiet);
    try {
      return await turn;
    } finally {
      if (this.#subjects.get(subject) === quiet) this.#subjects.delete(subject);
    }
  }

  async #handle(event) {
    if (this.#done.has(event.id)) return undefined;
    const attempt = (this.#attempts.get(event.id) ?? 0) + 1;
    remember(this.#attempts, event.id, attempt);
    const receipt = await this.#connector.handle(event, { attempt });
    this.#attempts.delete(event.id);
    this.#done.add(event.id);
    if (this.#done.size > IDS_MAX) this.#done.delete(this.#done.keys().next().value);
    return receipt;
  }
}

function remember(map, key, value) {
  map.set(key, value);
  if (map.size > IDS_MAX) map.delete(map.keys().next().value);
}
