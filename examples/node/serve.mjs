#!/usr/bin/env node
/**
 * @file A small platform: `node serve.mjs CONFIG.json` takes webhooks at `POST /hooks/API`, and answers 2xx once all that
 * follows from one is done.
 */

import { createServer } from 'node:http';

import { FileStore, Flow, MemoryStore, Verifier, answerTo, load, readBody, readConfig } from './lib/index.mjs';

/** Time for a webhook to arrive in whole, in milliseconds. */
const ARRIVAL_MS_MAX = 10_000;

/**
 * The configuration file.
 * @typedef {object} Config
 * @property {string} listen `127.0.0.1:8080`; port 0 picks one
 * @property {string} [name] the connection's; webhooks then come to `POST /hooks/NAME/API`, as on the host
 * @property {string} module the component's file
 * @property {object} settings by the manifest's schema
 * @property {Record<string, import('./lib/egress.mjs').Grant>} apis what is granted of each API
 * @property {string} [store] a file that keeps the connection's entries; in memory if left out
 * @property {boolean} [read_only] denies every write
 */

/** @param {import('./lib/connector.mjs').Line} line */
function log({ level, message, fields }) {
  const values = fields.map(({ name, value }) => ` ${name}=${JSON.stringify(value)}`).join('');
  console.error(`${new Date().toISOString()} ${level} ${message}${values}`);
}

/** @param {Config} config */
async function platform(config) {
  const store = config.store ? await FileStore.open(config.store) : new MemoryStore();
  const { settings, apis, read_only: readOnly } = config;
  const connector = await load(config.module, { settings, apis, readOnly, store, log });
  const apisWithHooks = connector.manifest.apis.filter((api) => api.webhook);
  const verifiers = new Map(apisWithHooks.map((api) => [api.name, new Verifier(api, apis[api.name]?.webhook)]));
  const flow = new Flow(connector);
  const hooks = config.name ? `/hooks/${config.name}/` : '/hooks/';
  return createServer(
    { requestTimeout: ARRIVAL_MS_MAX, connectionsCheckingInterval: ARRIVAL_MS_MAX },
    async (request, response) => {
      const { status, text } = await answer(request, { hooks, connector, verifiers, flow });
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    },
  );
}

/** Takes one request. */
async function answer(request, { hooks, connector, verifiers, flow }) {
  const source = request.url.startsWith(hooks) ? request.url.slice(hooks.length) : undefined;
  const verifier = verifiers.get(source);
  if (request.method !== 'POST' || !verifier) return { status: 404, text: `webhooks come to POST ${hooks}API` };
  try {
    const body = await readBody(request);
    verifier.verify(request.headers, body);
    const events = await connector.receive({ source, headers: verifier.publicHeaders(request.headers), body });
    const handled = await flow.settle(events);
    for (const { event, receipt } of handled) log(line(event, receipt));
    return { status: 200, text: `${handled.length} handled` };
  } catch (error) {
    log({ level: 'warn', message: `webhook of ${source}: ${error.name}: ${error.message}`, fields: [] });
    return answerTo(error);
  }
}

/** What became of an event, for the log. */
function line(event, receipt) {
  const what = receipt.tag === 'done' ? receipt.val.effects.map(({ summary }) => summary).join('; ') : receipt.val;
  return { level: 'info', message: `${event.id} ${receipt.tag}: ${what}`, fields: [] };
}

const [file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node serve.mjs CONFIG.json');
  process.exit(2);
}
const config = await readConfig(file);
const server = await platform(config);
const [host, port] = config.listen.split(':');
server.listen(Number(port), host, () => {
  const { address, port } = server.address();
  console.log(`listening on http://${address}:${port}`);
});
