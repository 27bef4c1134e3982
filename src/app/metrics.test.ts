import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, instanceRow } from '../../test/harness/catalog-rows.ts';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';
import { createServiceMetrics } from './metrics.ts';

const INSTANCE = 'crs-5a4py64p';
const NOW = Date.UTC(2026, 10, 24, 4);

test('the age of the newest backup is of those that the clock has reached; neither a restore nor a change hides it', async () => {
  await using temp = await openTempCatalog();
  const { catalog } = temp;
  await catalog.instances.insert(instanceRow({ instanceId: INSTANCE }));
  const metrics = createServiceMetrics({ catalog, clock: { now: () => NOW } });
  const ages = async () => {
    const { text } = await metrics.render();
    return [...text.matchAll(/^redkeep_newest_backup_age_seconds\{.*proof="(\w+)"\} (\S+)$/gm)].map(([, proof, age]) => `${proof} ${age}`);
  };
  const insert = (backupId: string, startedAt: number) =>
    catalog.backups.insert(backupRow({ backupId, instanceId: INSTANCE, state: 'available', attempt: 1, startedAt }));
  await insert('ahead', NOW + 86_400_000);
  assert.deepEqual(await ages(), ['any +Inf', 'proven +Inf']);
  await insert('now', NOW - 5_000);
  assert.deepEqual(await ages(), ['any 5', 'proven +Inf']);
  for (const state of ['restoring', 'changing'] as const) {
    await catalog.instances.move(INSTANCE, 'online', state, NOW);
    assert.deepEqual(await ages(), ['any 5', 'proven +Inf']);
    await catalog.instances.move(INSTANCE, state, 'online', NOW);
  }
  await catalog.instances.detach(INSTANCE, NOW);
  assert.deepEqual(await ages(), []);
});
