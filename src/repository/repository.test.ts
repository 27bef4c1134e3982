import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { BACKUP_FACTS, BACKUP_ID, cut, overrideStorage, shardFacts, writeAttempt } from '../../test/harness/attempts.ts';
import { isDomainError } from '../lib/errors.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { FRAME_BYTES } from './format.ts';
import { createKeyring, type Keyring, rotateKeyring } from './keyring.ts';
import { createRepository, isStorageEmpty, openRepository, type Repository } from './repository.ts';

const ref = { backupId: BACKUP_ID, attempt: 3 };
let storage: ObjectStorage;
let keyring: Keyring;
let repository: Repository;

beforeEach(async () => {
  storage = createMemoryStorage();
  keyring = createKeyring();
  repository = await createRepository(storage, keyring);
});

function raises(code: string) {
  return (error: unknown) => isDomainError(error, code);
}

async function names(): Promise<string[]> {
  return (await collect(storage.list('backups/'))).map(({ name }) => name);
}

async function readShard(shard: number): Promise<Buffer> {
  return Buffer.concat(await collect((await repository.openAttempt(ref)).frames(shard)));
}

test('round-trips empty, tiny, compressible, incompressible and exact multiples of 4 MiB', async () => {
  const plains = [0, 1, 5000, FRAME_BYTES, 2 * FRAME_BYTES].flatMap((size) => [Buffer.alloc(size, '{"key":"value"}'), randomBytes(size)]);
  for (const [attempt, plain] of plains.entries()) {
    await writeAttempt(repository, { backupId: BACKUP_ID, attempt }, [cut(plain, FRAME_BYTES)]);
    const reader = await repository.openAttempt({ backupId: BACKUP_ID, attempt });
    assert.ok(Buffer.concat(await collect(reader.frames(0))).equals(plain), `${plain.length} bytes`);
    await repository.verifyAttempt({ backupId: BACKUP_ID, attempt });
  }
});

test('keeps every fact in the manifest, and reads it with nothing but storage and key', async () => {
  const plain = Buffer.from('REDIS0010 and so on');
  const written = await writeAttempt(repository, ref, [cut(plain, 5)], { 'server-settings': '{"acl":[]}' });
  const reader = await (await openRepository(storage, keyring)).openAttempt(ref);
  assert.deepEqual(reader.manifest, written);
  assert.deepEqual(reader.manifest.facts, BACKUP_FACTS);
  assert.equal(reader.manifest.shards[0]?.frames, 4);
  const { sizeBytes, sha256, crc64, replicationId } = shardFacts(plain);
  const { sizeBytes: s, sha256: h, crc64: c, replicationId: r } = reader.manifest.shards[0] ?? shardFacts(Buffer.alloc(0));
  assert.deepEqual([s, h, c, r], [sizeBytes, sha256, crc64, replicationId]);
  assert.equal((await reader.section('server-settings')).toString(), '{"acl":[]}');
  await assert.rejects(reader.section('other'), RangeError);
});

test('keeps nothing readable in the stored objects', async () => {
  const secret = 'the-secret-value-of-a-key';
  await writeAttempt(repository, ref, [[Buffer.from(secret)]], { settings: secret });
  for await (const { name } of storage.list('')) {
    const bytes = await storage.read(name);
    assert.ok(!bytes.includes(secret) && !bytes.includes(BACKUP_FACTS.instanceId), name);
  }
});

test('stores the shards of one backup apart, appended in any order', async () => {
  const shards = [randomBytes(50_000), Buffer.alloc(70_000, 'x'), Buffer.alloc(0)];
  const writer = await repository.startAttempt(ref, 3);
  await Promise.all(
    shards.map(async (plain, shard) => {
      const frames = cut(plain, 10_000);
      for (const [number, frame] of frames.entries()) {
        await writer.appendFrame(shard, frame, number === frames.length - 1);
      }
    }),
  );
  await writer.finish({ facts: BACKUP_FACTS, endedAt: 1, shards: shards.map(shardFacts), report: [] });
  for (const [shard, plain] of shards.entries()) {
    assert.ok((await readShard(shard)).equals(plain));
  }
  await repository.verifyAttempt(ref);
});

