/**
 * @file The contract's store: what one call wrote is committed with the call's end, or not at all.
 */

import { open, readFile, rename } from 'node:fs/promises';

/** The longest key, in bytes; the contract names it. */
const KEY_BYTES_MAX = 512;

/** Value of one entry, in bytes; the contract promises as much. */
const VALUE_BYTES_MAX = 1 << 20;

/** Keys and values that one call writes, in bytes. */
const CALL_BYTES_MAX = 16 << 20;

/** What a write counts for beside its key and value, in bytes, so that empty values are not free. */
const WRITE_COST_BYTES = 64;

/** Keys of one page; the contract names it. */
const KEYS_PER_PAGE_MAX = 1_000;

/** All of a file store, in bytes of its file: it is written anew with each commit. A database has room for more. */
const FILE_BYTES_MAX = 64 << 20;

/**
 * One connection's entries. Implement it on a database of your own.
 * @typedef {{ value: Uint8Array, version: bigint }} Entry
 * @typedef {{ key: string, value: Uint8Array | undefined, version: bigint, expected: bigint }} Write
 *   an entry as a call left it; no value if it was deleted. `expected` is the version that the call began with, 0 for none.
 * @typedef {object} Store
 * @property {(key: string) => Promise<Entry | undefined>} get
 * @property {(prefix: string) => Promise<string[]>} keys all that start with it
 * @property {(writes: Write[]) => Promise<void>} commit all of them or none; throws `Conflict` if a version is not the expected one
 */

/** Another call has written an entry since this one read it. */
export class Conflict extends Error {
  /** @param {string} key */
  constructor(key) {
    super(`another call has written ${JSON.stringify(key)} meanwhile`);
  }
}

/**
 * Keeps everything in memory: for tests, and for a first look.
 * @implements {Store}
 */
export class MemoryStore {
  /** @type {Map<string, Entry>} */
  entries = new Map();

  async get(key) {
    return this.entries.get(key);
  }

  async keys(prefix) {
    return [...this.entries.keys()].filter((key) => key.startsWith(prefix));
  }

  async commit(writes) {
    this.apply(writes);
  }

  /** @param {Write[]} writes */
  apply(writes) {
    for (const { key, expected } of writes) {
      if ((this.entries.get(key)?.version ?? 0n) !== expected) throw new Conflict(key);
    }
    for (const { key, value, version } of writes) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, { value, version });
    }
  }
}

/**
 * Keeps everything in one JSON file, which a commit replaces as a whole. For one process.
 * @implements {Store}
 */
export class FileStore extends MemoryStore {
  #path;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {string} path */
  constructor(path) {
    super();
    this.#path = path;
  }

  /**
   * Opens the store, which need not be there yet.
   * @param {string} path
   */
  static async open(path) {
    const store = new FileStore(path);
    const text = await readFile(path, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    for (const [key, { value, version }] of Object.entries(JSON.parse(text))) {
      store.entries.set(key, { value: Uint8Array.from(Buffer.from(value, 'base64')), version: BigInt(version) });
    }
    return store;
  }

  commit(writes) {
    const commit = this.#last.then(() => this.#commit(writes));
    this.#last = commit.catch(() => {});
    return commit;
  }

  async #commit(writes) {
    const before = new Map(this.entries);
    this.apply(writes);
    try {
      await this.#write();
    } catch (error) {
      this.entries = before;
      throw error;
    }
  }

