import type { Backup, CatalogTables, Instance } from '../../catalog/catalog.ts';
import type { ActionContext } from '../action.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

type FindCodes = 'InvalidParameterValue.BackupNotExists' | 'ResourceNotFound.InstanceNotExists';

/**
 * The backup of that instance, in whatever state but failed, which nobody is shown. Throws InvalidParameter.InvalidParameter for a malformed
 * instance id, ResourceNotFound.InstanceNotExists and InvalidParameterValue.BackupNotExists.
 */
export async function getBackup(
  ids: { readonly InstanceId: string; readonly BackupId: string },
  tables: CatalogTables,
  ctx: ActionContext<FindCodes | 'InvalidParameter.InvalidParameter'>,
): Promise<{ backup: Backup; instance: Instance }> {
  assertInstanceId(ids.InstanceId, ctx);
  return findBackup(ids, tables, ctx);
}

/** As `getBackup`, for an action that documents no code for a malformed instance id: it names no instance. */
export async function findBackup(
  ids: { readonly InstanceId: string; readonly BackupId: string },
  tables: CatalogTables,
  ctx: ActionContext<FindCodes>,
): Promise<{ backup: Backup; instance: Instance }> {
  const instance = await getInstance(ids.InstanceId, tables, ctx);
  const backup = await tables.backups.get(ids.BackupId);
  if (backup === undefined || backup.instanceId !== instance.instanceId || backup.state === 'failed') {
    const quoted = JSON.stringify(ids.BackupId.slice(0, 64));
    throw ctx.fail('InvalidParameterValue.BackupNotExists', {
      en: `BackupId is ${quoted}; instance ${instance.instanceId} has no such backup.`,
      zh: `BackupId 为 ${quoted}，实例 ${instance.instanceId} 没有该备份。`,
    });
  }
  return { backup, instance };
}

/** The error for a backup whose state is none of `allowed`, which are words for the caller. */
export function backupStateError(
  { backupId, state }: Backup,
  allowed: { readonly en: string; readonly zh: string },
  ctx: ActionContext<'ResourceUnavailable.BackupStatusAbnormal'>,
): Error {
  return ctx.fail('ResourceUnavailable.BackupStatusAbnormal', {
    en: `Backup ${backupId} is ${state}; it must be ${allowed.en}.`,
    zh: `备份 ${backupId} 的状态为 ${state}，必须为${allowed.zh}。`,
  });
}