test('lets the caller fill its buffer again as soon as appendFrame has returned', async () => {
  const writer = await repository.startAttempt(ref, 1);
  const buffer = Buffer.alloc(10_000);
  const expected: Buffer[] = [];
  for (let i = 0; i < 6; i++) {
    randomBytes(10_000).copy(buffer);
    expected.push(Buffer.from(buffer));
    const appended = writer.appendFrame(0, buffer, i === 5);
    buffer.fill(0);
    await appended;
  }
  const plain = Buffer.concat(expected);
  await writer.finish({ facts: BACKUP_FACTS, endedAt: 1, shards: [shardFacts(plain)], report: [] });
  assert.ok((await readShard(0)).equals(plain));
});

test('starts a further data object before the largest size of the storage is reached', async () => {
  const maxObjectBytes = 2500;
  const small = overrideStorage(storage, { features: { durable: false, maxObjectBytes } });
  repository = await openRepository(small, keyring);
  const plain = randomBytes(9900);
  const manifest = await writeAttempt(repository, ref, [cut(plain, 1000)]);
  assert.equal(manifest.shards[0]?.objectBytes.length, 5);
  for (const bytes of manifest.shards[0]?.objectBytes ?? []) {
    assert.ok(bytes <= maxObjectBytes);
  }
  assert.ok((await readShard(0)).equals(plain));
  await repository.verifyAttempt(ref);
});

test('reads any range, and from any frame on', async () => {
  const plain = randomBytes(10_500);
  await writeAttempt(repository, ref, [cut(plain, 1000)]);
  const reader = await repository.openAttempt(ref);
  for (const [offset, length] of [
    [0, 10_500],
    [0, 1],
    [999, 2],
    [1000, 1000],
    [1500, 7777],
    [10_499, 1],
    [10_500, 0],
    [5, 0],
  ] as const) {
    const bytes = Buffer.concat(await collect(reader.readRange(0, offset, length)));
    assert.ok(bytes.equals(plain.subarray(offset, offset + length)), `${offset}+${length}`);
  }
  for (const [offset, length] of [
    [-1, 2],
    [0, 10_501],
    [10_501, 0],
    [5, -1],
  ] as const) {
    await assert.rejects(collect(reader.readRange(0, offset, length)), RangeError);
  }
  assert.ok(Buffer.concat(await collect(reader.frames(0, { fromFrame: 9 }))).equals(plain.subarray(9000)));
  assert.deepEqual(await collect(reader.frames(0, { fromFrame: 11 })), []);
  await assert.rejects(collect(reader.frames(1)), RangeError);
});

test('calls an attempt without manifest no backup', async () => {
  await writeAttempt(repository, ref, [[Buffer.from('x')]]);
  await storage.delete(`backups/${BACKUP_ID}/3/manifest`);
  await assert.rejects(repository.openAttempt(ref), raises('manifest-missing'));
  await assert.rejects(repository.verifyAttempt(ref), raises('manifest-missing'));
});

test('refuses to start an attempt where anything lies already', async () => {
  await writeAttempt(repository, ref, [[Buffer.from('x')]]);
  await assert.rejects(repository.startAttempt(ref, 1), raises('attempt-exists'));
  await storage.delete(`backups/${BACKUP_ID}/3/manifest`);
  await assert.rejects(repository.startAttempt(ref, 1), raises('attempt-exists'));
  await repository.startAttempt({ ...ref, attempt: 4 }, 1);
});

