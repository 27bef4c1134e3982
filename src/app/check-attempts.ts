import type { Backup, CatalogTables } from '../catalog/catalog.ts';
import { isAbandoned, readExpiryHold } from '../catalog/recovery.ts';
import type { Repository } from '../repository/repository.ts';
import type { AttemptRef } from '../repository/types.ts';
import { isDeadAttempt } from '../tasks/handlers/sweep-attempts.ts';
import type { Report } from './check.ts';

/** How long the sweep may leave the garbage of a failed try before that counts as an inconsistency. */
const GARBAGE_GRACE_MS = 60 * 60_000;

const MISSED =
  'stored bytes of a backup that was missing when the catalog was rebuilt; `redkeep catalog rebuild --from-manifests --replace` takes it back';

/** Every attempt that lies in the repository; what lies there beside attempts is reported. */
export async function listAttempts(repository: Repository, report: Report): Promise<AttemptRef[]> {
  const attempts: AttemptRef[] = [];
  for await (const attempt of repository.listAttempts()) {
    attempts.push(attempt.ref);
    for (const name of attempt.foreignObjects) {
      report(name, 'no part of the repository has this name');
    }
  }
  for await (const { name } of repository.listForeignObjects()) {
    report(name, 'no part of the repository has this name');
  }
  return attempts;
}

/** Every attempt belongs to a row, and what a failed try left is gone after a while. */
export async function checkAttempts(tables: CatalogTables, attempts: readonly AttemptRef[], report: Report): Promise<void> {
  // What the sweep may not touch yet is no inconsistency.
  const heldUntil = await readExpiryHold(tables);
  for (const { backupId, attempt } of attempts) {
    const backup = await tables.backups.get(backupId);
    const task = await tables.tasks.ofSubject(backupId);
    if (backup === undefined && (await isAbandoned(tables, backupId, attempt))) {
      continue;
    }
    if (backup === undefined || task === undefined) {
      report(`${backupId}/${attempt}`, 'stored bytes that no row names');
    } else if (backup.state === 'deleted' && backup.attempt === null) {
      report(`${backupId}/${attempt}`, MISSED);
    } else if (attempt > task.token) {
      report(`${backupId}/${attempt}`, `stored bytes of try ${attempt}, but the task has made ${task.token} only`);
    } else if (
      isDeadAttempt(backup, task, attempt) &&
      Date.now() - Math.max(heldUntil, deadSince(backup) ?? Number.POSITIVE_INFINITY) > GARBAGE_GRACE_MS
    ) {
      const what = backup.state === 'deleted' ? 'stored bytes of a backup that is deleted' : 'what a failed try left was not removed';
      report(`${backupId}/${attempt}`, what);
    }
  }
}

/** From when on an attempt that is dead could have been removed; null while the backup runs. */
function deadSince(backup: Backup): number | null {
  return backup.state === 'deleted' ? backup.deletedAt : backup.endedAt;
}
