import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTempCatalog } from '../../../test/harness/temp-catalog.ts';
import { calculateDelayMs } from '../retry-delay.ts';
import { createTakeBackupHandler } from './take-backup.ts';

test('goes on trying for about a quarter of an hour', async () => {
  await using temp = await openTempCatalog();
  const { maxTries } = createTakeBackupHandler({
    catalog: temp.catalog,
    clock: { now: () => 0 },
    openSecrets: () => ({}),
    storageUrl: 'memory:',
    keyring: () => '',
    concurrency: 1,
    skipDisklessDelay: false,
    memoryCheck: 'refuse',
    asksForProof: false,
    onTry: () => {},
  });
  const minutes = (random: number) => {
    let delayMs = 0;
    for (let failedTries = 1; failedTries < maxTries; failedTries++) {
      delayMs += calculateDelayMs(failedTries, random);
    }
    return delayMs / 60_000;
  };
  assert.ok(minutes(0) >= 9, `${minutes(0)}`);
  assert.ok(minutes(0.5) >= 14 && minutes(0.5) <= 16, `${minutes(0.5)}`);
});
