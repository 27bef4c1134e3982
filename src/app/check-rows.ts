import type { Backup, Catalog, CatalogTables } from '../catalog/catalog.ts';
import { describeError } from '../lib/errors.ts';
import type { Repository } from '../repository/repository.ts';
import type { Manifest } from '../repository/types.ts';
import type { Report } from './check.ts';

/** States whose rows promise bytes. */
const STORED: ReadonlySet<Backup['state']> = new Set(['available', 'converting', 'converted', 'expired']);

/** Every row that promises bytes has them, whole and with the row's facts; every row that is under way has a task that is. */
export async function checkRows(
  catalog: Catalog,
  repository: Repository,
  report: Report,
): Promise<{ backups: number; storedBytes: number }> {
  const stored = await catalog.transaction((tables) => checkUnderWay(tables, report));
  let storedBytes = 0;
  for (const backup of stored) {
    storedBytes += await checkStored(catalog, repository, backup, report);
  }
  return { backups: stored.length, storedBytes };
}

/** Checks tasks and the rows that are under way, in one state of the catalog; returns the rows that promise bytes. */
async function checkUnderWay(tables: CatalogTables, report: Report): Promise<Backup[]> {
  const stored: Backup[] = [];
  for await (const backup of tables.backups.all()) {
    if (STORED.has(backup.state)) {
      stored.push(backup);
      continue;
    }
    const task = backup.state === 'running' ? await tables.tasks.ofSubject(backup.backupId) : undefined;
    if (backup.state === 'running' && task?.state !== 'preparing' && task?.state !== 'running') {
      report(backup.backupId, `it is under way, but its task is ${task?.state ?? 'missing'}`);
    }
  }
  for (const { task, leaseUntil, now } of await tables.tasks.running()) {
    if (leaseUntil < now) {
      report(
        `task ${task.taskId}`,
        `its lease ran out ${Math.ceil((now - leaseUntil) / 1000)} s ago and nobody has taken it over; start the service`,
      );
    }
  }
  return stored;
}

/** Reads one backup whole. Returns how many stored bytes that were. */
async function checkStored(catalog: Catalog, repository: Repository, backup: Backup, report: Report): Promise<number> {
  try {
    const ref = { backupId: backup.backupId, attempt: backup.attempt ?? 0 };
    const manifest = await repository.verifyAttempt(ref);
    for (const difference of compareFacts(backup, manifest)) {
      report(backup.backupId, difference);
    }
    return manifest.shards.reduce((sum, shard) => sum + shard.storedBytes, 0);
  } catch (error) {
    // Beside a running service the row may have moved on while its bytes were read.
    const now = await catalog.backups.get(backup.backupId);
    if (now !== undefined && STORED.has(now.state)) {
      report(backup.backupId, `its stored bytes are not right: ${describeError(error)}`);
    }
    return 0;
  }
}

function compareFacts(backup: Backup, manifest: Manifest): string[] {
  const sizeBytes = manifest.shards.reduce((sum, shard) => sum + shard.sizeBytes, 0);
  const pairs: Array<[string, unknown, unknown]> = [
    ['account', backup.accountId, manifest.facts.accountId],
    ['region', backup.region, manifest.facts.region],
    ['instance', backup.instanceId, manifest.facts.instanceId],
    ['type', backup.type, manifest.facts.type],
    ['remark', backup.remark, manifest.facts.remark],
    ['start', backup.startedAt, manifest.facts.startedAt],
    ['end', backup.endedAt, manifest.endedAt],
    ['size', backup.sizeBytes, sizeBytes],
  ];
  return pairs
    .filter(([, row, stored]) => row !== stored)
    .map(([name, row, stored]) => `its row and its manifest differ in ${name}: ${JSON.stringify(row)} and ${JSON.stringify(stored)}`);
}
