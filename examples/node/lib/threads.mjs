/**
 * @file The threads that a connector's calls run in, and the answers to what they ask for meanwhile.
 */

import { MessageChannel, Worker } from 'node:worker_threads';

import { Trapped } from './failure.mjs';

/**
 * How long a call may take, in milliseconds.
 * @typedef {object} Limits
 * @property {number} computeMs time that the connector itself computes; waiting for answers does not count
 * @property {number} callMs time from the call's start to its end
 */

/** Mapping an order takes a millisecond, reconciling a full page seconds; a call makes a handful of requests to slow vendors. */
const LIMITS = { computeMs: 10_000, callMs: 120_000 };

/** Calls that run at once, each in a thread that weighs about 20 MB. The others wait. */
const PARALLEL = 4;

/** Memory of a thread's JavaScript, in MB. A connector's own linear memory is not part of it. */
const HEAP_MB_MAX = 256;

/**
 * @typedef {object} Ports what a call may ask for
 * @property {(line: object) => void} log
 * @property {import('./store.mjs').CallStore} store
 * @property {(request: object) => Promise<object>} http
 */

/** Threads for the calls of one connector: made as they are needed, kept while they are well. */
export class Threads {
  #code;
  #room;
  #limits;
  /** @type {Thread[]} */
  #idle = [];
  /** @type {Set<Thread>} */
  #all = new Set();
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * @param {import('./compile.mjs').Compiled} compiled
   * @param {{ parallel?: number, reuse?: number, limits?: Partial<Limits> }} [options]
   */
  constructor({ url, modules }, { parallel = PARALLEL, reuse = 1, limits } = {}) {
    this.#code = { url, modules, reuse };
    this.#room = parallel;
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * Calls an export; throws the contract's failure as it is, or a `Trapped`.
   * @param {{ settings: string, namespace: string, name: string, parameters: unknown[] }} request
   * @param {Ports} ports
   */
  async call(request, ports) {
    if (this.#room === 0) await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    else this.#room -= 1;
    const thread = this.#idle.pop() ?? new Thread(this.#code);
    this.#all.add(thread);
    try {
      return await thread.call(request, ports, this.#limits);
    } finally {
      if (thread.isWell) this.#idle.push(thread);
      else this.#all.delete(thread);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#room += 1;
    }
  }

  async close() {
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }
}

/** A thread; runs one call at a time. */
class Thread {
  isWell = true;
  #worker;
  #port;
  #signal = new Int32Array(new SharedArrayBuffer(4));

  /** @param {{ url: string, modules: Record<string, WebAssembly.Module>, reuse: number }} code */
  constructor(code) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL('worker.mjs', import.meta.url), {
      workerData: { ...code, port: port2, signal: this.#signal },
      transferList: [port2],
      // What the process was started with, its environment included, is none of the connector's business.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    this.#worker.unref();
    this.#port.unref();
  }

  end() {
    this.isWell = false;
    return this.#worker.terminate();
  }

  /**
   * @param {object} request
   * @param {Ports} ports
   * @param {Limits} limits
   */
  call(request, ports, limits) {
    this.#worker.ref();
    const { promise, resolve, reject } = withResolvers();
    const trap = (reason) => {
      this.end();
      reject(new Trapped(reason));
    };
    const clock = new Clock(limits, trap);
    const onError = (error) => trap(`the connector's thread failed: ${error.message}`);
    const onExit = () => trap("the connector's thread ended");
    const onMessage = (message) => {
      if ('done' in message) resolve(message.done);
      else if ('failed' in message) reject(message.failed);
      else if ('trapped' in message) reject(new Trapped(`the connector trapped: ${message.trapped}`));
      else if ('log' in message) ports.log(message.log);
      else if ('begun' in message) clock.resume();
      else this.#answer(message, ports, clock);
    };
    this.#worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    try {
      this.#worker.postMessage(request);
    } catch (error) {
      // A parameter that no other thread can be given.
      reject(error);
    }
    return promise.finally(() => {
      clock.stop();
      this.#worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      this.#worker.unref();
    });
  }

  async #answer({ ask, parameters }, ports, clock) {
    clock.pause();
    try {
      const answer =
        ask === 'http' ? await ports.http(parameters[0]) : await ports.store[parameters[0]](...parameters[1]);
      clock.resume();
      this.#port.postMessage({ answer });
    } catch (error) {
      clock.resume();
      // A store's error is the connector's to handle; anything else is a bug here, and becomes a trap there.
      this.#port.postMessage({ refused: error instanceof Error ? new Error(error.message) : error });
    }
    Atomics.store(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }
}

/** Ends a call that computes or lasts too long. Computing counts from the first `resume`, when the thread has started. */
class Clock {
  #limits;
  #trap;
  #left;
  #since = 0;
  #compute;
  #whole;
  #isStopped = false;

  /**
   * @param {Limits} limits
   * @param {(reason: string) => void} trap
   */
  constructor(limits, trap) {
    this.#limits = limits;
    this.#trap = trap;
    this.#left = limits.computeMs;
    this.#whole = setTimeout(() => trap(`the call took more than ${limits.callMs} ms`), limits.callMs);
  }

  resume() {
    if (this.#isStopped) return;
    clearTimeout(this.#compute);
    this.#since = performance.now();
    const reason = `the connector computed for more than ${this.#limits.computeMs} ms`;
    this.#compute = setTimeout(() => this.#trap(reason), this.#left);
  }

  pause() {
    clearTimeout(this.#compute);
    this.#left -= performance.now() - this.#since;
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#compute);
    clearTimeout(this.#whole);
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers() {
  let resolve, reject;
  const promise = new Promise((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
