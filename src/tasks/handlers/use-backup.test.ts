import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, instanceRow } from '../../../test/harness/catalog-rows.ts';
import { openTempCatalog } from '../../../test/harness/temp-catalog.ts';
import { silentLogger } from '../../lib/logger.ts';
import { backupDamaged } from '../../repository/format.ts';
import { useBackup } from './use-backup.ts';

test('a hold is taken off also where the damage that was met cannot be recorded', async () => {
  await using temp = await openTempCatalog();
  const { catalog } = temp;
  await catalog.instances.insert(instanceRow());
  await catalog.backups.insert(backupRow({ backupId: 'b', state: 'available', attempt: 1 }));
  const down = { ...catalog, transaction: () => Promise.reject(new Error('down')) };
  const site = { catalog: down, clock: { now: () => 5_000 }, log: silentLogger, onAlarm: () => {} };
  const holds = () => catalog.lifecycle.holds('b', 5_000);
  await assert.rejects(
    useBackup(site, 'b', { kind: 'clone', id: '1' }, async () => {
      assert.equal((await holds()).length, 1);
      throw backupDamaged('shard 0', 'bad');
    }),
    /down/,
  );
  assert.deepEqual(await holds(), []);
});
