import assert from 'node:assert/strict';
import test from 'node:test';
import { Decimal } from '../src/decimal.js';
import { Misread, currency, flag, instant, list, number, object, parse, text } from '../src/json.js';

test('numbers keep their digits', () => {
  // As doubles these would be 9007199254740992 and 150.1.
  const { id, amount } = parse('{"id": 9007199254740993, "amount": 150.10}');
  assert.deepEqual([String(id), String(amount)], ['9007199254740993', '150.10']);
  assert.ok(amount instanceof Decimal);
});

test('a number that no decimal holds is kept as it is written', () => {
  assert.equal(parse('{"huge": 1e400}').huge, '1e400');
});

test('texts are left alone, whatever stands in them', () => {
  const written = { plain: '12.50', quoted: 'say "1.5"', slash: 'C:\\7\\', sign: 'é 2 \u2028', nested: [['-1']] };
  assert.deepEqual(parse(JSON.stringify(written)), written);
});

test('what is no JSON is refused', () => {
  for (const json of ['', '{"a": 1', '{"a": 01}', '{"a": 1.}', '{"a": .5}', '{"a": +1}', '{"a": "1}', '<html>', '{1: 2}']) {
    assert.throws(() => parse(json), SyntaxError, json);
  }
});

test('what is missing, null or empty is none', () => {
  for (const json of ['{}', '{"a": null}', '{"a": ""}', '{"a": "  "}']) {
    const parent = parse(json);
    for (const read of [text, flag, number, currency, instant]) assert.equal(read(parent, 'a'), undefined, json);
  }
  assert.deepEqual([list({}, 'a'), object({}, 'a')], [[], {}]);
});

test('the wrong kind of value is read for what it means', () => {
  const parent = parse('{"text": 42.0, "flag": "true", "number": "17.50", "currency": "usd", "one": {"a": 1}}');
  assert.equal(text(parent, 'text'), '42.0');
  assert.equal(flag(parent, 'flag'), true);
  assert.equal(String(number(parent, 'number')), '17.50');
  assert.equal(currency(parent, 'currency'), 'USD');
  assert.equal(list(parent, 'one').length, 1);
});

test('a time needs an offset', () => {
  // By `date -ud 2024-02-01T10:00:00Z +%s`.
  assert.equal(instant({ at: '2024-02-01T12:00:00.250+02:00' }, 'at'), 1_706_781_600_250);
  for (const at of ['2024-02-01T10:00:00', 'yesterday', '1969-12-31T23:59:59Z', '2024-13-01T00:00:00Z']) {
    assert.equal(instant({ at }, 'at'), undefined, at);
  }
});

test('nonsense is told of by its name and not its value', () => {
  const parent = parse('{"a": ["secret"], "b": "secret"}');
  const nonsense = [[text, 'a'], [object, 'a'], [list, 'b'], [flag, 'b'], [number, 'b'], [currency, 'b']];
  for (const [read, name] of nonsense) {
    assert.throws(() => read(parent, name), (error) => error instanceof Misread && !error.message.includes('secret'));
  }
});
