import type { Backup, Catalog, CatalogTables, Task } from '../../catalog/catalog.ts';
import { isAbandoned, readExpiryHold } from '../../catalog/recovery.ts';
import { describeError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Repository } from '../../repository/repository.ts';
import type { AttemptRef } from '../../repository/types.ts';

/**
 * Removes what failed tries left in the repository. Only what the catalog positively knows to be dead goes: an attempt of a backup that
 * it has, and whose row or task says that this attempt can never count, or one that it was told to give up. Any other object that no row
 * names stays; `check` reports it. While a rebuilt catalog holds expiry, nothing goes.
 */
export async function sweepAttempts({
  catalog,
  repository,
  log,
}: {
  catalog: Catalog;
  repository: Repository;
  log: Logger;
}): Promise<void> {
  if ((await readExpiryHold(catalog)) > Date.now()) {
    return;
  }
  for await (const { ref } of repository.listAttempts()) {
    if (await catalog.transaction((tables) => isKnownDead(tables, ref))) {
      try {
        await repository.removeAttempt(ref);
        log.info({ ...ref }, 'sweep.removed');
      } catch (error) {
        // The next sweep tries it again; the others need not wait for that.
        log.error({ ...ref, error: describeError(error) }, 'sweep.not-removed');
      }
    }
  }
}

/** Reads row and task in one state of the catalog: between two reads a commit could make this attempt the backup. */
async function isKnownDead(tables: CatalogTables, { backupId, attempt }: AttemptRef): Promise<boolean> {
  const backup = await tables.backups.get(backupId);
  const task = await tables.tasks.ofSubject(backupId);
  if (backup === undefined) {
    return isAbandoned(tables, backupId, attempt);
  }
  return task !== undefined && isDeadAttempt(backup, task, attempt);
}

/**
 * Whether an attempt can never become the backup's: another one is it, the backup failed or is deleted, or the task has moved on. Row and task must have
 * been read after the attempt was seen. Of a deleted backup without an attempt nobody has removed anything: a rebuild found it missing, and
 * what has come back since lives. A row that is running while its task has succeeded is out of date, so that the last attempt lives.
 */
export function isDeadAttempt(backup: Backup, task: Pick<Task, 'state' | 'token'>, attempt: number): boolean {
  if (attempt > task.token) {
    return false;
  }
  if (backup.state === 'deleted') {
    return backup.attempt !== null;
  }
  if (backup.state !== 'running') {
    return attempt !== backup.attempt;
  }
  return attempt < task.token || task.state === 'preparing' || task.state === 'failed';
}
