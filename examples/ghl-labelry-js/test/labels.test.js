import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../src/failure.js';
import { check } from '../src/check.js';
import { make } from '../src/labels.js';
import { ORDER, PAYMENT, answer, denied, lost, page, scripted } from './vendors.js';

const LABEL = '{"id":"7","url":"https://l.example/7"}';
const SAID = 'Address label 7: https://l.example/7';

const asked = (order = ORDER, ...payments) => [
  ['GET /payments/orders/o1', answer(200, order)],
  ['GET /payments/transactions', answer(200, page(...payments))],
];
const paid = (...script) => [...asked(ORDER, PAYMENT), ...script];
const none = ['GET /labels?reference=o1', answer(200, '{"labels":[]}')];
const made = ['POST /labels', answer(201, LABEL)];
const noNotes = ['GET /contacts/c1/notes', answer(200, '{"notes":[]}')];
const noted = ['POST /contacts/c1/notes', answer(201, '{"note":{"id":"n1"}}')];

const verbs = (receipt) => receipt.val.effects.map(({ verb, kind }) => `${verb} ${kind}`);

/** The failure that `script` ends in. */
function failure(script, settings) {
  try {
    make(scripted(script, settings), 'o1');
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error.payload;
  }
  assert.fail('it succeeded');
}

test('a paid order gets a label and its contact a note', () => {
  const shop = scripted(paid(none, made, noNotes, noted));
  const receipt = make(shop, 'o1');
  assert.deepEqual(verbs(receipt), ['created label', 'noted note']);
  assert.equal(receipt.val.effects[0].link, 'https://l.example/7');
  assert.deepEqual(shop.left, []);
  assert.deepEqual(shop.written.map(({ body }) => body), [
    '{"reference":"o1","name":"Ada Fuller","address":"1 High Street, Leeds, LS1 4AP, GB"}',
    `{"body":"${SAID}\\n[transload label o1]"}`,
  ]);
  assert.deepEqual(shop.asked.slice(0, 2), [
    'GET /payments/orders/o1?altId=loc1',
    'GET /payments/transactions?altId=loc1&altType=location&entityId=o1&limit=100&offset=0',
  ]);
});

test('what is there is not made again', () => {
  const there = ['GET /labels', answer(200, `{"labels":[${LABEL}]}`)];
  const note = ['GET /contacts/c1/notes', answer(200, `{"notes":[{"id":"n1","body":"${SAID}\\n[transload label o1]"}]}`)];
  const shop = scripted(paid(there, note));
  assert.deepEqual(verbs(make(shop, 'o1')), ['verified label', 'verified note']);
  assert.deepEqual(shop.written, []);
});

test('an order that is not to be sent has none', () => {
  const cancelled = ORDER.replace('"pending"', '"cancelled"');
  const part = PAYMENT.replace('150.1', '150.09');
  const failed = PAYMENT.replace('succeeded', 'failed');
  for (const script of [asked(), asked(cancelled, PAYMENT), asked(ORDER, part), asked(ORDER, failed)]) {
    assert.equal(make(scripted(script), 'o1').val, 'the setting `label_when` leaves order o1 out');
  }
  assert.equal(make(scripted(paid(none), { writes: false }), 'o1').val, 'the setting `writes` is off');
  const live = scripted([asked()[0]], { mode: 'live' });
  assert.equal(make(live, 'o1').val, 'o1 is a test order, and the setting `mode` leaves those out');
  const gone = scripted([['GET /payments/orders/o1', answer(400, '{"message":"Order not found"}')]]);
  assert.equal(make(gone, 'o1').val, 'GoHighLevel has no order o1');
});

test('payments of the invoice that bills an order count, and renewals do not', () => {
  const billed = ORDER.replace('{', '{"source": {"type": "invoice", "id": "i1"},');
  const ofInvoice = PAYMENT.replace('"t1"', '"t2"').replace('150.1', '50.05').replace('"order"', '"invoice"');
  const own = PAYMENT.replace('150.1', '100.05');
  const renewal = PAYMENT.replace('"t1"', '"t3"').replace('"chargeId"', '"subscriptionId": "s1", "chargeId"');
  const next = renewal.replace('2024-04-04T16:25', '2024-05-04T16:25');
  const byInvoice = ['GET /payments/transactions', answer(200, page(ofInvoice, own))];
  const script = [...asked(billed, own, next), byInvoice, none, made, noNotes, noted];
  // 100.05 + 50.05 = 150.10
  assert.deepEqual(verbs(make(scripted(script), 'o1')), ['created label', 'noted note']);
  const unpaid = make(scripted(asked(ORDER, next)), 'o1');
  assert.equal(unpaid.val, 'the setting `label_when` leaves order o1 out');
});