test('lets the first of two writers of one attempt win, and the abort of the other leave it whole', async () => {
  const facts = { facts: BACKUP_FACTS, endedAt: 1, shards: [shardFacts(Buffer.from('x'))], report: [] };
  const [first, second] = [await repository.startAttempt(ref, 1), await repository.startAttempt(ref, 1)];
  await first.putSection('settings', Buffer.from('a'));
  await assert.rejects(second.putSection('settings', Buffer.from('b')), raises('object-exists'));
  await first.appendFrame(0, Buffer.from('x'), true);
  await second.appendFrame(0, Buffer.from('x'), true);
  await first.finish(facts);
  await assert.rejects(second.finish(facts), raises('object-exists'));
  await second.abort();
  await repository.verifyAttempt(ref);
});

test('takes a finished attempt back when it is aborted', async () => {
  const writer = await repository.startAttempt(ref, 1);
  await writer.appendFrame(0, Buffer.from('x'), true);
  await writer.finish({ facts: BACKUP_FACTS, endedAt: 1, shards: [shardFacts(Buffer.from('x'))], report: [] });
  await writer.abort();
  await writer.abort();
  assert.deepEqual(await names(), []);
});

test('refuses misuse of a writer', async () => {
  const writer = await repository.startAttempt(ref, 2);
  const result = { facts: BACKUP_FACTS, endedAt: 1, report: [] };
  assert.throws(() => writer.appendFrame(2, Buffer.from('x'), true), RangeError);
  await writer.appendFrame(0, Buffer.from('x'), true);
  await assert.rejects(writer.finish({ ...result, shards: [shardFacts(Buffer.from('x'))] }), RangeError);
  await assert.rejects(
    writer.finish({ ...result, shards: [shardFacts(Buffer.from('x')), shardFacts(Buffer.from('y'))] }),
    /was not appended/,
  );
  await writer.abort();

  const twice = await repository.startAttempt({ ...ref, attempt: 4 }, 1);
  await twice.appendFrame(0, Buffer.from('x'), true);
  await assert.rejects(twice.appendFrame(0, Buffer.from('x'), true), /appended already/);
  await twice.abort();

  const wrongSize = await repository.startAttempt({ ...ref, attempt: 5 }, 1);
  await wrongSize.appendFrame(0, Buffer.from('x'), true);
  await assert.rejects(wrongSize.finish({ ...result, shards: [shardFacts(Buffer.from('xy'))] }), /1 were appended/);
  await wrongSize.abort();
  assert.deepEqual(await names(), []);
  for (const bad of [
    { backupId: '../x', attempt: 1 },
    { backupId: '', attempt: 1 },
    { backupId: 'x', attempt: -1 },
    { backupId: 'x', attempt: 0.5 },
  ]) {
    await assert.rejects(repository.startAttempt(bad, 1), RangeError);
  }
});

