import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BACKUP_ID, cut, writeAttempt } from '../../test/harness/attempts.ts';
import { createKeyring } from '../repository/keyring.ts';
import { createRepository } from '../repository/repository.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import { type CachedShard, createFrameCache } from './frame-cache.ts';

const FRAME = 1_000;
const PLAIN = randomBytes(40 * FRAME);
const SIGNAL = new AbortController().signal;

/** Forty stored frames, whose reading is recorded and waits for `gate`. */
async function openShard(gate: () => Promise<void> = async () => {}) {
  const repository = await createRepository(createMemoryStorage(), createKeyring());
  await writeAttempt(repository, { backupId: BACKUP_ID, attempt: 1 }, [cut(PLAIN, FRAME)]);
  const reader = await (await repository.openAttempt({ backupId: BACKUP_ID, attempt: 1 })).openShard(0);
  const reads: number[] = [];
  let reading = 0;
  let most = 0;
  const shard: CachedShard = {
    name: 'shard',
    reader: {
      ...reader,
      async read(number) {
        reads.push(number);
        most = Math.max(most, ++reading);
        await gate();
        reading--;
        return reader.read(number);
      },
    },
  };
  return { shard, reads, most: () => most };
}

const frameOf = (number: number) => PLAIN.subarray(number * FRAME, (number + 1) * FRAME);

test('all who want a frame share one decoding, and at most three frames are being decoded', async () => {
  const { shard, reads, most } = await openShard(() => new Promise((resolve) => setImmediate(resolve)));
  const cache = createFrameCache(100 * FRAME);
  const frames = await Promise.all(Array.from({ length: 100 }, (_, i) => cache.acquire(shard, i % 20, SIGNAL)));
  for (const [i, { plain }] of frames.entries()) {
    assert.ok(plain.equals(frameOf(i % 20)));
  }
  assert.deepEqual([reads.length, most()], [20, 3]);
});

test('frames in use stay whatever their number; of the others the least recently used go', async () => {
  const { shard, reads } = await openShard();
  const cache = createFrameCache(4 * FRAME);
  const frames = await Promise.all(Array.from({ length: 10 }, (_, i) => cache.acquire(shard, i, SIGNAL)));
  assert.equal(cache.keptBytes, 0);
  for (const [i, frame] of frames.entries()) {
    assert.ok(frame.plain.equals(frameOf(i)));
    frame.release();
    frame.release();
  }
  assert.equal(cache.keptBytes, 4 * FRAME);
  for (const number of [6, 7, 8, 9, 0]) {
    (await cache.acquire(shard, number, SIGNAL)).release();
  }
  assert.deepEqual(reads.slice(10), [0]);
});

test('frames are prepared as far as there is room, and none twice', async () => {
  const { shard, reads } = await openShard();
  const cache = createFrameCache(4 * FRAME);
  for (let number = 1; number <= 8; number++) {
    cache.prepare(shard, number);
    cache.prepare(shard, number);
  }
  cache.prepare(shard, 40);
  (await cache.acquire(shard, 4, SIGNAL)).release();
  assert.deepEqual(reads, [1, 2, 3, 4]);
  // One that was taken makes room for another.
  cache.prepare(shard, 5);
  (await cache.acquire(shard, 5, SIGNAL)).release();
  assert.deepEqual(reads, [1, 2, 3, 4, 5]);
});

test('who goes before it is their turn costs no decoding and holds nothing', async () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { shard, reads } = await openShard(() => opened);
  const cache = createFrameCache(4 * FRAME);
  const staying = [0, 1, 2].map((number) => cache.acquire(shard, number, SIGNAL));
  const going = new AbortController();
  const gone = [3, 4, 5].map((number) => cache.acquire(shard, number, going.signal));
  const both = [cache.acquire(shard, 6, going.signal), cache.acquire(shard, 6, SIGNAL)] as const;
  going.abort(new Error('gone'));
  open();
  for (const each of [...gone, both[0]]) {
    await assert.rejects(each, /gone/);
  }
  for (const frame of await Promise.all([...staying, both[1]])) {
    frame.release();
  }
  assert.deepEqual(reads, [0, 1, 2, 6]);
  assert.equal(cache.keptBytes, 4 * FRAME);
  await assert.rejects(cache.acquire(shard, 0, going.signal), /gone/);
});

test('a frame that cannot be decoded is told to all who wait, and tried again for the next', async () => {
  let fails = true;
  const { shard, reads } = await openShard(async () => {
    if (fails) {
      throw new Error('no disk');
    }
  });
  const cache = createFrameCache();
  const results = await Promise.allSettled([cache.acquire(shard, 0, SIGNAL), cache.acquire(shard, 0, SIGNAL)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  fails = false;
  assert.ok((await cache.acquire(shard, 0, SIGNAL)).plain.equals(frameOf(0)));
  assert.deepEqual(reads, [0, 0]);
});
