import assert from 'node:assert/strict';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BACKUP_ID } from '../../test/harness/attempts.ts';
import { backupRow, instanceRow } from '../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../test/harness/event-log.ts';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';
import type { DomainError } from '../lib/errors.ts';
import { createKeyring } from '../repository/keyring.ts';
import { createRepository } from '../repository/repository.ts';
import { createFileStorage } from '../storage/drivers/file.ts';
import { storageError } from '../storage/object-storage.ts';
import { createDamageRecorder } from './damage-recorder.ts';

test('damage is recorded and told once, where the repository is there; what is no damage, never', async () => {
  await using temp = await openTempCatalog();
  const { catalog } = temp;
  const directory = await mkdtemp(join(tmpdir(), 'redkeep-damage-'));
  try {
    const keyring = createKeyring();
    const repository = await createRepository(createFileStorage(directory), keyring);
    await catalog.instances.insert(instanceRow());
    await catalog.backups.insert(backupRow({ backupId: BACKUP_ID, state: 'available', attempt: 1 }));
    const error: DomainError = await repository.openAttempt({ backupId: BACKUP_ID, attempt: 1 }).then(
      () => assert.fail('it has no manifest'),
      (thrown: DomainError) => thrown,
    );
    const alarms: string[] = [];
    const site = { catalog, log: createEventLog(), clock: { now: () => 5_000 }, onAlarm: (kind: string) => void alarms.push(kind) };
    const storageUrl = pathToFileURL(directory).href;
    const record = createDamageRecorder({ storageUrl }, { ...site, keyring: () => keyring.export() });
    const proof = async () => (await catalog.backups.get(BACKUP_ID))?.proof;

    await rename(directory, `${directory}-away`);
    assert.equal(await record(BACKUP_ID, error), false);
    await rename(`${directory}-away`, directory);
    const wrongKey = createDamageRecorder({ storageUrl }, { ...site, keyring: () => createKeyring().export() });
    assert.equal(await wrongKey(BACKUP_ID, error), false);
    assert.equal(await record(BACKUP_ID, storageError('storage-unavailable', 'EIO while reading')), false);
    assert.deepEqual([(await proof())?.state, alarms], ['unproven', []]);

    assert.equal(await record(BACKUP_ID, error), true);
    assert.equal(await record(BACKUP_ID, error), true);
    assert.equal(await record('of no row', error), true);
    assert.deepEqual([(await proof())?.state, (await proof())?.at, alarms], ['failed', 5_000, ['proof-failed']]);
    assert.match((await proof())?.message ?? '', /^it cannot be read: .*manifest does not exist/);

    await catalog.lifecycle.retractDamage(BACKUP_ID);
    const down = { ...catalog, transaction: () => Promise.reject(new Error('down')) };
    const unheard = createDamageRecorder({ storageUrl }, { ...site, catalog: down, keyring: () => keyring.export() });
    assert.equal(await unheard(BACKUP_ID, error), true);
    assert.ok(site.log.names.includes('download.damage-not-recorded'));
  } finally {
    await rm(directory, { recursive: true });
  }
});
