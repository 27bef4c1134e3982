import { USABLE_STATES } from '../catalog/backup-state.ts';
import type { Backup, BackupState, Catalog, CatalogTables } from '../catalog/catalog.ts';
import { conversionKey } from '../catalog/conversion-task.ts';
import { describeError } from '../lib/errors.ts';
import type { Repository } from '../repository/repository.ts';
import type { BackupFacts, Manifest } from '../repository/types.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { Report } from './check.ts';
import { compareObjects } from './check-objects.ts';

/** Whether a row promises bytes. Those of an expired backup may be half gone as soon as its grace is over. */
function isStored({ state, removableAt }: Backup): boolean {
  return isUsable(state) || (state === 'expired' && removableAt !== null && removableAt > Date.now());
}

function isUsable(state: BackupState): boolean {
  return (USABLE_STATES as readonly BackupState[]).includes(state);
}

/** What is checked. */
export interface CheckedSite {
  readonly catalog: Catalog;
  readonly repository: Repository;
  readonly storage: ObjectStorage;
}

/** Every row that promises bytes has them, whole and with the row's facts; every row that is under way has a task that is; all are counted. */
export async function checkRows(site: CheckedSite, report: Report): Promise<{ backups: number; storedBytes: number }> {
  for (const { instanceId, state, counted, rows } of await site.catalog.backups.miscounted()) {
    report(instanceId, `${counted} backups are counted as ${state}, but there are ${rows}`);
  }
  const stored = await site.catalog.transaction((tables) => checkUnderWay(tables, report));
  let storedBytes = 0;
  for (const backup of stored) {
    storedBytes += await checkStored(site, backup, report);
  }
  return { backups: stored.length, storedBytes };
}

/** Checks tasks and the rows that are under way, in one state of the catalog; returns the rows that promise bytes. */
async function checkUnderWay(tables: CatalogTables, report: Report): Promise<Backup[]> {
  const stored: Backup[] = [];
  for await (const backup of tables.backups.all()) {
    if (isStored(backup)) {
      stored.push(backup);
      if (backup.state === 'converting' && (await tables.tasks.unfinished(conversionKey(backup.backupId))) === undefined) {
        report(backup.backupId, 'it is being converted, but no task does it');
      }
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
async function checkStored(site: CheckedSite, backup: Backup, report: Report): Promise<number> {
  const problems: Array<Parameters<Report>> = [];
  const storedBytes = await readStored(site, backup, (subject, problem) => void problems.push([subject, problem])).catch(
    (error: unknown) => {
      problems.push([backup.backupId, `its stored bytes are not right: ${describeError(error)}`]);
      return 0;
    },
  );
  if (problems.length > 0) {
    // Beside a running service the row may have moved on while its bytes were read.
    const now = await site.catalog.backups.get(backup.backupId);
    if (now !== undefined && isStored(now)) {
      for (const problem of problems) {
        report(...problem);
      }
    }
  }
  return storedBytes;
}

/** Throws the first thing that is wrong with the bytes of an object; whatever else is wrong is reported. */
async function readStored({ repository, storage }: CheckedSite, backup: Backup, report: Report): Promise<number> {
  const ref = { backupId: backup.backupId, attempt: backup.attempt ?? 0 };
  const { manifest } = await repository.openAttempt(ref);
  for (const difference of compareFacts(backup, manifest)) {
    report(backup.backupId, difference);
  }
  const { missing, unnamed } = await compareObjects(storage, manifest);
  for (const name of unnamed) {
    report(name, 'its manifest does not name it');
  }
  for (const name of missing) {
    report(name, 'its manifest names it, but it is missing');
  }
  if (missing.length > 0) {
    return 0;
  }
  await repository.verifyAttempt(ref);
  return manifest.shards.reduce((sum, shard) => sum + shard.storedBytes, 0);
}

/** All that a row and its manifest both tell. */
type SharedFacts = BackupFacts & Pick<Backup, 'endedAt' | 'sizeBytes' | 'serverKind' | 'serverVersion'>;

function compareFacts(backup: Backup, manifest: Manifest): string[] {
  const row: SharedFacts = {
    accountId: backup.accountId,
    region: backup.region,
    instanceId: backup.instanceId,
    instanceName: backup.instanceName,
    type: backup.type,
    remark: backup.remark,
    startedAt: backup.startedAt,
    expiresAt: backup.expiresAt,
    endedAt: backup.endedAt,
    sizeBytes: backup.sizeBytes,
    serverKind: backup.serverKind,
    serverVersion: backup.serverVersion,
  };
  const stored: SharedFacts = {
    ...manifest.facts,
    endedAt: manifest.endedAt,
    sizeBytes: manifest.shards.reduce((sum, shard) => sum + shard.sizeBytes, 0),
    serverKind: manifest.shards[0]?.serverKind ?? 'unknown',
    serverVersion: manifest.shards[0]?.serverVersion ?? '',
  };
  return (Object.keys(row) as Array<keyof SharedFacts>)
    .filter((name) => row[name] !== stored[name])
    .map((name) => `its row and its manifest differ in ${name}: ${JSON.stringify(row[name])} and ${JSON.stringify(stored[name])}`);
}
