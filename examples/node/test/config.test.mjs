/** @file Configurations whose secrets lie elsewhere. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { readConfig } from '../lib/index.mjs';

let directory;
before(async () => { directory = await mkdtemp(join(tmpdir(), 'transload-')); });
after(() => rm(directory, { recursive: true }));

async function read(config) {
  const file = join(directory, 'config.json');
  await writeFile(file, JSON.stringify(config));
  return readConfig(file);
}

test('secrets are read from files beside the configuration and from the environment, below apis alone', async () => {
  await writeFile(join(directory, 'token'), 'pit-1\n');
  process.env.TRANSLOAD_TEST_SECRET = 's3cret';
  const apis = { ghl: { credential: 'file:token', webhook: { secrets: ['env:TRANSLOAD_TEST_SECRET', 'plain'] } } };
  const config = await read({ apis, settings: { note: 'file:token' } });
  assert.deepEqual(config.apis.ghl, { credential: 'pit-1', webhook: { secrets: ['s3cret', 'plain'] } });
  assert.deepEqual(config.settings, { note: 'file:token' });
});

test('a variable that is not set is named', async () => {
  await assert.rejects(read({ apis: { ghl: { credential: 'env:TRANSLOAD_TEST_NOWHERE' } } }), /TRANSLOAD_TEST_NOWHERE/);
});
