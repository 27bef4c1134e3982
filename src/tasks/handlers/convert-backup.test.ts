import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BACKUP_FACTS, BACKUP_ID, cut, shardFacts } from '../../../test/harness/attempts.ts';
import { backupRow, instanceRow } from '../../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../../test/harness/event-log.ts';
import { rdbFile, rdbKey, rdbString } from '../../../test/harness/rdb-bytes.ts';
import { openTempCatalog, type TempCatalog } from '../../../test/harness/temp-catalog.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { ensureConversion } from '../../catalog/conversion-task.ts';
import { createKeyring } from '../../repository/keyring.ts';
import { createRepository } from '../../repository/repository.ts';
import { createFileStorage } from '../../storage/drivers/file.ts';
import type { ObjectStorage } from '../../storage/object-storage.ts';
import { runTask } from '../run-task.ts';
import { createConvertBackupHandler } from './convert-backup.ts';

const keyring = createKeyring();
const RDB = rdbFile('REDIS0010', rdbKey(0, 'key', rdbString(randomBytes(50_000))));
const CRC64 = Buffer.from(RDB.subarray(-8)).reverse().toString('hex');

let temp: TempCatalog;
let catalog: Catalog;
let directory: string;
let storage: ObjectStorage;
const ends: string[] = [];
const alarms: string[] = [];
beforeEach(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  directory = await mkdtemp(join(tmpdir(), 'redkeep-convert-'));
  storage = createFileStorage(directory);
  ends.length = 0;
  alarms.length = 0;
  await catalog.instances.insert(instanceRow());
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Stores that RDB, whose manifest says that CRC-64, as an available backup. */
async function store(rdb = RDB, crc64 = CRC64, sizeBytes = rdb.length): Promise<void> {
  const repository = await createRepository(storage, keyring);
  const writer = await repository.startAttempt({ backupId: BACKUP_ID, attempt: 1 }, 1);
  const frames = cut(rdb, 10_000);
  for (const [number, plain] of frames.entries()) {
    await writer.appendFrame(0, plain, number === frames.length - 1);
  }
  await writer.finish({ facts: BACKUP_FACTS, endedAt: 2_000, report: [], shards: [{ ...shardFacts(rdb), crc64 }] });
  await catalog.backups.insert(backupRow({ backupId: BACKUP_ID, state: 'available', attempt: 1, sizeBytes }));
}

/** Asks for the conversion and makes one try at it. Returns how backup and task stand. */
async function convert(): Promise<{ state: string | undefined; task: string | undefined; message: string | undefined }> {
  await catalog.transaction(async (tables) => {
    const backup = await tables.backups.get(BACKUP_ID);
    assert.ok(backup !== undefined && (await ensureConversion(tables, backup, 3_000)));
  });
  assert.equal((await catalog.backups.get(BACKUP_ID))?.state, 'converting');
  return run();
}

async function run(): Promise<{ state: string | undefined; task: string | undefined; message: string | undefined }> {
  const claim = await catalog.tasks.claim('worker', ['convert-backup'], 60_000);
  assert.ok(claim !== undefined);
  await runTask({
    catalog,
    handler: createConvertBackupHandler({
      catalog,
      storageUrl: pathToFileURL(directory).href,
      keyring: () => keyring.export(),
      clock: { now: () => 5_000 },
      onEnd: (outcome) => void ends.push(outcome),
      onAlarm: (kind) => void alarms.push(kind),
    }),
    ...claim,
    leaseMs: 60_000,
    log: createEventLog(),
    signal: new AbortController().signal,
  });
  const task = await catalog.tasks.get(claim.task.taskId);
  return { state: (await catalog.backups.get(BACKUP_ID))?.state, task: task?.state, message: task?.message };
}

test('a backup that can be read whole is converted', async () => {
  await store();
  assert.deepEqual(await convert(), { state: 'converted', task: 'succeed', message: '' });
  assert.deepEqual(ends, ['converted']);
});

test('one damaged byte turns it back to available, and the task says which object', async () => {
  await store();
  const name = `backups/${BACKUP_ID}/1/data-00000-00000`;
  const stored = await storage.read(name);
  stored[30_000] = (stored[30_000] ?? 0) ^ 1;
  await storage.put(name, stored, { replace: true });
  const { state, task, message } = await convert();
  assert.deepEqual([state, task, ends], ['available', 'failed', ['failed']]);
  assert.match(message ?? '', /data-00000-00000, frame \d at byte \d+: .*authenticate/);
  // Known to be bad: nothing that is kept rests on it any more, and somebody hears of it.
  const backup = await catalog.backups.get(BACKUP_ID);
  assert.deepEqual([backup?.proof.state, backup?.proof.at, alarms], ['failed', 5_000, ['proof-failed']]);
  assert.match(backup?.proof.message ?? '', /^it cannot be read: .*data-00000-00000/);
  assert.deepEqual(await catalog.lifecycle.floor(backup?.instanceId ?? '', 1, Date.now()), []);
  // It may be asked for again.
  assert.equal((await convert()).state, 'available');
});

test('a CRC-64 that is not the manifest’s or the trailer’s, and another size, are damage', async () => {
  await store(RDB, '0123456789abcdef');
  assert.match((await convert()).message ?? '', /CRC-64 [0-9a-f]{16}, the manifest says \d+ and 0123456789abcdef/);
});

test('a trailer that is wrong is damage, though the manifest agrees with it', async () => {
  const rdb = Buffer.from(RDB);
  rdb[20] = (rdb[20] ?? 0) ^ 1;
  await store(rdb, CRC64);
  assert.equal((await convert()).state, 'available');
});

test('a row that tells another size is not believed', async () => {
  await store(RDB, CRC64, RDB.length + 1);
  assert.match((await convert()).message ?? '', new RegExp(`has ${RDB.length} bytes, its row says ${RDB.length + 1}`));
});

test('a repository that is gone is final; once it is back the conversion may be asked for again', async () => {
  await store();
  const name = 'repository.json';
  const kept = await storage.read(name);
  await storage.delete(name);
  const { state, task } = await convert();
  assert.deepEqual([state, task], ['available', 'failed']);
  assert.deepEqual([(await catalog.backups.get(BACKUP_ID))?.proof.state, alarms], ['unproven', []]);
  await storage.put(name, kept);
  assert.equal((await convert()).state, 'converted');
});

test('a backup that is not converting any more is left alone', async () => {
  await store();
  await catalog.transaction(async (tables) => {
    const backup = await tables.backups.get(BACKUP_ID);
    assert.ok(backup !== undefined && (await ensureConversion(tables, backup, 3_000)));
    assert.equal(await ensureConversion(tables, { ...backup, state: 'converting' }, 3_000), false);
  });
  await catalog.lifecycle.abandonConversion(BACKUP_ID);
  assert.deepEqual(await run(), { state: 'available', task: 'succeed', message: '' });
});
