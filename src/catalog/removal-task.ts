import type { Backup, CatalogTables, NewTask } from './catalog.ts';

/** Two removals of one backup never run at once. */
export function removalKey(backupId: string): string {
  return `remove:${backupId}`;
}

/**
 * The task that removes the data of an expired backup. Its subject stays empty: there the sweep and `check` look for the task that made
 * the backup.
 */
export function removalTask({ accountId, region, instanceId, backupId }: Backup, createdAt: number): NewTask {
  return {
    accountId,
    region,
    instanceId,
    kind: 'remove-backup',
    subject: '',
    payload: JSON.stringify({ backupId }),
    exclusiveKey: removalKey(backupId),
    createdAt,
  };
}

/** The id of the removal task of a backup: the one that is under way, else a new one. Inside a transaction. */
export async function ensureRemovalTask(tables: CatalogTables, backup: Backup, at: number): Promise<number> {
  const underWay = await tables.tasks.unfinished(removalKey(backup.backupId));
  return underWay?.taskId ?? (await tables.tasks.enqueue(removalTask(backup, at)));
}
