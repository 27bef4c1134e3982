import { createTimeUuid } from '../lib/ids.ts';
import type { Backup, CatalogTables, Instance } from './catalog.ts';

const DAY_MS = 86_400_000;

export interface BackupOrder {
  readonly type: Backup['type'];
  readonly remark: string;
  readonly startedAt: number;
  readonly storageDays: number;
  /** Uin of who asked for it; absent: a schedule. */
  readonly requestedBy?: string;
}

/**
 * Writes the running row of a backup and its task, inside a transaction; then wake the worker. Throws `catalog-conflict` where a task holds
 * the instance: one at a time.
 */
export async function startBackup(
  tables: CatalogTables,
  { accountId, region, instanceId, name, serverKind, serverVersion }: Instance,
  { type, remark, startedAt, storageDays, requestedBy = '' }: BackupOrder,
): Promise<{ backupId: string; taskId: number }> {
  const backupId = createTimeUuid(startedAt);
  await tables.backups.insert({
    backupId,
    accountId,
    region,
    instanceId,
    instanceName: name,
    type,
    state: 'running',
    remark,
    locked: false,
    startedAt,
    endedAt: null,
    expiresAt: startedAt + storageDays * DAY_MS,
    sizeBytes: 0,
    serverKind,
    serverVersion,
    attempt: null,
  });
  const taskId = await tables.tasks.enqueue({
    accountId,
    region,
    instanceId,
    kind: 'take-backup',
    subject: backupId,
    payload: '{}',
    exclusiveKey: instanceId,
    createdAt: startedAt,
    requestedBy,
  });
  return { backupId, taskId };
}
