import type { Static } from 'typebox';
import type { Backup, CatalogTables } from '../../catalog/catalog.ts';
import type { Obstacle } from '../../catalog/lifecycle.ts';
import { ensureRemovalTask } from '../../catalog/removal-task.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';
import { backupStateError, getBackup } from './backup-access.ts';

const input = structure({
  InstanceId: text('Id of the instance.'),
  BackupId: text('Id of the backup.'),
  Force: optional(bool('Delete it even if it is one of the newest that can be relied on. Default: false.')),
});

type Context = ActionContext<
  'OperationDenied.BackupKept' | 'ResourceUnavailable.BackupLockedError' | 'ResourceUnavailable.BackupStatusAbnormal'
>;

export const DeleteBackup = defineAction({
  name: 'DeleteBackup',
  product: 'redkeep',
  summary: 'Deletes a backup without the grace that expiry has.',
  description:
    'Status turns to -1 at once and to -2 when the task has seen that the data are gone. A locked backup, and one that is being used, is ' +
    'refused whatever Force says. The newest proven backup of an instance and the newest whose proof did not fail need Force. Deleting an ' +
    'expired backup ends its grace.',
  input,
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameterValue.BackupNotExists',
    'OperationDenied.BackupKept',
    'ResourceNotFound.InstanceNotExists',
    'ResourceUnavailable.BackupLockedError',
    'ResourceUnavailable.BackupStatusAbnormal',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d' }, output: { TaskId: 2 } },

  async handle(parameters, ctx) {
    const { catalog, clock } = ctx.services;
    const at = clock.now();
    const taskId = await catalog.transaction(async (tables) => {
      const { backup } = await getBackup(parameters, tables, ctx);
      await expireNow(backup, parameters, tables, ctx, at);
      return ensureRemovalTask(tables, backup, at);
    });
    ctx.services.wakeWorker();
    return { TaskId: taskId };
  },
});

async function expireNow(
  backup: Backup,
  { Force = false }: Static<typeof input>,
  { lifecycle }: CatalogTables,
  ctx: Context,
  at: number,
): Promise<void> {
  if (backup.state === 'expired') {
    await lifecycle.endGrace(backup.backupId, at);
    return;
  }
  const { keepMin } = ctx.services;
  const obstacle = await lifecycle.expire(backup.backupId, { at, removableAt: at, keepMin, force: Force });
  if (obstacle !== undefined) {
    throw kept(backup, obstacle, ctx);
  }
}

function kept(backup: Backup, obstacle: Obstacle, ctx: Context): Error {
  const { backupId } = backup;
  switch (obstacle) {
    case 'state':
      return backupStateError(backup, { en: 'normal, converted or expired', zh: '正常、已转换或已过期' }, ctx);
    case 'locked':
      return ctx.fail('ResourceUnavailable.BackupLockedError', {
        en: `Backup ${backupId} is locked; unlock it first with UnlockBackup.`,
        zh: `备份 ${backupId} 已锁定，请先调用 UnlockBackup 解锁。`,
      });
    case 'held':
      return ctx.fail('ResourceUnavailable.BackupLockedError', {
        en: `Backup ${backupId} is being used; try again when that has ended. DescribeBackup tells by whom.`,
        zh: `备份 ${backupId} 正在使用中，请在使用结束后重试。可通过 DescribeBackup 查看使用者。`,
      });
    case 'floor':
      return ctx.fail('OperationDenied.BackupKept', {
        en: `Backup ${backupId} is one of the newest of its instance that can be relied on; take a newer one first, or set Force.`,
        zh: `备份 ${backupId} 是该实例最新的可靠备份之一，请先创建新备份，或设置 Force。`,
      });
  }
}
