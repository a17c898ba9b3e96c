/**
 * @file `wasi:io` and `wasi:clocks` for a thread that may block. A response's body is there in whole before the connector
 * sees it, so streams are buffers and nothing but time is ever waited for.
 */

const NANOSECONDS_PER_MS = 1_000_000n;

/** What one `check-write` permits, in bytes: as much as the reference implementation does. */
const WRITE_BYTES = 64n << 10n;

/** The most that one read answers, in bytes, however much is asked for. */
const READ_BYTES_MAX = 1 << 20;

/** `wasi:io/error`. */
export class IoError {
  #message;

  /** @param {string} message */
  constructor(message) {
    this.#message = message;
  }

  toDebugString() {
    return this.#message;
  }
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** `wasi:io/poll.pollable`: ready at once, when something has happened, or at a time. */
export class Pollable {
  #isReady;
  /** When it becomes ready by itself, on the clock of `performance.now()`. */
  deadline;

  /**
   * @param {() => boolean} [isReady]
   * @param {number} [deadline]
   */
  constructor(isReady = () => true, deadline = Infinity) {
    this.#isReady = isReady;
    this.deadline = deadline;
  }

  /** @param {number} milliseconds from now */
  static after(milliseconds) {
    const deadline = performance.now() + milliseconds;
    return new Pollable(() => performance.now() >= deadline, deadline);
  }

  ready() {
    return this.#isReady();
  }

  block() {
    poll([this]);
  }
}

/**
 * Waits until at least one is ready, and answers which are.
 * @param {Pollable[]} pollables
 * @returns {Uint32Array}
 */
export function poll(pollables) {
  for (;;) {
    const ready = [...pollables.keys()].filter((index) => pollables[index].ready());
    if (ready.length > 0) return Uint32Array.from(ready);
    const next = Math.min(...pollables.map((pollable) => pollable.deadline));
    // Such as the answer to a request whose body the connector never ends.
    if (next === Infinity) throw new Error('the connector waits for something that can never happen');
    sleep(Math.max(1, next - performance.now()));
  }
}

/** `wasi:io/streams.input-stream` over bytes that are all there. */
export class InputStream {
  #bytes;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** @param {bigint} length */
  read(length) {
    if (this.#bytes.length === 0) throw { tag: 'closed' };
    const count = Math.min(Number(length), READ_BYTES_MAX);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** @param {bigint} length */
  blockingRead(length) {
    return this.read(length);
  }

  /** @param {bigint} length */
  skip(length) {
    return BigInt(this.read(length).length);
  }

  /** @param {bigint} length */
  blockingSkip(length) {
    return this.skip(length);
  }

  subscribe() {
    return new Pollable();
  }
}

/** `wasi:io/streams.output-stream` into a function, which throws a stream error when it takes no more. */
export class OutputStream {
  #write;

  /** @param {(bytes: Uint8Array) => void} write */
  constructor(write) {
    this.#write = write;
  }

  checkWrite() {
    return WRITE_BYTES;
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    this.#write(bytes);
  }

  /** @param {Uint8Array} bytes */
  blockingWriteAndFlush(bytes) {
    this.#write(bytes);
  }

  /** @param {bigint} length */
  writeZeroes(length) {
    if (length > WRITE_BYTES) throw new Error(`${length} bytes are more than check-write permits`);
    this.#write(new Uint8Array(Number(length)));
  }

  /** @param {bigint} length */
  blockingWriteZeroesAndFlush(length) {
    this.writeZeroes(length);
  }

  flush() {}

  blockingFlush() {}

  /**
   * @param {InputStream} source
   * @param {bigint} length
   */
  splice(source, length) {
    const bytes = source.read(length);
    this.#write(bytes);
    return BigInt(bytes.length);
  }

  /**
   * @param {InputStream} source
   * @param {bigint} length
   */
  blockingSplice(source, length) {
    return this.splice(source, length);
  }

  subscribe() {
    return new Pollable();
  }
}

const nanoseconds = () => process.hrtime.bigint();

export const monotonicClock = {
  now: nanoseconds,
  resolution: () => 1n,
  /** @param {bigint} instant */
  subscribeInstant: (instant) => monotonicClock.subscribeDuration(instant - nanoseconds()),
  /** @param {bigint} duration */
  subscribeDuration: (duration) => Pollable.after(Math.max(0, Number(duration / NANOSECONDS_PER_MS))),
};

export const wallClock = {
  now() {
    const milliseconds = Date.now();
    return {
      seconds: BigInt(Math.floor(milliseconds / 1_000)),
      nanoseconds: (milliseconds % 1_000) * 1_000_000,
    };
  },
  resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
};
