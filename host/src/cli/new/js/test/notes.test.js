import assert from 'node:assert/strict';
import test from 'node:test';
import { NoAnswer } from '../src/api.js';
import { ghl } from '../src/ghl.js';
import { noteOrder, onOrder, receive } from '../src/notes.js';
import { readSettings } from '../src/settings.js';

const ORDER = '{"_id":"o1","contactId":"c1","status":"pending","amount":150.10,"currency":"USD"}';
const SAID = 'New order o1: 150.10 USD';

/** What flows are given, with a vendor that answers by `script`: the call's beginning, status, body. */
function scripted(script, settings = {}) {
  const calls = [];
  const send = ({ method, url, body }) => {
    const call = `${method.toUpperCase()} ${url.replace(/^https:\/\/[^/]+/, '')}`;
    calls.push(body === undefined ? call : `${call} ${body}`);
    const [, status, answer] = script.find(([begin]) => call.startsWith(begin)) ?? assert.fail(`nothing answers ${call}`);
    if (answer instanceof Error) throw answer;
    return { status, body: answer, headers: new Map() };
  };
  const read = readSettings(JSON.stringify({ location_id: 'l1', ...settings }));
  return { ghl: ghl(send, read.locationId), settings: read, calls };
}

const order = ['GET /payments/orders/o1', 200, ORDER];
const notes = (...bodies) => [
  'GET /contacts/c1/notes',
  200,
  JSON.stringify({ notes: bodies.map((body, index) => ({ id: `n${index}`, body })) }),
];
const noted = ['POST /contacts/c1/notes', 201, '{"note":{"id":"n9"}}'];

test('an order is noted with its total, digit for digit', () => {
  const shop = scripted([order, notes(), noted]);
  const { tag, val } = onOrder(shop, 'o1');
  assert.deepEqual([tag, val.effects], ['done', [{ verb: 'noted', id: 'n9', summary: SAID, system: 'ghl', kind: 'note' }]]);
  assert.deepEqual(shop.calls, [
    'GET /payments/orders/o1?altId=l1',
    'GET /contacts/c1/notes',
    `POST /contacts/c1/notes {"body":"${SAID}\\n[{{name}} o1]"}`,
  ]);
});

test('what is noted is not noted again', () => {
  const shop = scripted([order, notes('Called', `${SAID}\n[{{name}} o1]`)]);
  assert.equal(onOrder(shop, 'o1').val.effects[0].verb, 'verified');
});

test('an order below the smallest total gets no note', () => {
  const smaller = scripted([order], { minimum_total: '150.11' });
  assert.equal(onOrder(smaller, 'o1').val, 'order o1 is below `minimum_total`');
  const same = scripted([order, notes(), noted], { minimum_total: '150.1' });
  assert.equal(onOrder(same, 'o1').tag, 'done');
});

test('failures are sorted by what can be done about them', () => {
  for (const [status, answer, tag] of [
    [401, '{}', 'needs-attention'],
    [422, '{"message":"no"}', 'rejected'],
    [429, '{}', 'retry'],
    [200, '<html>', 'retry'],
    [0, new NoAnswer('failed', 'the connection failed'), 'retry'],
    [0, new NoAnswer('denied', 'the host refused the call'), 'needs-attention'],
  ]) {
    const shop = scripted([['GET /payments/orders/o1', status, answer]]);
    assert.throws(() => onOrder(shop, 'o1'), (error) => error.payload.tag === tag, `${status} ${answer}`);
  }
  const gone = scripted([['GET /payments/orders/o1', 404, '{"message":"Order not found"}']]);
  assert.equal(onOrder(gone, 'o1').val, 'GoHighLevel has no order o1');
});

test('a webhook of an order is an event, and others are of no interest', () => {
  const hook = (members) => JSON.stringify({ webhookId: 'w1', locationId: 'l1', ...members }).replace('}', `,${ORDER.slice(1)}`);
  const [event] = receive(scripted([]), hook({ type: 'OrderCreate' }));
  assert.deepEqual([event.id, event.subject, event.change.val.total.amount.units], ['order o1 w1', 'o1', 15010n]);
  for (const body of [hook({ type: 'ContactCreate' }), hook({ type: 'OrderCreate', locationId: 'l2' })]) {
    assert.deepEqual(receive(scripted([]), body), []);
  }
  for (const body of ['', '[]', '{"type":"OrderCreate","locationId":"l1"}']) {
    assert.throws(() => receive(scripted([]), body), (error) => error.payload.tag === 'rejected', body);
  }
});

test('the action says what it did', () => {
  const shop = scripted([order, notes(), noted]);
  assert.deepEqual(JSON.parse(noteOrder(shop, '{"order_id":"o1"}')), { done: true, message: SAID });
  assert.throws(() => noteOrder(shop, '{}'), (error) => error.payload.tag === 'rejected');
});
