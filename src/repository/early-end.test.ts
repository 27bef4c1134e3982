import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { BACKUP_FACTS, BACKUP_ID, cut, overrideStorage, shardFacts, writeAttempt } from '../../test/harness/attempts.ts';
import { isDomainError } from '../lib/errors.ts';
import { createFileStorage } from '../storage/drivers/file.ts';
import { type ObjectStorage, storageError } from '../storage/object-storage.ts';
import { FRAME_BYTES } from './format.ts';
import { createKeyring } from './keyring.ts';
import { createRepository, openRepository } from './repository.ts';

const ref = { backupId: BACKUP_ID, attempt: 1 };
const keyring = createKeyring();
const plain = randomBytes(4000);
let directory: string;
let storage: ObjectStorage;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-early-end-'));
  storage = createFileStorage(directory);
  await createRepository(storage, keyring);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Every file below the root, unfinished ones included, but for the repository's own. */
async function filesLeft(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && entry.name !== 'repository.json').map((entry) => entry.name);
}

/** `over` gets a gate: `reached` resolves when somebody waits before it, `open` lets him and all later ones through. */
function createGate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: () => opened.resolve(),
    async pass() {
      reached.resolve();
      await opened.promise;
    },
  };
}

describe('an abort of an attempt', () => {
  test('waits for a data object that is only just being started, and leaves no file of it', async () => {
    const gate = createGate();
    const slow = overrideStorage(storage, {
      async create(name, options) {
        await gate.pass();
        return storage.create(name, options);
      },
    });
    const writer = await (await openRepository(slow, keyring)).startAttempt(ref, 1);
    const appended = assert.rejects(writer.appendFrame(0, plain, false), /aborted/);
    await gate.reached;
    const aborted = writer.abort();
    gate.open();
    await aborted;
    await appended;
    assert.deepEqual(await filesLeft(), []);
  });

  test('starts no further data object after it', async () => {
    const gate = createGate();
    let created = 0;
    const slow = overrideStorage(storage, {
      features: { durable: true, maxObjectBytes: 5000 },
      async create(name, options) {
        created += 1;
        const inner = await storage.create(name, options);
        return {
          append: (bytes) => inner.append(bytes),
          abort: () => inner.abort(),
          async finish() {
            await inner.finish();
            await gate.pass();
          },
        };
      },
    });
    const writer = await (await openRepository(slow, keyring)).startAttempt(ref, 1);
    await writer.appendFrame(0, plain, false);
    const appended = assert.rejects(writer.appendFrame(0, plain, false), /aborted/);
    await gate.reached;
    const aborted = writer.abort();
    gate.open();
    await aborted;
    await appended;
    assert.equal(created, 1);
    assert.deepEqual(await filesLeft(), []);
  });

  test('removes a small object that arrives after it, and lets no manifest follow', async () => {
    for (const held of ['section-settings', 'index-00000', 'manifest']) {
      const gate = createGate();
      const slow = overrideStorage(storage, {
        async put(name, bytes, options) {
          if (name.endsWith(held)) {
            await gate.pass();
          }
          await storage.put(name, bytes, options);
        },
      });
      const writer = await (await openRepository(slow, keyring)).startAttempt(ref, 1);
      const written = (async () => {
        await writer.putSection('settings', Buffer.from('s'));
        await writer.appendFrame(0, plain, true);
        await writer.finish({ facts: BACKUP_FACTS, endedAt: 1, shards: [shardFacts(plain)], report: [] });
      })();
      const outcome = written.catch(() => {});
      await gate.reached;
      const aborted = writer.abort();
      gate.open();
      await aborted;
      await outcome;
      assert.deepEqual(await filesLeft(), [], held);
    }
  });
});

describe('a reader that stops early', () => {
  /** Counts the reads of data objects; those of frame 1 fail where `failure` says so. */
  function watchReads(failure?: Error) {
    const reads = { started: 0, underWay: 0 };
    const watched = overrideStorage(storage, {
      async read(name, options) {
        if (!name.includes('/data-')) {
          return storage.read(name, options);
        }
        reads.started += 1;
        reads.underWay += 1;
        try {
          if (failure !== undefined && options?.offset !== 0) {
            throw failure;
          }
          return await storage.read(name, options);
        } finally {
          reads.underWay -= 1;
        }
      },
    });
    return { reads, watched };
  }

  test('leaves no read under way', async () => {
    await writeAttempt(await openRepository(storage, keyring), ref, [cut(plain, 1000)]);
    const { reads, watched } = watchReads();
    const reader = await (await openRepository(watched, keyring)).openAttempt(ref);
    for await (const _frame of reader.frames(0)) {
      break;
    }
    assert.deepEqual(reads, { started: 2, underWay: 0 });
  });

  test('never hears of a failure of the frame that was read ahead for it', async () => {
    await writeAttempt(await openRepository(storage, keyring), ref, [cut(plain, 1000)]);
    const { watched } = watchReads(storageError('storage-unavailable', 'gone'));
    const reader = await (await openRepository(watched, keyring)).openAttempt(ref);
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    try {
      for await (const _frame of reader.frames(0)) {
        break;
      }
      // Rejections that nobody handles are told after the microtasks of a turn.
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(unhandled, []);
      // One who goes on does hear of it, after the frames before it.
      const seen: number[] = [];
      await assert.rejects(
        async () => {
          for await (const frame of reader.frames(0)) {
            seen.push(frame.length);
          }
        },
        (error) => isDomainError(error, 'storage-unavailable'),
      );
      assert.deepEqual(seen, [1000]);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', listen);
    }
  });

  test('keeps the frames that it was given whole while later ones are read and their memory is given back', async () => {
    // Raw and compressed frames in turn, all large enough for their working buffers to be released.
    const frames = Array.from({ length: 5 }, (_, i) => (i % 2 === 0 ? randomBytes(FRAME_BYTES) : Buffer.alloc(FRAME_BYTES, `frame ${i}`)));
    const repository = await openRepository(storage, keyring);
    await writeAttempt(repository, ref, [frames]);
    const kept: Buffer[] = [];
    for await (const frame of (await repository.openAttempt(ref)).frames(0)) {
      kept.push(frame);
    }
    await repository.verifyAttempt(ref);
    assert.deepEqual(
      kept.map((frame, i) => frame.equals(frames[i] ?? Buffer.alloc(0))),
      [true, true, true, true, true],
    );
  });
});
