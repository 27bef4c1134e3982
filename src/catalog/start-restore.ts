import { createTimeUuid } from '../lib/ids.ts';
import type { Backup, CatalogTables, Instance } from './catalog.ts';
import type { RestorePayload } from './restores.ts';

const DAY_MS = 86_400_000;

/** What the remark of a safety backup begins with; the id of the backup that was to be restored follows. */
export const SAFETY_REMARK = 'Safety backup before the restore of ';

export interface RestoreOrder extends Omit<RestorePayload, 'backupId' | 'safety'> {
  readonly at: number;
  /** Days to keep the backup of the instance that is taken first; 0: take none. */
  readonly safetyStorageDays: number;
  /** Uin of who asked for it. */
  readonly requestedBy: string;
}

/**
 * Asks for the restore of a backup to an online instance, inside a transaction; then wake the worker. The instance is restoring from then on,
 * unless it is a dry run. Throws `catalog-conflict` where a task holds the instance: one at a time, backups included.
 */
export async function startRestore(
  tables: CatalogTables,
  { accountId, region, instanceId }: Instance,
  { backupId }: Backup,
  { at, safetyStorageDays, requestedBy, ...order }: RestoreOrder,
): Promise<number> {
  const takesSafety = safetyStorageDays > 0 && !order.dryRun;
  const remark = SAFETY_REMARK + backupId;
  const payload: RestorePayload = {
    ...order,
    backupId,
    safety: takesSafety ? { remark, expiresAt: at + safetyStorageDays * DAY_MS } : null,
  };
  const taskId = await tables.tasks.enqueue({
    accountId,
    region,
    instanceId,
    kind: 'restore-instance',
    subject: takesSafety ? createTimeUuid(at) : '',
    payload: JSON.stringify(payload),
    exclusiveKey: instanceId,
    createdAt: at,
    requestedBy,
  });
  if (!order.dryRun) {
    await tables.instances.move(instanceId, 'online', 'restoring', at);
  }
  return taskId;
}
