import type { Backup, Catalog, Task } from '../../catalog/catalog.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Repository } from '../../repository/repository.ts';

/**
 * Removes what failed tries left in the repository. Only what the catalog positively knows to be dead goes: an attempt of a backup that
 * it has, and whose row or task says that this attempt can never count. An object that no row names stays; `check` reports it.
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
  for await (const { ref } of repository.listAttempts()) {
    const backup = await catalog.backups.get(ref.backupId);
    const task = await catalog.tasks.ofSubject(ref.backupId);
    if (backup !== undefined && task !== undefined && isDeadAttempt(backup, task, ref.attempt)) {
      await repository.removeAttempt(ref);
      log.info({ ...ref }, 'sweep.removed');
    }
  }
}

/**
 * Whether an attempt can never become the backup's: another one is it, the backup failed, or the task has moved on. Row and task must have
 * been read after the attempt was seen.
 */
export function isDeadAttempt(backup: Backup, task: Task, attempt: number): boolean {
  if (attempt > task.token) {
    return false;
  }
  if (backup.state !== 'running') {
    return attempt !== backup.attempt;
  }
  return task.state === 'running' ? attempt < task.token : true;
}
