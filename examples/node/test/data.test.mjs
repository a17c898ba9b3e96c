/** @file Amounts come through exactly. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decimal, eventData, plain, toData } from '../lib/data.mjs';

test('a decimal is printed as it is', () => {
  const printed = [
    [15010n, 2],
    [-5n, 3],
    [0n, 2],
    [7n, 0],
    [9223372036854775807n, 18],
    [-9223372036854775808n, 0],
  ];
  assert.deepEqual(
    printed.map(([units, exponent]) => decimal({ units, exponent })),
    ['150.10', '-0.005', '0.00', '7', '9.223372036854775807', '-9223372036854775808'],
  );
  assert.equal(decimal({ units: '15010', exponent: 2 }), '150.10');
});

test('a record reads as the schemas of the triggers say', () => {
  const order = {
    id: 'o1',
    status: { tag: 'other', val: 'parked' },
    payment: { tag: 'partially-paid' },
    total: { amount: { units: 9007199254740993n, exponent: 2 }, currency: 'USD' },
    note: undefined,
    createdAt: 1712247867036n,
    lines: [{ unitPrice: undefined, quantity: { units: 1n, exponent: 0 } }],
  };
  assert.deepEqual(toData(order), {
    id: 'o1',
    status: 'parked',
    payment: 'partially-paid',
    total: { amount: '90071992547409.93', currency: 'USD' },
    created_at: '2024-04-04T16:24:27.036Z',
    lines: [{ quantity: '1' }],
  });
  assert.equal(JSON.parse(JSON.stringify(plain(order))).total.amount.units, '9007199254740993');
});

test('data of an event has what the schemas have a place of their own for', () => {
  const delivery = { tag: 'fulfillment', val: { id: 'd1', orderId: 'o1', proof: { signedBy: 'A. Fuller' } } };
  assert.equal(eventData(delivery).signed_by, 'A. Fuller');
  assert.equal('signed_by' in eventData({ tag: 'fulfillment', val: { id: 'd1' } }), false);
  const settles = [
    { tag: 'invoice', val: 'i1' },
    { tag: 'order', val: 'o1' },
  ];
  assert.equal(eventData({ tag: 'transaction', val: { id: 't1', settles } }).order_id, 'o1');
});
