import assert from 'node:assert/strict';
import test from 'node:test';
import { Decimal } from '../src/decimal.js';

const decimal = (text) => Decimal.parse(text);

test('a number is printed as it was written', () => {
  for (const text of ['0', '150.10', '-0.05', '9223372036854775807', '0.000000000000000001', '-12']) {
    assert.equal(String(decimal(text)), text);
  }
});

test('other ways of writing a number are read', () => {
  for (const [text, value] of [['1e3', '1000'], ['1.5E-2', '0.015'], ['+7', '7'], ['.5', '0.5'], ['5.', '5'], ['007', '7']]) {
    assert.equal(String(decimal(text)), value);
  }
});

test('what is no number or does not fit is none', () => {
  const none = ['', '-', '.', 'many', '1,5', '0x10', '1e', 'NaN', '9223372036854775808', '1e19', '1e-19', '1'.repeat(65)];
  for (const text of none) assert.equal(decimal(text), undefined, text);
});

test('zeros at the end make room for digits', () => {
  assert.equal(String(decimal('1.0000000000000000000')), '1.000000000000000000');
});

test('values are compared, not digits', () => {
  assert.equal(decimal('1.5').compare(decimal('1.50')), 0);
  assert.ok(decimal('9.99').compare(decimal('10')) < 0);
  assert.ok(decimal('-1').compare(decimal('-2')) > 0);
});

test('sums and products are exact', () => {
  // In binary, 0.1 + 0.2 is 0.30000000000000004.
  assert.equal(String(decimal('0.1').plus(decimal('0.2'))), '0.3');
  assert.equal(String(decimal('150.10').minus(decimal('150.1'))), '0.00');
  assert.equal(String(decimal('2').times(decimal('60.5'))), '121.0');
  assert.throws(() => decimal('9223372036854775807').plus(decimal('1')), RangeError);
});
