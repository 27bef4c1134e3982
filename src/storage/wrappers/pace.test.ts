import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeObjectStorage } from '../../../test/contract/object-storage.suite.ts';
import { createMemoryStorage } from '../drivers/memory.ts';
import { withPace } from './pace.ts';

describeObjectStorage('memory, paced', { durable: false }, async () => ({
  storage: withPace(createMemoryStorage(), { bytesPerSecond: 1e12, onRead: () => {} }),
  dispose: async () => {},
}));

test('reads that come together share one rate, and each tells its bytes', async () => {
  let readBytes = 0;
  const storage = withPace(createMemoryStorage(), {
    bytesPerSecond: 1_000_000,
    onRead: (bytes) => {
      readBytes += bytes;
    },
  });
  await storage.put('object', Buffer.alloc(50_000));
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 7 }, (_, part) => storage.read('object', { offset: part, length: 40_000 })));
  await storage.read('object');
  assert.equal(readBytes, 7 * 40_000 + 50_000);
  // The last one waits until those before it have had their time: 280 ms. No upper bound, the machine may be busy.
  assert.ok(performance.now() - startedAt > 250);
});

test('a read that waits ends with its signal', async () => {
  const storage = withPace(createMemoryStorage(), { bytesPerSecond: 1, onRead: () => {} });
  await storage.put('object', Buffer.alloc(1_000));
  await storage.read('object');
  const controller = new AbortController();
  const waiting = storage.read('object', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
});
