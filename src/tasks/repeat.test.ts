import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEventLog } from '../../test/harness/event-log.ts';
import { repeat } from './repeat.ts';

test('looks at once and again, never twice at a time, also after a look that throws', async () => {
  const log = createEventLog();
  let looking = 0;
  let looks = 0;
  const enough = Promise.withResolvers<void>();
  const loop = repeat({
    look: async () => {
      assert.equal(looking++, 0);
      await new Promise(setImmediate);
      looking--;
      looks++;
      if (looks === 2) {
        throw new Error('no luck');
      }
      if (looks === 5) {
        enough.resolve();
      }
    },
    intervalMs: 0,
    log,
    event: 'look.failed',
  });
  await enough.promise;
  await loop.stop();
  assert.deepEqual(log.names, ['look.failed']);
});

test('stop waits for the look under way, and none follows', async () => {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let looks = 0;
  const loop = repeat({
    look: () => {
      looks++;
      begun.resolve();
      return end.promise;
    },
    intervalMs: 0,
    log: createEventLog(),
    event: 'look.failed',
  });
  await begun.promise;
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  assert.equal(stopped, false);
  end.resolve();
  await stopping;
  await new Promise(setImmediate);
  assert.equal(looks, 1);
});
