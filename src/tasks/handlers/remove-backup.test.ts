import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { overrideStorage, writeAttempt } from '../../../test/harness/attempts.ts';
import { backupRow, instanceRow } from '../../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../../test/harness/event-log.ts';
import { openTempCatalog, type TempCatalog } from '../../../test/harness/temp-catalog.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { ensureRemovalTask } from '../../catalog/removal-task.ts';
import { DomainError } from '../../lib/errors.ts';
import { createKeyring } from '../../repository/keyring.ts';
import { createRepository, openRepository, type Repository } from '../../repository/repository.ts';
import { createMemoryStorage } from '../../storage/drivers/memory.ts';
import type { ObjectStorage } from '../../storage/object-storage.ts';
import { runTask } from '../run-task.ts';
import { createRemoveBackupHandler } from './remove-backup.ts';

const ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const keyring = createKeyring();

let temp: TempCatalog;
let catalog: Catalog;
let storage: ObjectStorage;
let repository: Repository;
beforeEach(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  storage = createMemoryStorage();
  repository = await createRepository(storage, keyring);
  await catalog.instances.insert(instanceRow());
  await writeAttempt(repository, { backupId: ID, attempt: 3 }, [[Buffer.from('REDIS')], [Buffer.from('REDIS')]], { settings: 'x' });
  await catalog.backups.insert(backupRow({ backupId: ID, state: 'available', attempt: 3 }));
  await catalog.lifecycle.expire(ID, { at: 5_000, removableAt: 5_000, keepMin: 1, force: true });
});
afterEach(() => temp[Symbol.asyncDispose]());

/** Asks for the removal and makes one try at it, against `through` in place of the storage. Returns how the task stands. */
async function remove(through: ObjectStorage = storage): Promise<{ state: string; message: string }> {
  const taskId = await catalog.transaction(async (tables) => {
    const backup = await tables.backups.get(ID);
    assert.ok(backup !== undefined);
    return ensureRemovalTask(tables, backup, 6_000);
  });
  const claim = await catalog.tasks.claim('worker', ['remove-backup'], 60_000);
  assert.ok(claim !== undefined);
  await runTask({
    catalog,
    handler: createRemoveBackupHandler({ catalog, repository: await openRepository(through, keyring), clock: { now: () => 7_000 } }),
    ...claim,
    leaseMs: 60_000,
    log: createEventLog(),
    signal: new AbortController().signal,
  });
  const task = await catalog.tasks.get(taskId);
  return { state: task?.state ?? '', message: task?.message ?? '' };
}

async function objectsLeft(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of storage.list('backups/')) {
    names.push(name);
  }
  return names;
}

test('removes everything, and the row is deleted with the task’s success', async () => {
  assert.equal((await objectsLeft()).length, 6);
  assert.equal((await remove()).state, 'succeed');
  assert.deepEqual(await objectsLeft(), []);
  const backup = await catalog.backups.get(ID);
  assert.deepEqual([backup?.state, backup?.deletedAt], ['deleted', 7_000]);
});

test('breaks off at any deletion, manifest first, and goes on from there', async () => {
  let broken = 0;
  for (let left = 0; ; left++) {
    let deletions = 0;
    const breaking = overrideStorage(storage, {
      delete: async (name, options) => {
        if (deletions++ === left) {
          throw new DomainError('storage-unavailable', 'the line is down');
        }
        await storage.delete(name, options);
      },
    });
    const { state, message } = await remove(breaking);
    if (state === 'succeed') {
      break;
    }
    broken++;
    assert.deepEqual([state, message], ['failed', 'the line is down']);
    assert.equal((await catalog.backups.get(ID))?.state, 'expired');
    assert.equal(
      (await objectsLeft()).some((name) => name.endsWith('/manifest')),
      left === 0,
    );
  }
  assert.ok(broken >= 3, `${broken}`);
  assert.deepEqual(await objectsLeft(), []);
  assert.equal((await catalog.backups.get(ID))?.state, 'deleted');
});

test('a store that keeps an object is no removal', async () => {
  const keeping = overrideStorage(storage, {
    delete: async (name, options) => {
      if (!name.endsWith('index-00001')) {
        await storage.delete(name, options);
      }
    },
  });
  assert.match((await remove(keeping)).message, /1 objects under .* are still there after their removal/);
  assert.equal((await catalog.backups.get(ID))?.state, 'expired');
});

test('does nothing for a backup that is deleted already', async () => {
  await catalog.lifecycle.markDeleted(ID, 6_500);
  assert.equal((await remove()).state, 'succeed');
  assert.equal((await catalog.backups.get(ID))?.deletedAt, 6_500);
});

test('never touches a backup that is not expired', async () => {
  await catalog.transaction(async (tables) => {
    const backup = backupRow({ backupId: 'kept', state: 'available', attempt: 3 });
    await tables.backups.insert(backup);
    await ensureRemovalTask(tables, backup, 6_000);
  });
  const claim = await catalog.tasks.claim('worker', ['remove-backup'], 60_000);
  assert.ok(claim !== undefined);
  const handler = createRemoveBackupHandler({ catalog, repository, clock: { now: () => 7_000 } });
  const context = { lease: claim.lease, log: createEventLog(), signal: new AbortController().signal, setProgress: () => {} };
  await assert.rejects(handler.run(claim.task, context), { code: 'backup-not-removable', retryable: false });
});
