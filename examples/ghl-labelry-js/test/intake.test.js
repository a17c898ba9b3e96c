import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../src/failure.js';
import { receive } from '../src/intake.js';
import { backfill, poll } from '../src/listing.js';
import { NOW, ORDER, PAYMENT, answer, page, scripted } from './vendors.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const bytes = (text) => new TextEncoder().encode(text);
const hook = (members) => ORDER.replace('{', `{"type": "OrderCreate", "locationId": "loc1", ${members}`);
const tagged = (tag) => (error) => error instanceof Failure && error.payload.tag === tag;

test('an order placed is an event of its own', () => {
  const body = hook('"webhookId": "w1", "timestamp": "2024-04-04T16:24:40Z",');
  const [event, ...others] = receive(scripted([]), bytes(body));
  assert.deepEqual(others, []);
  const { id, source, subject, occurredAt, raw, change } = event;
  // 2024-04-04T16:24:40Z by `date -ud … +%s`.
  assert.deepEqual([id, source, subject, occurredAt], ['order o1 w1', 'ghl', 'o1', 1_712_247_880_000n]);
  assert.equal(raw, body);
  assert.deepEqual([change.tag, change.val.total.amount.units, change.val.total.amount.exponent], ['order', 1501n, 1]);
  assert.equal(receive(scripted([]), bytes(hook('')))[0].id, 'order o1 pending 1712247871297');
});

test('other locations and other webhooks are of no interest', () => {
  const elsewhere = hook('').replace('"loc1", ', '"loc2", ');
  for (const body of [elsewhere, '{"type":"InvoicePaid","_id":"i1"}', '{"type":"ContactCreate"}']) {
    assert.deepEqual(receive(scripted([]), bytes(body)), [], body);
  }
});

test('what a workflow speaks of is read from the API', () => {
  const order = () => scripted([['GET /payments/orders/o1', answer(200, ORDER)]]);
  for (const body of ['{"order_id":"o1"}', '{"customData":{"order":{"id":"o1"}}}', '{"transaction_id":"{{x}}","orderId":"o1"}']) {
    assert.equal(receive(order(), bytes(body))[0].id, 'order o1 pending 1712247871297', body);
  }
  const payment = scripted([['GET /payments/transactions/t1?altId=loc1&altType=location', answer(200, PAYMENT)]]);
  const [event] = receive(payment, bytes('{"payment":{"transaction_id":"t1"},"order_id":"o1"}'));
  assert.deepEqual([event.id, event.subject], ['transaction t1 succeeded 0', 'o1']);
});

test('what is no webhook is refused', () => {
  const junk = ['', '[]', 'null', '"x"', '{', '{"a":1}', hook('"payloadTooLarge": true,'), hook('').replace('150.1', 'null')];
  for (const body of [...junk.map(bytes), new Uint8Array([0xff, 0xfe])]) {
    assert.throws(() => receive(scripted([]), body), tagged('rejected'), String(body));
  }
});

test('a first look goes a day back, and a page that is not the last is followed by the next', () => {
  const old = ORDER.replace('"o1"', '"o0"').replace('"createdAt": "2024-04-04', '"createdAt": "2024-04-02');
  const first = scripted([['GET /payments/orders?altId=loc1&startAt=2024-04-02&limit=100&offset=0', answer(200,
    `{"data":[${ORDER},${old}],"totalCount":3}`)]]);
  const page1 = poll(first, 'order-list');
  assert.deepEqual(page1.events.map(({ id }) => id), ['order o1 pending 1712247871297']);
  assert.equal(page1.more, true);
  const start = NOW - 2 * DAY;
  assert.deepEqual(JSON.parse(page1.cursor), { since: NOW - DAY, wide_at: NOW, round: { start, offset: 2 } });
  const second = scripted([['GET /payments/orders?altId=loc1&startAt=2024-04-02&limit=100&offset=2', answer(200,
    `{"data":[${ORDER}],"totalCount":3}`)]]);
  const page2 = poll(second, 'order-list', page1.cursor);
  assert.deepEqual([page2.more, page2.events.length], [false, 1]);
  assert.deepEqual(JSON.parse(page2.cursor), { since: NOW - DAY, wide_at: NOW, round: null });
});

test('once an hour everything that is watched is looked at', () => {
  // 2024-04-04 less 30 days, of which March has 31.
  const cursor = JSON.stringify({ since: 0, wide_at: NOW - HOUR, round: null });
  const script = [['GET /payments/transactions?altId=loc1&altType=location&startAt=2024-03-05&', answer(200, page(PAYMENT))]];
  const { events, cursor: next } = poll(scripted(script), 'transactions', cursor);
  assert.equal(events[0].subject, 'o1');
  assert.equal(JSON.parse(next).wide_at, NOW);
});

test('a history has what was made within it', () => {
  const at = Date.parse('2024-04-04T16:24:27.036Z');
  const asked = 'GET /payments/orders?altId=loc1&startAt=2024-04-03&endAt=2024-04-05&limit=100&offset=0';
  for (const [start, end, count] of [[at, at + 1, 1], [at - 9, at, 0], [at + 1, at + 9, 0]]) {
    const shop = scripted([[asked, answer(200, page(ORDER))]]);
    const { events, cursor, more } = backfill(shop, 'order-list', { start: BigInt(start), end: BigInt(end) });
    assert.deepEqual([events.length, cursor, more], [count, undefined, false]);
  }
});

test('a trigger or cursor that is not known is refused, and a vendor that refuses is asked again', () => {
  assert.throws(() => poll(scripted([]), 'toString'), tagged('rejected'));
  for (const cursor of ['', '{}', '[]', 'null', '{"since":1,"wide_at":"2"}', '{"since":1,"wide_at":2,"round":{"start":1}}']) {
    assert.throws(() => poll(scripted([]), 'transactions', cursor), tagged('rejected'), cursor);
  }
  for (const body of ['{"data":[]}', '{"data":[],"totalCount":-1}', '{"data":[{}],"totalCount":1}']) {
    const shop = scripted([['GET /payments/orders', answer(200, body)]]);
    assert.throws(() => poll(shop, 'order-list'), tagged('retry'), body);
  }
});
