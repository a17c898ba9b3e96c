/** @file Instances: each call has its own, unless more are asked for, and never one that has trapped. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Trapped } from '../lib/failure.mjs';
import { NO_STORE } from '../lib/store.mjs';
import { Threads } from '../lib/threads.mjs';

/** Stands for a transpiled component: says which instance it is. */
const CODE = `
  let instances = 0;
  export async function instantiate() {
    const instance = (instances += 1);
    const run = (name) => {
      if (name === 'trap') throw new Error('unreachable');
      if (name === 'reject') throw Object.assign(new Error(), { payload: { tag: 'rejected', val: 'no' } });
      return instance;
    };
    return { actions: { run } };
  }`;

const ports = { log: () => {}, store: NO_STORE, http: async () => ({}) };

/** The instances that ran a sequence of calls. */
async function instances(reuse, names) {
  const code = { digest: '', url: `data:text/javascript,${encodeURIComponent(CODE)}`, modules: {} };
  const threads = new Threads(code, { parallel: 1, reuse });
  const seen = [];
  for (const name of names) {
    const request = { settings: '{}', namespace: 'actions', name: 'run', parameters: [name] };
    seen.push(await threads.call(request, ports).catch((error) => (error instanceof Trapped ? 'trap' : error.tag)));
  }
  await threads.close();
  return seen;
}

test('each call has an instance of its own', async () => {
  assert.deepEqual(await instances(undefined, ['a', 'b', 'c']), [1, 2, 3]);
});

test('an instance is used again as often as is asked for', async () => {
  assert.deepEqual(await instances(2, ['a', 'b', 'c', 'd', 'e']), [1, 1, 2, 2, 3]);
});

test('an instance that trapped is gone, one that failed properly is not', async () => {
  assert.deepEqual(await instances(9, ['a', 'reject', 'b', 'trap', 'c', 'd']), [1, 'rejected', 1, 'trap', 2, 2]);
});
