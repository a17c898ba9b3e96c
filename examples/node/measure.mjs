/**
 * @file `node measure.mjs COMPONENT`: what a call costs in a fresh instance, in one that is used again, and by way of a thread.
 * The call is `receive` with a body that is refused at once, so that only the way there and back is measured.
 */

import { readFile } from 'node:fs/promises';

import { CACHE, compile } from './lib/compile.mjs';
import { load } from './lib/index.mjs';
import { wasi } from './lib/wasi.mjs';

const CALLS = 1_000;

const [file] = process.argv.slice(2);
const bytes = await readFile(file);
const { url, modules } = await compile(bytes, CACHE);
const { instantiate } = await import(url);
const system = wasi(
  () => ({ error: { tag: 'HTTP-request-denied' } }),
  () => {},
);
const own = {
  'transload:connector/log': { write: () => {} },
  'transload:connector/settings': { get: () => '{}' },
  'transload:connector/store': {},
};
const imports = new Proxy({}, { get: (_, name) => own[name] ?? system[name] });
const fresh = () => instantiate((name) => modules[name], imports);

const connector = await load(bytes);
const [{ name: source }] = connector.manifest.apis;
const delivery = { source, headers: [], body: new TextEncoder().encode('-') };

/** Prints the time of one call, in microseconds. */
async function measure(what, call) {
  const start = performance.now();
  for (let round = 0; round < CALLS; round += 1) {
    try {
      await call();
    } catch {
      // It is refused.
    }
  }
  console.log(`${what}: ${Math.round(((performance.now() - start) / CALLS) * 1_000)} µs`);
}

await measure('fresh instance', async () => (await fresh()).intake.receive(delivery));
const reused = await fresh();
await measure('reused instance', () => reused.intake.receive(delivery));
await measure('fresh instance in a thread', () => connector.receive(delivery));
await connector.close();
