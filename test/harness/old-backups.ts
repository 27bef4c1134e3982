import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createSecretBox } from '../../src/app/instance-secrets.ts';
import { openSiteRepository } from '../../src/app/open-site-repository.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { createTimeUuid } from '../../src/lib/ids.ts';
import { createKeyring } from '../../src/repository/keyring.ts';
import { saveKeyringFile } from '../../src/repository/keyring-file.ts';
import { openStorage } from '../../src/storage/registry.ts';
import { BACKUP_FACTS, writeAttempt } from './attempts.ts';
import { backupRow, instanceRow, newTask } from './catalog-rows.ts';

const RDB = Buffer.from('REDIS0010 and so on');

/**
 * Makes a data directory that no service has seen yet, with `count` whole backups of one instance whose days were over years ago. Returns
 * their ids, in the order of the catalog: the last one is the newest.
 */
export async function makeOldBackups(dataDir: string, count: number): Promise<string[]> {
  const keyring = createKeyring();
  await saveKeyringFile(join(dataDir, 'keyring.json'), keyring);
  const catalog = await openCatalog(`sqlite://${dataDir}/catalog.db`);
  try {
    const storage = await openStorage(pathToFileURL(join(dataDir, 'repository')).href);
    const repository = await openSiteRepository(storage, keyring, catalog);
    const { accountId, instanceId } = BACKUP_FACTS;
    await catalog.settings.setOnce('account-id', accountId);
    await catalog.instances.insert(instanceRow({ accountId, instanceId, sealedSecrets: createSecretBox(keyring).seal(instanceId, {}) }));
    // All have the facts of one moment, so that the ids alone tell which is the newest.
    const ids = Array.from({ length: count }, () => createTimeUuid(BACKUP_FACTS.startedAt)).sort();
    for (const backupId of ids) {
      await catalog.backups.insert(backupRow({ ...BACKUP_FACTS, backupId }));
      await catalog.tasks.enqueue(newTask({ accountId, subject: backupId }));
      const claim = await catalog.tasks.claim('maker', ['take-backup'], 60_000);
      if (claim === undefined) {
        throw new Error('the task of a backup could not be claimed');
      }
      const manifest = await writeAttempt(repository, { backupId, attempt: 1 }, [[RDB], [RDB]], { 'server-settings': 'maxmemory 1' });
      await catalog.transaction(async (tables) => {
        await tables.tasks.succeed(claim.lease);
        const facts = { attempt: 1, endedAt: manifest.endedAt, sizeBytes: 2 * RDB.length, serverKind: 'redis', serverVersion: '7.0.15' };
        await tables.backups.complete(backupId, facts);
      });
    }
    return ids;
  } finally {
    await catalog.close();
  }
}