test('lists whole and broken attempts, and foreign objects as such', async () => {
  await writeAttempt(repository, ref, [cut(randomBytes(3000), 1000)], { settings: 'x' });
  await writeAttempt(repository, { ...ref, attempt: 10 }, [[Buffer.from('y')]]);
  await storage.delete(`backups/${BACKUP_ID}/10/manifest`);
  await storage.put(`backups/${BACKUP_ID}/10/notes.txt`, Buffer.from('?'));
  await storage.put('backups/readme', Buffer.from('?'));
  await storage.put('backups/Not-An-Id/1/manifest', Buffer.from('?'));
  await storage.put('stray', Buffer.from('??'));
  const listed = await collect(repository.listAttempts());
  assert.deepEqual(
    listed.map(({ ref: { attempt }, hasManifest, objects, foreignObjects }) => ({ attempt, hasManifest, objects, foreignObjects })),
    [
      { attempt: 10, hasManifest: false, objects: 3, foreignObjects: [`backups/${BACKUP_ID}/10/notes.txt`] },
      { attempt: 3, hasManifest: true, objects: 4, foreignObjects: [] },
    ],
  );
  const sizes = await collect(storage.list(`backups/${BACKUP_ID}/3/`));
  assert.equal(
    listed[1]?.storedBytes,
    sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  assert.deepEqual(await collect(repository.listForeignObjects()), [
    { name: 'backups/Not-An-Id/1/manifest', sizeBytes: 1 },
    { name: 'backups/readme', sizeBytes: 1 },
    { name: 'stray', sizeBytes: 2 },
  ]);
});

test('removes an attempt, the manifest first, and tells what went', async () => {
  await writeAttempt(repository, ref, [[Buffer.from('x')]], { settings: 'x' });
  await writeAttempt(repository, { ...ref, attempt: 33 }, [[Buffer.from('x')]]);
  const sizeBytes = (await collect(storage.list(`backups/${BACKUP_ID}/3/`))).reduce((sum, object) => sum + object.sizeBytes, 0);
  const deleted: string[] = [];
  const watched = overrideStorage(storage, {
    delete: (name) => {
      deleted.push(name);
      return storage.delete(name);
    },
  });
  const removed = await (await openRepository(watched, keyring)).removeAttempt(ref);
  assert.deepEqual(removed, { objects: 4, storedBytes: sizeBytes });
  assert.equal(deleted[0], `backups/${BACKUP_ID}/3/manifest`);
  await repository.verifyAttempt({ ...ref, attempt: 33 });
  assert.deepEqual(await repository.removeAttempt(ref), { objects: 0, storedBytes: 0 });
});

test('does not call an attempt removed while its objects are still there', async () => {
  await writeAttempt(repository, ref, [[Buffer.from('x')]]);
  const stuck = await openRepository(overrideStorage(storage, { delete: async () => {} }), keyring);
  await assert.rejects(stuck.removeAttempt(ref), raises('attempt-not-removed'));
});

test('is made in an empty storage only, once', async () => {
  await assert.rejects(createRepository(storage, keyring), raises('repository-exists'));
  const other = createMemoryStorage();
  assert.equal(await isStorageEmpty(other), true);
  await assert.rejects(openRepository(other, keyring), raises('repository-missing'));
  await other.put('backups/x/1/manifest', Buffer.from('x'));
  assert.equal(await isStorageEmpty(other), false);
  await assert.rejects(createRepository(other, keyring), raises('storage-not-empty'));
});

test('opens with its key, also after a rotation, and with no other', async () => {
  await writeAttempt(repository, ref, [[Buffer.from('x')]]);
  const rotated = rotateKeyring(keyring);
  const later = await openRepository(storage, rotated);
  assert.equal(later.repositoryId, repository.repositoryId);
  await later.verifyAttempt(ref);
  await writeAttempt(later, { ...ref, attempt: 4 }, [[Buffer.from('y')]]);

  await assert.rejects(openRepository(storage, createKeyring()), raises('master-key-wrong'));
  await repository.verifyAttempt(ref);
  await assert.rejects(repository.verifyAttempt({ ...ref, attempt: 4 }), raises('master-key-missing'));
});

test('stops reading and writing when the signal is aborted', async () => {
  const plain = randomBytes(5000);
  await writeAttempt(repository, ref, [cut(plain, 1000)]);
  const controller = new AbortController();
  const reason = new Error('shutting down');
  const reader = await repository.openAttempt(ref);
  let frames = 0;
  await assert.rejects(async () => {
    for await (const _frame of reader.frames(0, { signal: controller.signal })) {
      frames += 1;
      controller.abort(reason);
    }
  }, reason);
  assert.equal(frames, 1, 'what was read ahead is not handed out after the abort');
  await assert.rejects(repository.verifyAttempt(ref, { signal: controller.signal }), reason);

  const writing = new AbortController();
  const writer = await repository.startAttempt({ ...ref, attempt: 4 }, 1, { signal: writing.signal });
  await writer.appendFrame(0, plain, false);
  writing.abort(reason);
  await assert.rejects(async () => {
    await writer.appendFrame(0, plain, false);
    await writer.appendFrame(0, plain, true);
  }, reason);
  await writer.abort();
  assert.deepEqual(await collect(storage.list(`backups/${BACKUP_ID}/4/`)), []);
});
