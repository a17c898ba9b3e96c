/** @file The component that the environment names in `COMPONENT`, called in threads. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { NeedsAttention, Rejected, eventData, load } from '../lib/index.mjs';

const { COMPONENT: component } = process.env;
const options = { skip: !component };

const ORDER = 'o1';

/** @type {string} */
let cache;
const opened = [];

before(async () => {
  cache = await mkdtemp(join(tmpdir(), 'transload-'));
});

after(() => Promise.all(opened.map((connector) => connector.close())));

/** The connector with one scope granted; what it requests is kept. */
async function connect(answer = () => new Response('{}')) {
  const sent = [];
  const lines = [];
  const fetch = async (url, request) => {
    sent.push({ url, ...request });
    return answer();
  };
  const connector = await load(component, {
    settings: { location_id: 'L1', mode: 'all' },
    apis: { ghl: { credential: 'pit-1', scopes: ['payments/orders.readonly'] } },
    cache,
    fetch,
    log: (line) => lines.push(line),
  });
  opened.push(connector);
  return { connector, sent, lines };
}

test('the manifest is there without a setting or a call', options, async () => {
  const { connector, sent } = await connect();
  assert.equal(connector.manifest.name, 'ghl-track-pod');
  assert.match(connector.digest, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(sent, []);
});

test('a webhook becomes events with exact amounts', options, async () => {
  const { connector } = await connect();
  const order = {
    type: 'OrderCreate',
    _id: ORDER,
    altId: 'L1',
    locationId: 'L1',
    status: 'pending',
    amount: 0,
    currency: 'USD',
    liveMode: true,
    items: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    webhookId: 'w1',
  };
  // 2^53 + 1 hundredths: a double would make 90071992547409.92 of it.
  const body = JSON.stringify(order).replace('"amount":0', '"amount":90071992547409.93');
  const [event] = await connector.receive({ source: 'ghl', headers: [], body: Buffer.from(body) });
  assert.deepEqual(event.change.val.total.amount, { units: 9007199254740993n, exponent: 2 });
  const data = eventData(event.change);
  assert.deepEqual(data.total, { amount: '90071992547409.93', currency: 'USD' });
  const { required } = JSON.parse(connector.manifest.triggers.find(({ name }) => name === 'orders').outputSchema);
  assert.deepEqual(
    required.filter((name) => !(name in data)),
    [],
  );
});

test('what cannot be understood is rejected', options, async () => {
  const { connector } = await connect();
  await assert.rejects(connector.receive({ source: 'ghl', headers: [], body: Buffer.from('-') }), Rejected);
  await assert.rejects(connector.run('no-such-action', '{}'), Rejected);
});

test('a credential that is refused needs a person', options, async () => {
  const { connector, sent } = await connect(() => new Response('{"message":"no"}', { status: 401 }));
  await assert.rejects(connector.run('order-status', JSON.stringify({ order_id: ORDER })), NeedsAttention);
  assert.equal(new URL(sent[0].url).pathname, `/payments/orders/${ORDER}`);
});

test('a failure says what was denied', options, async () => {
  const { connector, sent } = await connect();
  const isDenied = (error) => error.denied[0].includes('apis.ghl.scopes');
  await assert.rejects(connector.poll('transactions'), isDenied);
  assert.deepEqual(sent, []);
});

test('a thread that waits for a vendor does not hold the event loop, nor other calls', options, async () => {
  let arrive;
  const arrived = new Promise((resolve) => (arrive = resolve));
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const { connector } = await connect(async () => {
    arrive();
    await released;
    return new Response('{}', { status: 401 });
  });
  const waiting = connector.run('order-status', JSON.stringify({ order_id: ORDER }));
  await arrived;
  await assert.rejects(connector.receive({ source: 'ghl', headers: [], body: Buffer.from('-') }), Rejected);
  release();
  await assert.rejects(waiting, NeedsAttention);
});

test('what was made of a component is found again by its bytes', options, async () => {
  const bytes = await readFile(component);
  const { connector } = await connect();
  const again = await load(bytes, { cache });
  opened.push(again);
  assert.equal(again.digest, connector.digest);
  await assert.rejects(load(new Uint8Array((32 << 20) + 1), { cache }), /33554432 are the most/);
});