test('failures are sorted by what can be done about them', () => {
  for (const [given, tag, reason] of [
    [lost(), 'retry', 'POST /labels: the connection failed: connection-terminated'],
    [denied(), 'needs-attention', 'POST /labels: the host refused the call'],
    [answer(401, '{"error":"no such key"}'), 'needs-attention', 'POST /labels answered 401: no such key'],
    [answer(403, ''), 'needs-attention', 'POST /labels answered 403: an empty body'],
    [answer(422, '{"error":"no"}'), 'rejected', 'POST /labels answered 422: no'],
    [answer(404, '<html>'), 'rejected', 'POST /labels answered 404: <html>'],
    [answer(500, 'oops'), 'retry', 'POST /labels answered 500: oops'],
    [answer(201, '{"id": '), 'retry', 'POST /labels answered with something that is no JSON: {"id":'],
    [answer(201, '{}'), 'rejected', "POST /labels answered something unexpected: a label's id is missing"],
    [answer(201, '[]'), 'rejected', 'POST /labels answered something unexpected: an object is needed'],
  ]) {
    const failed = failure(paid(none, ['POST /labels', given]));
    const said = failed.val.reason ?? failed.val;
    assert.equal(failed.tag, tag, said);
    assert.ok(said.startsWith(reason), said);
  }
});

test('a vendor that asks to wait is waited for', () => {
  const busy = (headers) => failure([['GET /payments/orders/o1', answer(429, '{}', headers)]]).val.afterMs;
  assert.equal(busy({ 'retry-after': '2' }), 2000n);
  assert.equal(busy({ 'x-ratelimit-interval-milliseconds': '10000' }), 10000n);
  assert.equal(busy({ 'x-ratelimit-daily-remaining': '0', 'x-ratelimit-daily-reset': '5000' }), 5000n);
  assert.equal(busy({}), undefined);
});

test('an order that makes no sense is not guessed at', () => {
  for (const [from, to, problem] of [
    ['"currency": "USD", ', '', 'order o1: currency is missing'],
    ['150.1', '"many"', 'amount: a number is needed'],
    ['"qty": 2', '"qty": -2', 'order o1: items[1].qty is below zero'],
    ['"_id": "p2", ', '', 'order o1: items[1].price: _id is missing'],
  ]) {
    const failed = failure([['GET /payments/orders/o1', answer(200, ORDER.replace(from, to))]]);
    assert.equal(failed.val, `GET /payments/orders/o1 answered something unexpected: ${problem}`);
    assert.equal(failed.tag, 'rejected');
  }
  const nowhere = ORDER.replace('"address1": "1 High Street",', '');
  assert.equal(
    failure([...asked(nowhere, PAYMENT), none]).val,
    'order o1 has no name or no address to print; add it, then retry',
  );
});

test('without the permission for notes the label is made all the same', () => {
  for (const script of [[['GET /contacts/c1/notes', denied()]], [noNotes, ['POST /contacts/c1/notes', denied()]]]) {
    assert.deepEqual(verbs(make(scripted(paid(none, made, ...script)), 'o1')), ['created label']);
  }
});

test('each permission is tried and a rule that fails is told', () => {
  const empty = answer(200, page());
  const script = () => [
    ['GET /payments/orders', empty],
    ['GET /payments/transactions', empty],
    ['GET /labels?reference=transload-check', answer(401, '{"error":"no such key"}')],
  ];
  const told = (probes) => probes.map(({ scope, ok }) => `${scope} ${ok}`);
  const good = ['payments/orders.readonly true', 'payments/transactions.readonly true', 'labels.read false'];
  assert.deepEqual(told(check(scripted(script()))), [...good, 'templates true']);
  assert.deepEqual(told(check(scripted(script(), { label_when: 'order.payed' }))), [...good, 'templates false']);
});
