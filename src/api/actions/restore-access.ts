import { USABLE_STATES } from '../../catalog/backup-state.ts';
import type { Backup, BackupState, CatalogTables, Instance } from '../../catalog/catalog.ts';
import { type RestoreOrder, startRestore } from '../../catalog/start-restore.ts';
import { isDomainError } from '../../lib/errors.ts';
import type { ActionContext } from '../action.ts';
import { DEFAULT_STORAGE_DAYS } from '../shapes/auto-backup-config.ts';
import { backupStateError, getBackup } from './backup-access.ts';
import { assertInstanceId, getServedInstance, instanceLocked } from './instance-access.ts';

/** The codes with which a restore is refused before it begins. */
export const RESTORE_ERRORS = [
  'InternalError.DbOperationFailed',
  'InternalError.InternalError',
  'InvalidParameter.InvalidParameter',
  'InvalidParameterValue.BackupNotExists',
  'ResourceNotFound.InstanceNotExists',
  'ResourceUnavailable.BackupLockedError',
  'ResourceUnavailable.BackupSpecError',
  'ResourceUnavailable.BackupStatusAbnormal',
  'ResourceUnavailable.InstanceLockedError',
  'ResourceUnavailable.InstanceStateError',
  'ResourceUnavailable.InstanceStatusAbnormal',
] as const;

type Context = ActionContext<(typeof RESTORE_ERRORS)[number]>;

export interface RestoreRequest {
  /** The instance that the backup goes to, and the one that it is of. */
  readonly to: string;
  readonly of: string;
  readonly backupId: string;
  readonly takesSafetyBackup: boolean;
  readonly order: Pick<RestoreOrder, 'filter' | 'replaceExisting' | 'ttl' | 'dryRun'>;
  /** Throws where the caller may not do it to that instance. */
  readonly check?: (instance: Instance) => void;
}

/** Enqueues a restore and returns its task's id. Throws where instance or backup is not fit for it, or a task holds the instance. */
export async function enqueueRestore(request: RestoreRequest, ctx: Context): Promise<number> {
  const { to, of, order, takesSafetyBackup } = request;
  assertInstanceId(to, ctx);
  const { catalog, clock, wakeWorker } = ctx.services;
  const enqueue = async (tables: CatalogTables) => {
    const instance = await getServedInstance(to, tables, ctx);
    request.check?.(instance);
    const { backup } = await getBackup({ InstanceId: of, BackupId: request.backupId }, tables, ctx);
    assertRestorable(backup, ctx);
    if (order.filter === undefined) {
      assertFits(backup, instance, ctx);
    }
    const storageDays = (await tables.schedules.get(to))?.storageDays || DEFAULT_STORAGE_DAYS;
    return startRestore(tables, instance, backup, {
      ...order,
      at: clock.now(),
      safetyStorageDays: takesSafetyBackup ? storageDays : 0,
      requestedBy: ctx.principal.uin,
    });
  };
  const taskId = await catalog.transaction(enqueue).catch((error: unknown) => {
    // Another request took the exclusive key between the look and the write.
    throw isDomainError(error, 'catalog-conflict') ? instanceLocked(to, ctx) : error;
  });
  wakeWorker();
  return taskId;
}

/** Throws unless the backup has bytes that may be read. */
export function assertRestorable(
  backup: Backup,
  ctx: ActionContext<'ResourceUnavailable.BackupLockedError' | 'ResourceUnavailable.BackupStatusAbnormal'>,
): void {
  if (backup.state === 'running') {
    throw ctx.fail('ResourceUnavailable.BackupLockedError', {
      en: `Backup ${backup.backupId} is still being taken; try again when its Status is 2.`,
      zh: `备份 ${backup.backupId} 正在创建，请在其状态变为 2 后重试。`,
    });
  }
  if (!(USABLE_STATES as readonly BackupState[]).includes(backup.state)) {
    throw backupStateError(backup, { en: 'normal, converting or converted', zh: '正常、转换中或已转换' }, ctx);
  }
}

/** What is known without a look at the server; the task looks at it, and refuses for many more reasons before it touches anything. */
function assertFits({ backupId, sizeBytes }: Backup, { instanceId, maxMemoryBytes }: Instance, ctx: Context): void {
  if (maxMemoryBytes > 0 && sizeBytes > maxMemoryBytes) {
    throw ctx.fail('ResourceUnavailable.BackupSpecError', {
      en: `Backup ${backupId} has ${sizeBytes} bytes, and instance ${instanceId} may use ${maxMemoryBytes} bytes of memory: restore to a larger one.`,
      zh: `备份 ${backupId} 大小为 ${sizeBytes} 字节，实例 ${instanceId} 的内存上限为 ${maxMemoryBytes} 字节：请恢复到更大的实例。`,
    });
  }
}
