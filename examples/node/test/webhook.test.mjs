/** @file Who may send webhooks. */

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';

import { Refused, Verifier } from '../lib/webhook.mjs';

const body = Buffer.from('{"id":1}');
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519').privateKey;
const pem = publicKey.export({ type: 'spki', format: 'pem' });

const api = {
  webhook: {
    signatures: [
      { tag: 'ed25519', val: 'X-Signature' },
      { tag: 'shared-token', val: 'x-token' },
    ],
    publicKeys: [pem],
  },
};
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

const isRefused = (verifier, headers, text = body) => assert.throws(() => verifier.verify(headers, text), Refused);

test('an Ed25519 signature proves the raw body', () => {
  const verifier = new Verifier(api);
  const signature = sign(null, body, privateKey).toString('base64');
  verifier.verify({ 'x-signature': signature }, body);
  isRefused(verifier, { 'x-signature': signature }, Buffer.from('{"id":2}'));
  isRefused(verifier, { 'x-signature': sign(null, body, other).toString('base64') });
  isRefused(verifier, { 'x-signature': 'N/A' });
  isRefused(verifier, {});
});

test('a weaker signature does not stand in for a stronger one that is wrong', () => {
  const verifier = new Verifier(api, { secrets: ['token'] });
  verifier.verify({ 'x-token': 'token' }, body);
  isRefused(verifier, { 'x-token': 'token', 'x-signature': 'AAAA' });
  isRefused(verifier, { 'x-token': 'tokem' });
});

test('an HMAC is taken in hex or base64, by any of the secrets', () => {
  const verifier = new Verifier(api, { secrets: ['old', 'new'], signatures: [{ 'hmac-sha256': 'x-hmac' }] });
  verifier.verify({ 'x-hmac': hmac('old', body).toString('hex') }, body);
  verifier.verify({ 'x-hmac': `sha256=${hmac('new', body).toString('hex')}` }, body);
  verifier.verify({ 'x-hmac': hmac('new', body).toString('base64') }, body);
  isRefused(verifier, { 'x-hmac': hmac('else', body).toString('hex') });
  isRefused(verifier, { 'x-hmac': '' });
});

test('a Standard Webhooks signature is of its time', () => {
  const key = Buffer.from('0123456789abcdef');
  const verifier = new Verifier(
    { webhook: { signatures: [{ tag: 'standard-webhooks' }], publicKeys: [] } },
    {
      secrets: [`whsec_${key.toString('base64')}`],
    },
  );
  const signed = (seconds) => {
    const time = String(Math.floor(Date.now() / 1_000) + seconds);
    const tag = hmac(key, `m1.${time}.${body}`).toString('base64');
    return { 'webhook-id': 'm1', 'webhook-timestamp': time, 'webhook-signature': `v1,AAAA v1,${tag}` };
  };
  verifier.verify(signed(0), body);
  isRefused(verifier, signed(-301));
  isRefused(verifier, signed(302));
  isRefused(verifier, { ...signed(0), 'webhook-id': 'm2' });
});

test('a connector does not see what is secret among the headers', () => {
  const headers = new Verifier(api).publicHeaders({ 'x-token': 'token', cookie: 'c', authorization: 'a', 'x-id': '1' });
  assert.deepEqual(headers, [{ name: 'x-id', value: '1' }]);
});

test('a secret or a key that anyone could use is an error', () => {
  assert.throws(() => new Verifier(api, { secrets: [''] }), /empty/);
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
  assert.throws(() => new Verifier(api, { public_keys: [weak] }), /fewer than 2048/);
});
