/** @file What a call writes is there afterwards, all of it or none. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CallStore, Conflict, FileStore, MemoryStore, NO_STORE } from '../lib/store.mjs';

const bytes = (text) => new TextEncoder().encode(text);

test('a call reads its own writes, and nobody else does before it ends', async () => {
  const kept = new MemoryStore();
  const call = new CallStore(kept);
  assert.equal(await call.put('k', bytes('1')), 1n);
  assert.equal(await call.put('k', bytes('2')), 2n);
  assert.deepEqual(await call.get('k'), { value: bytes('2'), version: 2n });
  assert.equal(await kept.get('k'), undefined);
  await call.commit();
  assert.deepEqual(await kept.get('k'), { value: bytes('2'), version: 2n });
});

test('an entry is swapped only at the version that was expected', async () => {
  const call = new CallStore(new MemoryStore());
  await assert.rejects(
    call.compareAndSwap('k', 1n, bytes('x')),
    (error) => error.tag === 'conflict' && error.val === 0n,
  );
  assert.equal(await call.compareAndSwap('k', undefined, bytes('x')), 1n);
  await assert.rejects(call.compareAndSwap('k', undefined, bytes('y')), (error) => error.val === 1n);
  assert.equal(await call.compareAndSwap('k', 1n, bytes('y')), 2n);
});

test('two calls that write one entry do not both succeed', async () => {
  const kept = new MemoryStore();
  const [one, other] = [new CallStore(kept), new CallStore(kept)];
  await one.put('k', bytes('one'));
  await other.put('k', bytes('other'));
  await other.put('elsewhere', bytes('other'));
  await one.commit();
  await assert.rejects(other.commit(), Conflict);
  assert.deepEqual((await kept.get('k')).value, bytes('one'));
  assert.equal(await kept.get('elsewhere'), undefined);
});

test('keys are listed in byte order, page by page, with the writes of the call', async () => {
  const kept = new MemoryStore();
  const first = new CallStore(kept);
  // In UTF-16 U+1F600 sorts before U+FF5E, in bytes after it.
  for (const key of ['a/\u{1F600}', 'a/\uFF5E', 'a/1', 'b/1']) await first.put(key, bytes(''));
  await first.commit();
  const call = new CallStore(kept);
  await call.delete('a/1');
  await call.put('a/0', bytes(''));
  const page = await call.listKeys('a/', undefined, 2);
  assert.deepEqual(page, { keys: ['a/0', 'a/\uFF5E'], next: 'a/\uFF5E' });
  assert.deepEqual(await call.listKeys('a/', page.next, 2), { keys: ['a/\u{1F600}'], next: undefined });
});

test('keys and sizes are checked at their edges', async () => {
  const call = new CallStore(new MemoryStore());
  await call.put('k'.repeat(512), new Uint8Array(1 << 20));
  for (const key of ['', 'k'.repeat(513), 'a\nb', '\u0085']) {
    await assert.rejects(call.put(key, bytes('')), (error) => error.tag === 'invalid-key', JSON.stringify(key));
  }
  await assert.rejects(call.put('k', new Uint8Array((1 << 20) + 1)), (error) => error.val === 1048576n);
  // 16 MiB in all: one is written already, and fifteen more are too much by what their keys take.
  for (let round = 0; round < 14; round += 1) await call.put(`k${round}`, new Uint8Array(1 << 20));
  await assert.rejects(
    call.put('k', new Uint8Array(1 << 20)),
    (error) => error.tag === 'too-large' && error.val === 16777216n,
  );
});

test('where nothing may be written, nothing is', async () => {
  await assert.rejects(NO_STORE.put('k', bytes('')), (error) => error.tag === 'unavailable');
  await assert.rejects(NO_STORE.compareAndSwap('k', undefined, bytes('')), (error) => error.tag === 'unavailable');
  await assert.rejects(NO_STORE.delete('k'), (error) => error.tag === 'unavailable');
  assert.equal(await NO_STORE.get('k'), undefined);
});

test('a file store is the same after it is opened again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'transload-'));
  const path = join(directory, 'store.json');
  const call = new CallStore(await FileStore.open(path));
  await call.put('k', Uint8Array.of(0, 255));
  await call.put('gone', bytes(''));
  await call.delete('gone');
  await call.commit();
  const again = await FileStore.open(path);
  assert.deepEqual(await again.get('k'), { value: Uint8Array.of(0, 255), version: 1n });
  assert.deepEqual(await again.keys(''), ['k']);
  assert.deepEqual(await readdir(directory), ['store.json']);
  assert.ok((await readFile(path, 'utf8')).length < 100);
});
