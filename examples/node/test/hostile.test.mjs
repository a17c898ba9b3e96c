/** @file A component that misbehaves, which the environment names in `HOSTILE`, harms its own call and nothing else. */

import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { MemoryStore, Rejected, Trapped, load } from '../lib/index.mjs';
import { bounded } from '../lib/memory.mjs';

const { HOSTILE: component } = process.env;
const options = { skip: !component };

let connector;
/** The same with little patience. */
let hasty;
let lines = [];
const store = new MemoryStore();

before(async () => {
  if (!component) return;
  const cache = await mkdtemp(join(tmpdir(), 'transload-'));
  const settings = { a: 1 };
  connector = await load(component, { settings, cache, store, log: (line) => lines.push(line) });
  hasty = await load(component, { settings, cache, limits: { computeMs: 1_000 } });
});

after(() => Promise.all([connector?.close(), hasty?.close()]));

const works = async (one) => assert.equal(await one.run('ok', ''), '{"settings":{"a":1}}');

for (const name of ['trap', 'panic', 'recurse', 'exit', 'allocate']) {
  test(`${name} fails its own call only`, options, async () => {
    await assert.rejects(connector.run(name, ''), (error) => error instanceof Trapped && /trapped/.test(error.message));
    await works(connector);
  });
}

for (const [name, input] of [
  ['spin', ''],
  ['sleep', '60000'],
]) {
  test(`${name} is ended, and fails its own call only`, options, async () => {
    const isEnded = (error) =>
      error instanceof Trapped && error.message === 'the connector computed for more than 1000 ms';
    await assert.rejects(hasty.run(name, input), isEnded);
    await works(hasty);
  });
}

test('a call that floods the log is cut off, and says so', options, async () => {
  for (const name of ['flood-log', 'flood-output']) {
    lines = [];
    await connector.run(name, '').catch(() => {});
    assert.equal(lines.length, 201, name);
    assert.match(lines.at(-1).message, /dropped/);
    assert.ok(lines.every(({ message }) => message.length <= 4_096));
  }
});

test('a call that floods the store stops at 16 MiB', options, async () => {
  await connector.run('flood-store', '').catch(() => {});
  const written = [...store.entries.values()].reduce((sum, { value }) => sum + value.length, 0);
  assert.ok(written <= 16 << 20, String(written));
  await works(connector);
});

test('there is nothing to find around a call', options, async () => {
  const environment = await connector.run('environment', '');
  assert.ok(!environment.includes(process.env.PATH), environment);
});

test('an unknown behaviour is rejected, which is no trap', options, async () => {
  await assert.rejects(connector.run('no-such-thing', ''), Rejected);
});

test('a memory gets a bound, and one that is stricter stays', async () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const module = (...memory) => Uint8Array.of(...header, 5, memory.length + 1, 1, ...memory, 0, 2, 1, 0);
  const end = [0, 2, 1, 0];
  assert.deepEqual([...bounded(module(0, 17))], [...header, 5, 5, 1, 1, 17, 0x80, 0x10, ...end]);
  assert.deepEqual([...bounded(module(1, 1, 2))], [...header, 5, 4, 1, 1, 1, 2, ...end]);
  assert.throws(() => bounded(module(0, 0x81, 0x10)), /2049 pages/);
  assert.throws(() => bounded(module(3, 1, 2)), /unknown kind/);
  const { memory } = (
    await WebAssembly.instantiate(
      bounded(Uint8Array.of(...header, 5, 3, 1, 0, 1, 7, 10, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0)),
    )
  ).instance.exports;
  memory.grow(2_047);
  assert.throws(() => memory.grow(1), RangeError);
});
