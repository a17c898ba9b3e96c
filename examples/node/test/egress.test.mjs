/** @file What leaves and what does not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Egress } from '../lib/egress.mjs';

const endpoint = (method, path, scope, access, inDoubt = 'resend', pathSetting) => ({
  method,
  path,
  scope,
  access,
  inDoubt,
  pathSetting,
});

const manifest = {
  apis: [
    {
      name: 'shop',
      baseUrl: 'https://shop.example/v1',
      credential: { tag: 'bearer' },
      endpoints: [
        endpoint('get', '/orders/{id}', 'orders.read', 'read'),
        endpoint('get', '/orders/search', 'orders.search', 'read'),
        endpoint('post', '/orders', 'orders.write', 'write'),
        endpoint('post', '/notes', 'orders.write', 'write', 'verify', '/paths/notes'),
        endpoint('post', '/messages', 'orders.write', 'write', 'never'),
      ],
      rates: [],
      idempotencyHeader: 'idempotency-key',
    },
    {
      name: 'post',
      baseUrl: 'https://post.example',
      credential: { tag: 'header', val: 'X-Key' },
      endpoints: [],
      rates: [],
    },
  ],
};

const SECRET = 'pit-a/b"c';

/** An egress whose requests are kept, and answered by `answer`. */
function stand({
  scopes = ['orders.read', 'orders.write'],
  answer = () => new Response('ok'),
  settings = {},
  ...options
} = {}) {
  const sent = [];
  const denied = [];
  const fetch = async (url, request) => {
    sent.push({ url, ...request, headers: new Headers(request.headers) });
    return answer(request);
  };
  const grants = { shop: { credential: SECRET, scopes, base_url: options.base_url } };
  const egress = new Egress(manifest, settings, grants, { fetch, ...options });
  const writes = new Map();
  const ask = (call, method, path, { headers = [], body = '', authority = 'shop.example', scheme = 'https' } = {}) =>
    call({ method, scheme, authority, path, headers, body: Buffer.from(body) });
  const begin = (limits = {}) => {
    const call = egress.call({ event: 'e1', writes, ...limits }, (reason) => denied.push(reason));
    return (...parameters) => ask(call, ...parameters);
  };
  return { begin, sent, denied };
}

test('what is granted goes out with the credential', async () => {
  const { begin, sent } = stand();
  const { response } = await begin()('GET', '/v1/orders/42?a=b', { headers: [['version', Buffer.from('1')]] });
  assert.equal(response.status, 200);
  assert.equal(sent[0].url, 'https://shop.example:443/v1/orders/42?a=b');
  assert.equal(sent[0].headers.get('authorization'), `Bearer ${SECRET}`);
  assert.equal(sent[0].headers.get('version'), '1');
  assert.equal(sent[0].redirect, 'manual');
});

test('a base URL can be moved', async () => {
  const { begin, sent } = stand({ base_url: 'http://127.0.0.1:4010/ghl/' });
  await begin()('GET', '/v1/orders/42');
  assert.equal(sent[0].url, 'http://127.0.0.1:4010/ghl/orders/42');
  assert.throws(() => stand({ base_url: 'http://10.0.0.1/ghl' }), /not https/);
});

test('what is not granted is denied with the line that would allow it', async () => {
  const { begin, sent, denied } = stand({ scopes: ['orders.read'] });
  const { error } = await begin()('POST', '/v1/orders');
  assert.equal(error.tag, 'HTTP-request-denied');
  await begin()('GET', '/v1/orders/search');
  await begin()('DELETE', '/v1/orders/42');
  await begin()('GET', '/', { authority: 'post.example' });
  assert.deepEqual(denied, [
    'POST /orders is not granted; add "orders.write" to apis.shop.scopes',
    'GET /orders/search is not granted; add "orders.search" to apis.shop.scopes',
    "the connector's manifest of shop describes no such call; only its author can add it",
    'nothing is granted for post; add apis.post with its scopes',
  ]);
  assert.deepEqual(sent, []);
});

test('a call that may only read writes nothing, nor does a connection that may only read', async () => {
  const { begin, sent, denied } = stand();
  await begin({ readsOnly: true })('POST', '/v1/orders');
  const readOnly = stand({ readOnly: true });
  await readOnly.begin()('POST', '/v1/orders');
  assert.match(denied[0], /^POST \/orders writes, and the contract/);
  assert.equal(readOnly.denied[0], 'POST /orders writes, and read_only is true');
  assert.deepEqual([...sent, ...readOnly.sent], []);
});

for (const [what, path, options] of [
  ['another host', '/v1/orders/42', { authority: 'shop.example.evil.example' }],
  ['a user name', '/v1/orders/42', { authority: 'shop.example@evil.example' }],
  ['another port', '/v1/orders/42', { authority: 'shop.example:8443' }],
  ['plain HTTP', '/v1/orders/42', { scheme: 'http' }],
  ['above the base URL', '/orders/42', {}],
  ['dots', '/v1/orders/..', {}],
  ['encoded dots', '/v1/orders/%2e%2E', {}],
  ['dots that are encoded twice', '/v1/orders/%252e%252e', {}],
  ['dots with parameters', '/v1/orders/..;x', {}],
  ['an encoded slash', '/v1/orders/a%2fb', {}],
  ['a line break', '/v1/orders/a%0d%0ab', {}],
  ['an empty name', '/v1/orders/', {}],
  ['a fragment', '/v1/orders/42#x', {}],
  ['an endpoint in disguise', '/v1/orders/%73earch', {}],
  ['an endpoint in capitals', '/v1/orders/Search', {}],
]) {
  test(`${what} is no way out`, async () => {
    const { begin, sent, denied } = stand({ scopes: ['orders.read'] });
    await begin()('GET', path, options);
    assert.equal(denied.length, 1);
    assert.deepEqual(sent, []);
  });
}

