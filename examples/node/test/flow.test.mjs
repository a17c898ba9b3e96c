/** @file Each event once, one subject at a time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Flow } from '../lib/flow.mjs';

const done = (followUps = []) => ({ tag: 'done', val: { effects: [], followUps, alerts: [] } });

/** A connector that tells when calls begin and end. */
function connector(handle = async () => done()) {
  const seen = [];
  return {
    seen,
    handle: async (event, { attempt }) => {
      seen.push(`begin ${event.id} ${attempt}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const receipt = await handle(event, attempt);
      seen.push(`end ${event.id}`);
      return receipt;
    },
  };
}

test('events of one subject do not overlap, those of others do', async () => {
  const one = connector();
  const flow = new Flow(one);
  const event = (id, subject) => [{ id, subject }];
  await Promise.all([flow.settle(event('a1', 'a')), flow.settle(event('a2', 'a')), flow.settle(event('b1', 'b'))]);
  assert.ok(one.seen.indexOf('end a1') < one.seen.indexOf('begin a2 1'));
  assert.ok(one.seen.indexOf('begin b1 1') < one.seen.indexOf('end a1'));
});

test('an event is handled once, and what follows from it', async () => {
  const follow = { id: 'f', subject: 'b' };
  const one = connector(async (event) => done(event.id === 'a' ? [follow] : []));
  const flow = new Flow(one);
  await flow.settle([{ id: 'a', subject: 'a' }]);
  assert.deepEqual(await flow.settle([{ id: 'a', subject: 'a' }, follow]), []);
  assert.deepEqual(one.seen, ['begin a 1', 'end a', 'begin f 1', 'end f']);
});

test('a failure is told, the event is tried again, and others of its subject go on', async () => {
  let isDown = true;
  const flow = new Flow(
    connector(async () => {
      if (isDown) throw new Error('down');
      return done();
    }),
  );
  const [first, second] = [
    { id: 'a', subject: 's' },
    { id: 'b', subject: 's' },
  ];
  await assert.rejects(flow.settle([first]), /down/);
  isDown = false;
  assert.equal((await flow.settle([second, first])).length, 2);
});

test('what never ends is stopped', async () => {
  let count = 0;
  const next = () => ({ id: `e${(count += 1)}`, subject: 's' });
  const flow = new Flow({ handle: async () => done([next()]) });
  await assert.rejects(flow.settle([next()]), /more than 1000 events/);
});
