import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { writeAttempt } from '../../../test/harness/attempts.ts';
import { backupRow, instanceRow, newTask } from '../../../test/harness/catalog-rows.ts';
import { createEventLog, type EventLog } from '../../../test/harness/event-log.ts';
import { openTempCatalog, type TempCatalog } from '../../../test/harness/temp-catalog.ts';
import type { Catalog, CatalogTables, Lease, Task } from '../../catalog/catalog.ts';
import { DomainError } from '../../lib/errors.ts';
import { createKeyring } from '../../repository/keyring.ts';
import { createRepository, type Repository } from '../../repository/repository.ts';
import { createMemoryStorage } from '../../storage/drivers/memory.ts';
import { isDeadAttempt, sweepAttempts } from './sweep-attempts.ts';

let temp: TempCatalog;
let catalog: Catalog;
let repository: Repository;
let log: EventLog;
beforeEach(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  repository = await createRepository(createMemoryStorage(), createKeyring());
  log = createEventLog();
  await catalog.instances.insert(instanceRow());
});
afterEach(() => temp[Symbol.asyncDispose]());

/** A running backup whose task was claimed `tries` times, with stored bytes of each try. Returns the last claim. */
async function startBackup(backupId: string, tries: number): Promise<Lease> {
  await catalog.backups.insert(backupRow({ backupId }));
  await catalog.tasks.enqueue(newTask({ subject: backupId }));
  for (let attempt = 1; ; attempt++) {
    const claim = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
    assert.ok(claim !== undefined);
    await writeAttempt(repository, { backupId, attempt }, [[Buffer.from('REDIS')]]);
    if (attempt === tries) {
      return claim.lease;
    }
    await catalog.tasks.release(claim.lease);
  }
}

async function commit(backupId: string, lease: Lease): Promise<void> {
  await catalog.transaction(async (tables) => {
    await tables.tasks.succeed(lease);
    const facts = { attempt: lease.token, endedAt: 9, sizeBytes: 5, serverKind: 'redis', serverVersion: '7.0.15' };
    await tables.backups.complete(backupId, facts);
  });
}

async function attempts(): Promise<string[]> {
  const found: string[] = [];
  for await (const { ref } of repository.listAttempts()) {
    found.push(`${ref.backupId}/${ref.attempt}`);
  }
  return found;
}

/** The catalog, in which `change` is made after each look at a backup's row, unless a transaction that reads keeps it waiting. */
function changedAfterLook(change: () => Promise<void>): Catalog {
  const changing = (tables: CatalogTables): Pick<CatalogTables, 'backups'> => ({
    backups: {
      ...tables.backups,
      async get(backupId) {
        const backup = await tables.backups.get(backupId);
        await Promise.race([change(), new Promise(setImmediate)]);
        return backup;
      },
    },
  });
  return {
    ...catalog,
    ...changing(catalog),
    transaction: (work) => catalog.transaction((tables) => work({ ...tables, ...changing(tables) })),
  };
}

test('leaves the attempt of a backup that is committed while the sweep looks at it', async () => {
  const lease = await startBackup('backup-1', 1);
  let committed: Promise<void> | undefined;
  const watched = changedAfterLook(() => {
    committed ??= commit('backup-1', lease);
    return committed;
  });
  await sweepAttempts({ catalog: watched, repository, log });
  await committed;
  assert.equal((await catalog.backups.get('backup-1'))?.state, 'available');
  assert.deepEqual(await attempts(), ['backup-1/1']);
});

test('removes what tries left that can never count, and nothing else', async () => {
  await commit('available', await startBackup('available', 3));
  await startBackup('under-way', 2);
  const failed = await startBackup('failed', 1);
  await catalog.tasks.fail(failed, 'no');
  await catalog.backups.fail('failed', 9);
  await writeAttempt(repository, { backupId: 'no-row', attempt: 1 }, [[Buffer.from('REDIS')]]);
  await sweepAttempts({ catalog, repository, log });
  assert.deepEqual(await attempts(), ['available/3', 'no-row/1', 'under-way/2']);
});

test('goes on after an attempt that could not be removed, and says so', async () => {
  await startBackup('backup-1', 3);
  const stubborn: Repository = {
    ...repository,
    removeAttempt: (ref) =>
      ref.attempt === 1 ? Promise.reject(new DomainError('storage-unavailable', 'the disk is gone')) : repository.removeAttempt(ref),
  };
  await sweepAttempts({ catalog, repository: stubborn, log });
  assert.deepEqual(await attempts(), ['backup-1/1', 'backup-1/3']);
  assert.deepEqual(log.names, ['sweep.not-removed', 'sweep.removed']);
});

test('knows which attempts are dead', () => {
  const running = backupRow();
  const available = backupRow({ state: 'available', attempt: 2 });
  const task = (state: Task['state']) => ({ state, token: 2 });
  const dead = (backup: typeof running, state: Task['state']) => [1, 2, 3].filter((attempt) => isDeadAttempt(backup, task(state), attempt));
  assert.deepEqual(dead(running, 'running'), [1]);
  assert.deepEqual(dead(running, 'preparing'), [1, 2]);
  assert.deepEqual(dead(running, 'failed'), [1, 2]);
  // The row was read before the commit, the task after it: attempt 2 is the backup.
  assert.deepEqual(dead(running, 'succeed'), [1]);
  assert.deepEqual(dead(available, 'succeed'), [1]);
  assert.deepEqual(dead(backupRow({ state: 'failed' }), 'failed'), [1, 2]);
});