  async #write() {
    const plain = [...this.entries].map(([key, { value, version }]) => [
      key,
      { value: Buffer.from(value).toString('base64'), version: String(version) },
    ]);
    const text = JSON.stringify(Object.fromEntries(plain));
    if (text.length > FILE_BYTES_MAX) {
      throw new Error(`${this.#path} would have more than ${FILE_BYTES_MAX} bytes; use a store on a database`);
    }
    const partial = `${this.#path}.partial`;
    const file = await open(partial, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(partial, this.#path);
  }
}

/** What one call sees: the store with the call's own writes on top. Its methods throw the contract's store errors. */
export class CallStore {
  #store;
  /** @type {Map<string, Write>} */
  #writes = new Map();
  #bytes = 0;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** Makes the call's writes lasting. */
  async commit() {
    if (this.#writes.size > 0) await this.#store.commit([...this.#writes.values()]);
  }

  /** @param {string} key */
  async get(key) {
    check(key);
    const written = this.#writes.get(key);
    const entry = written ?? (await this.#read(key));
    return entry?.value && { value: entry.value, version: entry.version };
  }

  /**
   * @param {string} key
   * @param {Uint8Array} value
   */
  async put(key, value) {
    this.#spend(key, value.length);
    return this.#write(key, value);
  }

  /**
   * @param {string} key
   * @param {bigint | undefined} expected
   * @param {Uint8Array} value
   */
  async compareAndSwap(key, expected, value) {
    this.#spend(key, value.length);
    const version = (await this.get(key))?.version ?? 0n;
    if (version !== (expected ?? 0n)) throw { tag: 'conflict', val: version };
    return this.#write(key, value);
  }

  /** @param {string} key */
  async delete(key) {
    this.#spend(key, 0);
    await this.#write(key, undefined);
  }

  /**
   * @param {string} prefix
   * @param {string | undefined} cursor the last key of the page before
   * @param {number} limit
   */
  async listKeys(prefix, cursor, limit) {
    if (prefix !== '') check(prefix);
    const kept = await this.#attempt(() => this.#store.keys(prefix));
    const keys = new Set(kept);
    for (const { key, value } of this.#writes.values()) {
      if (value === undefined) keys.delete(key);
      else if (key.startsWith(prefix)) keys.add(key);
    }
    // By bytes, as the contract says: JavaScript's own order, by UTF-16, is another.
    const sorted = [...keys].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const after = (key) => cursor === undefined || Buffer.compare(Buffer.from(key), Buffer.from(cursor)) > 0;
    const rest = sorted.filter(after);
    const page = rest.slice(0, Math.min(limit, KEYS_PER_PAGE_MAX));
    return { keys: page, next: page.length < rest.length ? (page.at(-1) ?? cursor) : undefined };
  }

  async #write(key, value) {
    const before = this.#writes.get(key);
    const kept = before ? undefined : await this.#read(key);
    const expected = before?.expected ?? kept?.version ?? 0n;
    const version = (before?.version ?? expected) + 1n;
    this.#writes.set(key, { key, value, version, expected });
    return version;
  }

  #read(key) {
    return this.#attempt(() => this.#store.get(key));
  }

  async #attempt(access) {
    try {
      return await access();
    } catch (error) {
      throw { tag: 'unavailable', val: String(error?.message ?? error) };
    }
  }

  #spend(key, bytes) {
    check(key);
    if (bytes > VALUE_BYTES_MAX) throw { tag: 'too-large', val: BigInt(VALUE_BYTES_MAX) };
    this.#bytes += bytes + Buffer.byteLength(key) + WRITE_COST_BYTES;
    if (this.#bytes > CALL_BYTES_MAX) throw { tag: 'too-large', val: BigInt(CALL_BYTES_MAX) };
  }
}

/** What `check` and `describe` see: nothing, and no way to write. */
export const NO_STORE = new (class extends CallStore {
  constructor() {
    super(new MemoryStore());
  }

  async put() {
    throw { tag: 'unavailable', val: 'nothing may be written in this call' };
  }

  compareAndSwap() {
    return this.put();
  }

  delete() {
    return this.put();
  }
})();

function check(key) {
  const bytes = Buffer.byteLength(key);
  let wrong;
  if (bytes === 0) wrong = 'the key is empty';
  else if (bytes > KEY_BYTES_MAX) wrong = `the key has ${bytes} bytes, the limit is ${KEY_BYTES_MAX}`;
  else if (/\p{Cc}/u.test(key)) wrong = 'the key has a control character in it';
  if (wrong) throw { tag: 'invalid-key', val: wrong };
}
