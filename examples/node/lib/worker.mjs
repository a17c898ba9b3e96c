/**
 * @file The thread that a connector runs in. Its exports are synchronous, so it blocks while the main thread answers what it
 * asks for: that is where requests are judged and sent, where the store is and where the credentials stay.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

import { wasi } from './wasi.mjs';

/** Lines that one call logs; the contract promises as many. */
const LINES_MAX = 200;

/** Length of a line, its fields included, in characters; the contract promises 4 KiB. */
const LINE_MAX = 4 << 10;

const { url, modules, reuse, port, signal } = workerData;
const { instantiate } = await import(url);

/**
 * Asks the main thread and waits for its answer.
 * @param {string} what
 * @param {unknown[]} parameters
 */
function ask(what, ...parameters) {
  Atomics.store(signal, 0, 0);
  parentPort.postMessage({ ask: what, parameters });
  Atomics.wait(signal, 0, 0);
  const { message } = receiveMessageOnPort(port);
  if ('refused' in message) throw message.refused;
  return message.answer;
}

/** Sends lines to the main thread. Counted here: what is not sent cannot pile up there. */
function logger() {
  let count = 0;
  return (level, message, fields) => {
    count += 1;
    if (count > LINES_MAX + 1) return;
    const isLast = count > LINES_MAX;
    let room = LINE_MAX;
    const cut = (text) => {
      const kept = text.slice(0, room);
      room -= kept.length;
      return kept;
    };
    const line = isLast
      ? { level: 'warn', message: 'further lines of this call are dropped', fields: [] }
      : {
          level,
          message: cut(message),
          fields: fields.map(({ name, value }) => ({ name: cut(name), value: cut(value) })),
        };
    parentPort.postMessage({ log: line });
  };
}

/** The settings and the log of the call that runs. @type {{ settings: string, log: ReturnType<typeof logger> }} */
let call;

/** The instance of the last call, and how often it was called. */
let instance;
let uses = 0;

const store =
  (name) =>
  (...parameters) =>
    ask('store', name, parameters);

const own = {
  'transload:connector/log': { write: (level, message, fields) => call.log(level, message, fields) },
  'transload:connector/settings': { get: () => call.settings },
  'transload:connector/store': {
    get: store('get'),
    put: store('put'),
    compareAndSwap: store('compareAndSwap'),
    delete: store('delete'),
    listKeys: store('listKeys'),
  },
};

const others = wasi(
  (request) => ask('http', request),
  (text) => call.log('info', text, []),
);

const imports = new Proxy(own, { get: (known, name) => known[String(name)] ?? others[String(name)] });

parentPort.on('message', async ({ settings, namespace, name, parameters }) => {
  parentPort.postMessage({ begun: true });
  call = { settings, log: logger() };
  try {
    if (!instance || uses >= reuse) {
      uses = 0;
      instance = await instantiate((file) => modules[file], imports);
    }
    uses += 1;
    parentPort.postMessage({ done: instance[namespace][name](...parameters) });
  } catch (error) {
    // The contract's failure is a thrown error with it as its payload; everything else is a trap, and what it left is unknown.
    const failure = error?.payload?.tag ? error.payload : undefined;
    if (!failure) instance = undefined;
    parentPort.postMessage(failure ? { failed: failure } : { trapped: String(error?.message ?? error) });
  }
});
