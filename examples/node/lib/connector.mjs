/**
 * @file A connector, ready to be called. Each call runs in a thread of its own, so that the platform's event loop stays free
 * while the connector's synchronous exports wait for HTTP.
 */

import { CACHE, compile } from './compile.mjs';
import { Egress } from './egress.mjs';
import { Retry, failureOf } from './failure.mjs';
import { CallStore, MemoryStore, NO_STORE } from './store.mjs';
import { Threads } from './threads.mjs';
import { Writes } from './writes.mjs';

/**
 * @typedef {{ level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: { name: string, value: string }[] }} Line
 *
 * @typedef {object} Options
 * @property {object | string | ((manifest: object) => string)} [settings] the connection's settings, by the manifest's schema;
 *   as text, numbers in them stay as they are written. A function makes the text once the manifest is known
 * @property {Record<string, import('./egress.mjs').Grant>} [apis] what is granted, by API; nothing if left out
 * @property {boolean} [readOnly] denies every write
 * @property {import('./store.mjs').Store} [store] where the connection's entries are; in memory if left out
 * @property {Writes} [writes] what unfinished events have written; in memory if left out
 * @property {(line: Line) => void} [log] takes the connector's lines and the host's own words on requests it refused
 * @property {typeof globalThis.fetch} [fetch] sends requests that were granted
 * @property {string} [cache] a directory for what is made of components, which nobody else may write to
 * @property {number} [parallel] calls that run at once
 * @property {number} [reuse] calls of one instance, 1 if left out; more for a connector whose language is slow to start
 * @property {Partial<import('./threads.mjs').Limits>} [limits] how long a call may take
 */

/**
 * Loads a connector.
 * @param {string | URL | Uint8Array} module the component's file, or its bytes
 * @param {Options} [options]
 * @returns {Promise<Connector>}
 * @throws if it is no connector, or if the configuration does not fit it
 */
export async function load(module, options = {}) {
  const compiled = await compile(module, options.cache ?? CACHE);
  const threads = new Threads(compiled, options);
  try {
    const manifest = await threads.call(
      { settings: '{}', namespace: 'manifest', name: 'describe', parameters: [] },
      nothing,
    );
    return new Connector(compiled.digest, manifest, threads, options);
  } catch (error) {
    await threads.close();
    throw error;
  }
}

/** What `describe` may use. */
const nothing = {
  log: () => {},
  store: NO_STORE,
  http: async () => ({ error: { tag: 'HTTP-request-denied' } }),
};

function settingsText(settings, manifest) {
  if (typeof settings === 'function') return settings(manifest);
  return typeof settings === 'string' ? settings : JSON.stringify(settings);
}

/** A connector with its settings, grants and store. Made by `load`. */
export class Connector {
  #threads;
  #settings;
  #egress;
  #store;
  #writes;
  #log;

  constructor(digest, manifest, threads, options) {
    /** The component's SHA-256. */
    this.digest = digest;
    /** What the connector is, needs and offers: `description` of the contract's `manifest.wit`. */
    this.manifest = manifest;
    this.#threads = threads;
    this.#settings = settingsText(options.settings ?? {}, manifest);
    this.#egress = new Egress(manifest, JSON.parse(this.#settings), options.apis ?? {}, options);
    this.#store = options.store ?? new MemoryStore();
    this.#writes = options.writes ?? new Writes();
    this.#log = options.log ?? (() => {});
  }

  /**
   * Reads a webhook, which must have been verified (`Verifier`), and answers its events.
   * @param {{ source: string, headers: { name: string, value: string }[], body: Uint8Array }} delivery
   */
  receive(delivery) {
    return this.#call('intake', 'receive', [delivery]);
  }

  /**
   * Handles an event and answers its receipt. Calls for one `event.subject` must not overlap.
   * @param {object} event as `receive`, `poll` or a receipt's `followUps` gave it
   * @param {{ receivedAt?: number, attempt?: number }} [delivery] when it was taken in, in milliseconds since 1970, and the
   *   how-manieth try this is
   */
  async handle(event, { receivedAt = Date.now(), attempt = 1 } = {}) {
    const { id, source, subject, occurredAt, raw, change } = event;
    const envelope = { id, source, subject, occurredAt, receivedAt: BigInt(receivedAt), attempt, raw };
    const name = `on${change.tag[0].toUpperCase()}${change.tag.slice(1)}`;
    const writes = this.#writes.of(id);
    const receipt = await this.#call('events', name, [envelope, change.val], { event: id, writes });
    this.#writes.forget(id);
    return receipt;
  }

  /**
   * Asks a vendor for what is new. Keep `cursor` together with the events.
   * @param {string} trigger
   * @param {string} [cursor] what the last page answered; none the first time
   */
  poll(trigger, cursor) {
    return this.#call('intake', 'poll', [trigger, cursor], { readsOnly: true });
  }

  /**
   * Asks a vendor for history, page by page.
   * @param {string} trigger
   * @param {{ start: bigint, end: bigint }} window in milliseconds since 1970
   * @param {string} [cursor]
   */
  backfill(trigger, window, cursor) {
    return this.#call('intake', 'backfill', [trigger, window, cursor], { readsOnly: true });
  }

  /**
   * Runs an action of the manifest. Amounts in JSON are exact only as texts: this parses and prints none.
   * @param {string} action
   * @param {string} input JSON by the action's schema
   * @returns {Promise<string>} JSON by the action's schema
   */
  run(action, input) {
    return this.#call('actions', 'run', [action, input]);
  }

  /** Tries what is granted, and answers what became of each scope. */
  check() {
    return this.#call('actions', 'check', [], { readsOnly: true, store: NO_STORE });
  }

  /**
   * Compares two systems, page by page.
   * @param {{ start: bigint, end: bigint, kinds: string[] }} scope
   * @param {string} [cursor]
   */
  reconcile(scope, cursor) {
    return this.#call('reconciliation', 'reconcile', [scope, cursor], { readsOnly: true });
  }

  /** Ends its threads. */
  close() {
    return this.#threads.close();
  }

  async #call(namespace, name, parameters, { store = new CallStore(this.#store), ...limits } = {}) {
    const denied = [];
    const log = this.#log;
    const http = this.#egress.call(limits, (reason) => {
      denied.push(reason);
      this.#log({ level: 'warn', message: reason, fields: [] });
    });
    try {
      const request = { settings: this.#settings, namespace, name, parameters };
      const answer = await this.#threads.call(request, { log, store, http });
      await store.commit().catch((error) => {
        throw new Retry(`the store took nothing: ${error.message}`);
      });
      return answer;
    } catch (error) {
      const failure = error instanceof Error ? error : failureOf(error);
      failure.denied = denied;
      throw failure;
    }
  }
}
