/** @file What a call writes to the store becomes lasting with its success, or not at all. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Connector } from '../lib/connector.mjs';
import { Rejected, Retry, Trapped } from '../lib/failure.mjs';
import { MemoryStore } from '../lib/store.mjs';
import { Threads } from '../lib/threads.mjs';

/** Stands for a transpiled component: writes, and then does what it is told. */
const CODE = `
  export async function instantiate(modules, imports) {
    const { put, get } = imports['transload:connector/store'];
    const run = (name) => {
      put('k', new TextEncoder().encode(name));
      if (name === 'trap') throw new Error('unreachable');
      if (name === 'reject') throw Object.assign(new Error(), { payload: { tag: 'rejected', val: 'no' } });
      return new TextDecoder().decode(get('k').value);
    };
    return { actions: { run } };
  }`;

/** A connector on a store. */
function connect(store) {
  const threads = new Threads({ digest: '', url: `data:text/javascript,${encodeURIComponent(CODE)}`, modules: {} });
  return new Connector('', { apis: [] }, threads, { store });
}

const kept = (store) => {
  const entry = store.entries.get('k');
  return entry && Buffer.from(entry.value).toString();
};

test('a call that fails leaves no trace', async () => {
  const store = new MemoryStore();
  const connector = connect(store);
  assert.equal(await connector.run('first', ''), 'first');
  assert.equal(kept(store), 'first');
  await assert.rejects(connector.run('reject', ''), Rejected);
  await assert.rejects(connector.run('trap', ''), Trapped);
  assert.equal(kept(store), 'first');
  await connector.run('second', '');
  assert.equal(kept(store), 'second');
  assert.equal(store.entries.get('k').version, 2n);
  await connector.close();
});

test('a store that takes nothing fails the call, which may be tried again', async () => {
  const store = new MemoryStore();
  store.commit = async () => {
    throw new Error('disk full');
  };
  const connector = connect(store);
  await assert.rejects(
    connector.run('first', ''),
    (error) => error instanceof Retry && /disk full/.test(error.message),
  );
  await connector.close();
});
