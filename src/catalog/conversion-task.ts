import type { Backup, CatalogTables } from './catalog.ts';

/** What no two unfinished conversions of one backup share. */
export function conversionKey(backupId: string): string {
  return `convert:${backupId}`;
}

/**
 * Turns an available backup to converting and asks for its conversion, in the caller's transaction; a backup in another state has one under
 * way, or behind it. Returns whether there is a new task. Its subject is empty: a task whose subject is a backup makes its attempts.
 */
export async function ensureConversion(tables: CatalogTables, backup: Backup, at: number): Promise<boolean> {
  if (backup.state !== 'available') {
    return false;
  }
  await tables.lifecycle.beginConversion(backup.backupId);
  await tables.tasks.enqueue({
    accountId: backup.accountId,
    region: backup.region,
    instanceId: backup.instanceId,
    kind: 'convert-backup',
    subject: '',
    payload: JSON.stringify({ backupId: backup.backupId }),
    exclusiveKey: conversionKey(backup.backupId),
    createdAt: at,
  });
  return true;
}