for (const name of ['authorization', 'x_key', 'idempotency-key', 'x-http-method-override', 'proxy-authorization']) {
  test(`a connector may not set ${name}`, async () => {
    const { begin, sent, denied } = stand();
    await begin()('GET', '/v1/orders/42', { headers: [[name, Buffer.from('mine')]] });
    assert.ok(denied[0].includes(name), denied[0]);
    assert.deepEqual(sent, []);
  });
}

test('a credential that is echoed does not come back, in any form', async () => {
  const echoes = `${SECRET} pit-a%2Fb%22c pit-a%2fb%22c {"k":"pit-a\\/b\\"c"}`;
  const headers = { 'x-echo': `Bearer ${SECRET}`, 'set-cookie': 'session=1' };
  const { begin } = stand({ answer: () => new Response(echoes, { headers }) });
  const { response } = await begin()('GET', '/v1/orders/42');
  assert.equal(Buffer.from(response.body).toString(), '[redacted] [redacted] [redacted] {"k":"[redacted]"}');
  const returned = response.headers.map(([name, value]) => [name, Buffer.from(value).toString()]);
  assert.deepEqual(
    returned.find(([name]) => name === 'x-echo'),
    ['x-echo', 'Bearer [redacted]'],
  );
  assert.ok(!returned.some(([name]) => name === 'set-cookie'));
});

test('an answer of more than 8 MiB is cut off', async () => {
  const sized = (bytes) => stand({ answer: () => new Response(new Uint8Array(bytes)) }).begin()('GET', '/v1/orders/42');
  assert.equal((await sized(8 << 20)).response.body.length, 8 << 20);
  assert.deepEqual((await sized((8 << 20) + 1)).error, { tag: 'HTTP-response-body-size', val: 8388608n });
});

test('a write that succeeded is answered from memory when its event runs again', async () => {
  const { begin, sent } = stand({ answer: () => new Response('made', { status: 201 }) });
  await begin()('POST', '/v1/orders', { body: '{}' });
  const { response } = await begin()('POST', '/v1/orders', { body: '{}' });
  assert.equal(Buffer.from(response.body).toString(), 'made');
  await begin()('POST', '/v1/orders', { body: '{"other":1}' });
  assert.equal(sent.length, 2);
});

test('a write in doubt is sent again, looked up first, or not sent, as the manifest says', async () => {
  const { begin, sent, denied } = stand({
    answer: (request) => new Response('', { status: request.method === 'GET' ? 200 : 502 }),
  });
  await begin()('POST', '/v1/orders');
  await begin()('POST', '/v1/orders');
  const [first, second] = sent.map(({ headers }) => headers.get('idempotency-key'));
  assert.equal(first, second);

  await begin()('POST', '/v1/notes');
  const again = begin();
  await again('POST', '/v1/notes');
  assert.match(denied[0], /POST \/notes may have happened already/);
  await again('GET', '/v1/orders/42');
  await again('POST', '/v1/notes');

  await begin()('POST', '/v1/messages');
  assert.equal((await begin()('POST', '/v1/messages')).response.status, 208);
  const paths = sent.map(({ url }) => new URL(url).pathname.split('/').slice(2).join('/'));
  assert.deepEqual(paths, ['orders', 'orders', 'notes', 'orders/42', 'notes', 'messages']);
});

test('one call makes at most a thousand requests', async () => {
  const { begin, sent, denied } = stand();
  const ask = begin();
  for (let round = 0; round <= 1_000; round += 1) await ask('GET', '/v1/orders/42');
  assert.deepEqual([sent.length, denied.length], [1_000, 1]);
});

test('settings move a path, and no further than a path of the same kind', async () => {
  const { begin, sent, denied } = stand({ settings: { paths: { notes: '/v2/remarks' } } });
  await begin()('POST', '/v1/v2/remarks');
  await begin()('POST', '/v1/notes');
  assert.deepEqual([sent.length, denied.length], [1, 1]);
  for (const path of ['/../admin', '/a//b', 'notes', '/{id}/notes', '/a%2fb']) {
    assert.throws(() => stand({ settings: { paths: { notes: path } } }), /settings\.paths\.notes/, path);
  }
  assert.throws(() => stand({ settings: { paths: { notes: '/messages' } } }), /another kind of call/);
});

test('a configuration that fits nothing is an error', () => {
  assert.throws(() => stand({ scopes: ['*'] }), /apis\.shop\.scopes has "\*"/);
  assert.throws(() => new Egress(manifest, {}, { other: {} }), /apis\.other/);
  assert.throws(() => new Egress(manifest, {}, { shop: {} }), /set apis\.shop\.credential/);
});
