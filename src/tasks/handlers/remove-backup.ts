import type { Catalog } from '../../catalog/catalog.ts';
import type { Clock } from '../../lib/clock.ts';
import { DomainError } from '../../lib/errors.ts';
import type { Repository } from '../../repository/repository.ts';
import type { TaskHandler } from '../task.ts';

/** About ten minutes of a store that fails; after that the next look of retention asks for another task. */
const MAX_TRIES = 10;

/**
 * Removes the data of an expired backup, whose grace was over when the task was asked for: the manifest first, then the rest, and the row turns to deleted only after a
 * look has found nothing left. It can break off anywhere and run again: an attempt that is half gone, or gone, is removed all the same,
 * and until the row is deleted somebody asks for another run.
 */
export function createRemoveBackupHandler(options: { catalog: Catalog; repository: Repository; clock: Clock }): TaskHandler {
  const { catalog, repository, clock } = options;
  return {
    concurrency: 2,
    maxTries: MAX_TRIES,
    async run(task, { signal, log }) {
      const { backupId } = JSON.parse(task.payload) as { backupId: string };
      const backup = await catalog.backups.get(backupId);
      if (backup === undefined || backup.state === 'deleted') {
        return undefined;
      }
      if (backup.state !== 'expired' || backup.attempt === null) {
        throw new DomainError('backup-not-removable', `backup ${backupId} is ${backup.state}, and its data must stay`);
      }
      const { objects, storedBytes } = await repository.removeAttempt({ backupId, attempt: backup.attempt }, { signal });
      log.info({ backupId, attempt: backup.attempt, objects, storedBytes }, 'backup.removed');
      return (tables) => tables.lifecycle.markDeleted(backupId, clock.now());
    },
  };
}
