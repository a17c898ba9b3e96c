import assert from 'node:assert/strict';
import test from 'node:test';
import { Failure } from '../src/failure.js';
import { parse } from '../src/json.js';
import { holds } from '../src/rules.js';

const SCOPE = parse(`{
  "order": {"physical": true, "total": 150.10, "due": 0, "status": "pending", "note": null,
    "customer": {"name": "Ada \\"A\\" Fuller"}, "lines": [{"sku": "tee", "quantity": 1}, {"sku": "coat", "quantity": 2.5}]},
  "raw": {"source": {"type": "web-site"}, "huge": 9007199254740993}
}`);

const does = (rule) => holds('label_when', rule, SCOPE);

test('rules hold', () => {
  for (const rule of [
    'order.physical and order.due == 0 and order.status != "cancelled"',
    'order.total >= 150.1',
    'order.total > 9',
    'order.total == 150.100',
    'not order.total < 10 and not (order.total < 11)',
    'false or true and true',
    'raw.source.type in ["web-site", \'app\']',
    '"site" in raw["source"]["type"]',
    'order.status not in ["cancelled"]',
    'order.lines[1].quantity == 2.5',
    'order.lines | length == 2',
    'order.lines | sum("quantity") == 3.5',
    'order.total | minus(order.due) | times(2) == 300.2',
    'order.status | upper == "PENDING"',
    'order.note is none and order.note | default("x") == "x"',
    'raw.coupon is not defined and order.total is defined',
    'raw.coupon | default(7) == 7',
    'raw.huge > 9007199254740992',
    'order.customer.name == "Ada \\"A\\" Fuller"',
    '"secret" != order.status and [] == [] or True',
  ]) {
    assert.equal(does(rule), true, rule);
    assert.equal(does(`not (${rule})`), false, rule);
  }
});

test('what the first part decides, the second is not asked for', () => {
  assert.equal(does('order.physical or raw.coupon.code == "x"'), true);
  assert.equal(does('raw.coupon is defined and raw.coupon.code == "x"'), false);
});

test('a rule that is wrong needs a person, who is told what is wrong', () => {
  for (const [rule, problem] of [
    ['order.payed', 'there is no order.payed'],
    ['order.payed.twice == 1', 'there is no order.payed'],
    ['coupon == 1', 'there is no coupon'],
    ['order.total', 'gives 150.10: it must be true or false'],
    ['order.status > 5', 'pending and 5 cannot be compared'],
    ['order.total >', 'it ends where a value is needed'],
    ['(order.physical', '`)` is missing'],
    ['order.physical order.due', '`order` is not expected there'],
    ['order.total == = 5', '`=` is not understood'],
    ['order.lines | shuffle == 1', 'there is no filter `shuffle`'],
    ['order.total is odd', 'there is no test `odd`'],
    ['order.total == 99999999999999999999', 'there is no number as large as'],
    ['order.total | times(9223372036854775807) > 1', 'more digits than 64 bits hold'],
    ['"constructor" == order.constructor', 'there is no order.constructor'],
    [`${'('.repeat(51)}true${')'.repeat(51)}`, 'nested more than 50 deep'],
    [`true${' and true'.repeat(500)}`, 'longer than 4096 characters'],
  ]) {
    assert.throws(
      () => does(rule),
      (error) => error instanceof Failure && error.payload.tag === 'needs-attention' && error.message.includes(problem),
      rule,
    );
  }
  assert.equal(does(`${'('.repeat(50)}true${')'.repeat(50)}`), true);
});
