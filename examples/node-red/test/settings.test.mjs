/** @file Settings of a form reach the connector as they were typed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fields, settingsText, valuesOf } from '../lib/settings.mjs';

const schema = {
  type: 'object',
  required: ['location'],
  properties: {
    location: { type: 'string', title: 'Location', examples: ['L1'] },
    mode: { type: 'string', enum: ['live', 'test'], default: 'live' },
    days: { type: 'integer' },
    least: { type: 'number' },
    writes: { type: 'boolean', default: true },
    'a/b~c': { type: 'string' },
    extra: { type: 'object', additionalProperties: { type: 'string' } },
    delivery: {
      type: 'object',
      title: 'Delivery',
      required: ['note'],
      properties: { note: { type: 'string', default: '-' } },
    },
  },
};

test('a field for each setting, by the schema', () => {
  const drawn = fields(schema);
  assert.deepEqual(
    drawn.map(({ pointer, kind, hint }) => [pointer, kind, hint]),
    [
      ['/location', 'text', 'L1'],
      ['/mode', 'choice', 'live'],
      ['/days', 'number', ''],
      ['/least', 'number', ''],
      ['/writes', 'switch', 'true'],
      ['/a~1b~0c', 'text', ''],
      ['/extra', 'json', ''],
      ['/delivery/note', 'text', '-'],
    ],
  );
  assert.deepEqual(
    drawn.filter(({ isRequired }) => isRequired).map(({ pointer }) => pointer),
    ['/location'],
  );
  assert.equal(drawn.at(-1).group, 'Delivery');
});

test('numbers stay as they were typed, and what is empty is left out', () => {
  const values = {
    '/location': 'L"1',
    '/mode': '',
    '/least': '90071992547409.930',
    '/writes': 'false',
    '/a~1b~0c': 'x',
    '/extra': '{"k":1.10}',
    '/delivery/note': '{{ order.note }}',
  };
  assert.equal(
    settingsText(schema, values),
    '{"location":"L\\"1","least":90071992547409.930,"writes":false,"a/b~c":"x","extra":{"k":1.10},"delivery":{"note":"{{ order.note }}"}}',
  );
  assert.equal(settingsText(schema, {}), '{}');
});

test('a value that is not of its kind is an error that names its setting', () => {
  for (const [pointer, value] of [
    ['/days', '0x1'],
    ['/least', '1.'],
    ['/writes', 'yes'],
    ['/extra', '{'],
    ['/other', 'x'],
  ]) {
    assert.throws(() => settingsText(schema, { [pointer]: value }), new RegExp(pointer), value);
  }
});

test('ready-made settings fill the form', () => {
  const settings = { location: 'L1', writes: false, days: 30, delivery: { note: 'n' }, extra: { k: 'v' } };
  const values = { '/location': 'L1', '/writes': 'false', '/days': '30', '/delivery/note': 'n', '/extra': '{"k":"v"}' };
  assert.deepEqual(valuesOf(schema, settings), values);
  assert.deepEqual(JSON.parse(settingsText(schema, values)), settings);
});
