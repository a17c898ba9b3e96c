/** @file Forms are drawn from the manifest of the component that the environment names in `COMPONENT`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { palette } from '../lib/palette.mjs';

const { COMPONENT: component } = process.env;

test('an editor gets all it needs of a connector', { skip: !component }, async () => {
  const { title, fields, templates, apis, triggers, actions } = await palette(component);
  assert.equal(title, 'GoHighLevel ↔ Track-POD');
  assert.ok(
    fields.some(({ pointer, kind, choices }) => pointer === '/mode' && kind === 'choice' && choices.includes('live')),
  );
  const [{ values }] = templates;
  assert.equal(values['/mode'], 'live');
  const names = new Set(fields.map(({ pointer }) => pointer));
  assert.deepEqual(
    Object.keys(values).filter((pointer) => !names.has(pointer)),
    [],
  );
  const ghl = apis.find(({ name }) => name === 'ghl');
  assert.equal(ghl.baseUrl, 'https://services.leadconnectorhq.com');
  assert.deepEqual(
    ghl.scopes.filter(({ scope }) => scope.startsWith('contacts')),
    [
      { scope: 'contacts.readonly', isWrite: false },
      { scope: 'contacts.write', isWrite: true },
    ],
  );
  assert.equal(triggers.find(({ name }) => name === 'orders').webhook, 'ghl');
  assert.equal(triggers.find(({ name }) => name === 'transactions').seconds, 300);
  assert.equal(JSON.parse(actions.find(({ name }) => name === 'record-payment').sample).amount, '50.00');
  assert.equal(await palette(component), await palette(component));
});

test('a file that is no connector is an error', async () => {
  await assert.rejects(palette('/nowhere.wasm'), /ENOENT/);
});
