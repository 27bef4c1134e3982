import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Catalog, CatalogTables } from '../../src/catalog/catalog.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { loadKeyringFile } from '../../src/repository/keyring-file.ts';
import { openRepository } from '../../src/repository/repository.ts';
import { openStorage } from '../../src/storage/registry.ts';
import { readClock } from '../../src/tasks/clock-guard.ts';
import { createRemoveBackupHandler } from '../../src/tasks/handlers/remove-backup.ts';
import { runRetention } from '../../src/tasks/run-retention.ts';
import { runTask } from '../../src/tasks/run-task.ts';

// A process of its own that expires and removes everything that is due in a data directory, the grace left out: `expire-in-child.ts <dir>
// <step>`. It prints each step that it is about to take, and stands still for good before the one with that number.
const [, , dataDir = '', stopBefore = ''] = process.argv;
let taken = 0;

async function step(name: string): Promise<void> {
  process.stdout.write(`${taken} ${name}\n`);
  if (String(taken++) === stopBefore) {
    setInterval(() => {}, 1_000_000);
    await new Promise(() => {});
  }
}

function watched(catalog: Catalog): Catalog {
  const watchedTables = (tables: CatalogTables): CatalogTables => ({
    ...tables,
    lifecycle: {
      ...tables.lifecycle,
      async markDeleted(backupId, at) {
        await step('mark deleted');
        await tables.lifecycle.markDeleted(backupId, at);
        await step('commit deleted');
      },
    },
  });
  return {
    ...catalog,
    lifecycle: {
      ...catalog.lifecycle,
      async expire(backupId, expiry) {
        await step('expire');
        const obstacle = await catalog.lifecycle.expire(backupId, { ...expiry, removableAt: expiry.at });
        await step('expired');
        return obstacle;
      },
    },
    transaction: (work) => catalog.transaction((tables) => work(watchedTables(tables))),
  };
}

const catalog = watched(await openCatalog(`sqlite://${dataDir}/catalog.db`));
const storage = await openStorage(pathToFileURL(join(dataDir, 'repository')).href);
const keyring = await loadKeyringFile(join(dataDir, 'keyring.json'));
if (keyring === undefined) {
  throw new Error(`no keyring in ${dataDir}`);
}
const repository = await openRepository(
  {
    ...storage,
    async delete(name, options) {
      await step(`delete ${name.split('/').at(-1)}`);
      await storage.delete(name, options);
    },
  },
  keyring,
);
const owner = `child ${process.pid}`;
await catalog.tasks.takeOver(owner);
const site = { catalog, log: silentLogger, accountId: 'any', keepMin: 1, onAlarm: () => {} };
await runRetention(site, readClock());
await step('removals asked for');
const handler = createRemoveBackupHandler({ catalog, repository, clock: { now: () => Date.now() } });
for (;;) {
  const claim = await catalog.tasks.claim(owner, ['remove-backup'], 60_000);
  if (claim === undefined) {
    break;
  }
  await step('removal claimed');
  await runTask({ catalog, handler, ...claim, leaseMs: 60_000, log: silentLogger, signal: new AbortController().signal });
}
await catalog.close();
process.stdout.write('done\n');
