/** @file Events wait for the flow, and cursors for events. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryStore, Rejected, Retry } from 'transload';

import { Connection } from '../lib/connection.mjs';

const event = (id) => ({ id, source: 'shop', subject: 's', change: { tag: 'order', val: { id } } });

/** A connection to a connector that polls `pages` by cursor; `handle` handles. */
function connect({ pages = {}, handle = async () => ({ tag: 'skipped', val: '' }) } = {}) {
  const asked = [];
  const triggers = [
    { name: 'list', origin: { tag: 'poll', val: 1_000n }, yields: 'order' },
    { name: 'hook', origin: { tag: 'webhook', val: 'shop' }, yields: 'order' },
  ];
  const webhook = { signatures: [{ tag: 'shared-token', val: 'x-token' }], publicKeys: [] };
  const connector = {
    manifest: { triggers, actions: [], apis: [{ name: 'shop', webhook }] },
    handle,
    receive: async () => [event('w1')],
    poll: async (_, cursor) => {
      asked.push(cursor);
      const page = pages[cursor ?? 'first'];
      if (!page) throw new Rejected('unknown cursor');
      return page;
    },
  };
  const cursors = new MemoryStore();
  const connection = new Connection(connector, { shop: { webhook: { secrets: ['token'] } } }, cursors);
  const kept = () => cursors.entries.get('list') && Buffer.from(cursors.entries.get('list').value).toString();
  return { connection, asked, cursors, kept };
}

/** A flow that hands each event of a trigger back at once. */
const handing = (connection, trigger) => ({
  trigger,
  waits: true,
  emit: ({ transload }) => connection.handle(transload.event).catch(() => {}),
});

test('a poll goes from page to page, and on from there the next time', async () => {
  const pages = {
    first: { events: [event('a')], cursor: 'c1', more: true },
    c1: { events: [], cursor: 'c2', more: false },
    c2: { events: [], cursor: 'c2', more: false },
  };
  const { connection, asked, kept } = connect({ pages });
  connection.listen(handing(connection, 'list'));
  await connection.poll('list');
  assert.deepEqual([asked, kept()], [[undefined, 'c1'], 'c2']);
  await connection.poll('list');
  assert.deepEqual(asked, [undefined, 'c1', 'c2']);
});

test('a page that the flow could not handle is asked for again', async () => {
  let isDown = true;
  const handle = async () => {
    if (isDown) throw new Retry('down');
    return { tag: 'skipped', val: '' };
  };
  const { connection, asked, kept } = connect({
    handle,
    pages: { first: { events: [event('a')], cursor: 'c1', more: false } },
  });
  connection.listen(handing(connection, 'list'));
  await assert.rejects(connection.poll('list'), Retry);
  assert.equal(kept(), undefined);
  isDown = false;
  await connection.poll('list');
  assert.deepEqual([asked, kept()], [[undefined, undefined], 'c1']);
});

test('a cursor that the connector does not know any more is given up', async () => {
  const { connection, asked, cursors, kept } = connect({ pages: { first: { events: [], cursor: 'c1', more: false } } });
  await cursors.commit([{ key: 'list', value: Buffer.from('old'), version: 1n, expected: 0n }]);
  await connection.poll('list');
  assert.deepEqual([asked, kept()], [['old', undefined], 'c1']);
});

test('a webhook is answered when the flow has handled it', async () => {
  const { connection } = connect();
  const seen = [];
  connection.listen({ trigger: 'hook', waits: true, emit: (message) => seen.push(message) });
  connection.listen({ trigger: 'list', waits: true, emit: () => assert.fail('not its event') });
  let isAnswered = false;
  const answer = connection.receive('shop', { 'x-token': 'token' }, Buffer.from('')).then(() => (isAnswered = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([seen.length, isAnswered, seen[0].topic, seen[0].payload], [1, false, 's', { id: 'w1' }]);
  await connection.handle(JSON.parse(JSON.stringify(seen[0].transload.event)));
  await answer;
});

test('a webhook that nobody waits for is answered at once, one that nobody takes comes again', async () => {
  const { connection } = connect();
  const receive = () => connection.receive('shop', { 'x-token': 'token' }, Buffer.from(''));
  await assert.rejects(receive(), Retry);
  const stop = connection.listen({ trigger: 'hook', waits: false, emit: () => {} });
  assert.equal(await receive(), true);
  stop();
  await assert.rejects(receive(), Retry);
  assert.equal(await connection.receive('elsewhere', {}, Buffer.from('')), false);
  assert.throws(() => connection.listen({ trigger: 'no-such', waits: true, emit: () => {} }), /it has list, hook/);
});
