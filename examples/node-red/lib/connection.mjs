/**
 * @file A connector of a flow: takes webhooks, polls, hands events to trigger nodes and waits until the flow has handled them.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { CallStore, FileStore, Flow, Rejected, Retry, Verifier, eventData, load, plain } from 'transload';

import { settingsText } from './settings.mjs';

/** How long the flow may take to handle what a webhook told, in milliseconds. Senders give up after about as long. */
const HANDLED_MS_MAX = 60_000;

/** Pages of one poll. What is left comes with the next. */
const PAGES_MAX = 100;

/**
 * @typedef {object} Api one API of the connector, as the configuration node has it
 * @property {string} name
 * @property {string} [base_url]
 * @property {string[]} [scopes]
 * @property {string} [credential]
 * @property {string} [secret] what its webhooks are signed with
 * @property {string} [public_key] in place of the manifest's
 *
 * @typedef {object} Listener a trigger node
 * @property {string} trigger
 * @property {boolean} waits whether a webhook is answered when the flow has handled its events, or at once
 * @property {(message: object) => void} emit
 */

/** @param {Api} api */
function grant({ base_url: baseUrl, scopes, credential, secret, public_key: publicKey }) {
  return {
    base_url: baseUrl || undefined,
    scopes: scopes ?? [],
    credential: credential || undefined,
    webhook: { secrets: secret ? [secret] : undefined, public_keys: publicKey ? [publicKey] : undefined },
  };
}

/** A connector with its grants, its files and its trigger nodes. */
export class Connection {
  #connector;
  #verifiers;
  #cursors;
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** Who waits for an event to be handled, by its id. @type {Map<string, Set<(error?: Error) => void>>} */
  #waiting = new Map();

  /**
   * @param {{ module: string, values: Record<string, string>, apis: Api[], directory: string, log: (line: object) => void }} options
   *   `directory` keeps the connector's store and the cursors of polls
   */
  static async open({ module, values, apis, directory, log }) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const [store, cursors] = await Promise.all(
      ['store.json', 'cursors.json'].map((name) => FileStore.open(join(directory, name))),
    );
    const granted = Object.fromEntries(apis.filter(isGranted).map((api) => [api.name, grant(api)]));
    // The schema of the settings is in the connector, so it is loaded before they can be made of the form's values.
    const settings = (manifest) => settingsText(JSON.parse(manifest.settingsSchema), values);
    const connector = await load(module, { settings, apis: granted, store, log });
    return new Connection(connector, granted, cursors);
  }

  constructor(connector, granted, cursors) {
    this.#connector = connector;
    this.#cursors = cursors;
    this.flow = new Flow(connector);
    const hooked = connector.manifest.apis.filter((api) => api.webhook);
    this.#verifiers = new Map(hooked.map((api) => [api.name, new Verifier(api, granted[api.name]?.webhook)]));
  }

  get manifest() {
    return this.#connector.manifest;
  }

  close() {
    return this.#connector.close();
  }

  check() {
    return this.#connector.check();
  }

  /**
   * Hands events of a trigger to a node from now on; answers how to stop that.
   * @param {Listener} listener
   */
  listen(listener) {
    const { triggers } = this.manifest;
    if (!triggers.some(({ name }) => name === listener.trigger)) {
      const names = triggers.map(({ name }) => name).join(', ');
      throw new Error(`the connector has no trigger ${JSON.stringify(listener.trigger)}; it has ${names}`);
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes a webhook; ends when the flow has handled what it tells.
   * @param {string} api
   * @param {Record<string, string | string[] | undefined>} headers
   * @param {Uint8Array} body
   * @returns {Promise<boolean>} whether the connector has such an API
   */
  async receive(api, headers, body) {
    const verifier = this.#verifiers.get(api);
    if (!verifier) return false;
    verifier.verify(headers, body);
    // While flows start, nodes come one after the other.
    if (this.#listeners.size === 0) throw new Retry('no trigger node of this connector runs');
    const events = await this.#connector.receive({ source: api, headers: verifier.publicHeaders(headers), body });
    const isFor = ({ origin, yields }, event) =>
      origin.tag === 'webhook' && origin.val === event.source && yields === event.change.tag;
    await this.#offer(events, isFor);
    return true;
  }

  /**
   * Polls a trigger. The cursor is kept once the flow has handled the page.
   * @param {string} name
   */
  async poll(name) {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const { events, cursor, more } = await this.#page(name);
      await this.#offer(events, (trigger) => trigger.name === name);
      if (cursor !== undefined) await this.#keep(name, Buffer.from(cursor));
      if (!more) return;
    }
  }

  async #page(name) {
    const kept = await this.#cursors.get(name);
    const cursor = kept && Buffer.from(kept.value).toString();
    try {
      return await this.#connector.poll(name, cursor);
    } catch (error) {
      // The contract: a cursor that is not its own any more, as after another version of it; it starts over.
      if (!(error instanceof Rejected) || cursor === undefined) throw error;
      return this.#connector.poll(name);
    }
  }

  async #keep(name, cursor) {
    const call = new CallStore(this.#cursors);
    await call.put(name, cursor);
    await call.commit();
  }

  /** Hands events to the trigger nodes that they are for, and waits for those that want it. */
  async #offer(events, isFor) {
    const waits = [];
    for (const event of events) {
      const names = this.manifest.triggers.filter((trigger) => isFor(trigger, event)).map(({ name }) => name);
      for (const { trigger, waits: isAwaited, emit } of this.#listeners) {
        if (!names.includes(trigger)) continue;
        if (isAwaited) waits.push(this.#handled(event.id));
        emit(messageOf(event));
      }
    }
    await Promise.all(waits);
  }

  #handled(id) {
    const { promise, tell } = waiter();
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(tell));
    const late = () => tell(new Retry(`no handle node has handled event ${id} within ${HANDLED_MS_MAX} ms`));
    const timer = setTimeout(late, HANDLED_MS_MAX);
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(tell);
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
    });
  }

  /**
   * Handles an event and what follows from it, and tells the webhook or poll that waits for it.
   * @param {any} event
   */
  async handle(event) {
    try {
      const handled = await this.flow.settle([event]);
      this.#tell(event.id);
      return handled;
    } catch (error) {
      this.#tell(event.id, error);
      throw error;
    }
  }

  #tell(id, error) {
    for (const tell of [...(this.#waiting.get(id) ?? [])]) tell(error);
  }
}

/** An event as flows have it. */
function messageOf(event) {
  return { topic: event.subject, payload: eventData(event.change), transload: { event: plain(event) } };
}

const isGranted = (/** @type {Api} */ { scopes, credential }) => Boolean(credential) || (scopes?.length ?? 0) > 0;

function waiter() {
  let tell;
  const promise = new Promise((resolve, reject) => {
    tell = (error) => (error ? reject(error) : resolve(undefined));
  });
  // Whoever waits hears of a failure a moment later; until then it is not an unhandled one.
  promise.catch(() => {});
  return { promise, tell };
}
