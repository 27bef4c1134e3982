import { isDomainError } from '../../lib/errors.ts';
import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { backupStateError, getBackup } from './backup-access.ts';

export const UnlockBackup = defineAction({
  name: 'UnlockBackup',
  product: 'redkeep',
  summary: 'Takes the lock off a backup.',
  description:
    'Retention treats it like any other again: where its days are over, it expires at the next look. Without a lock nothing changes. Who uses the backup at present goes on keeping it.',
  input: structure({ InstanceId: text('Id of the instance.'), BackupId: text('Id of the backup.') }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameterValue.BackupNotExists',
    'ResourceNotFound.InstanceNotExists',
    'ResourceUnavailable.BackupStatusAbnormal',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d' }, output: {} },

  async handle(input, ctx) {
    await ctx.services.catalog.transaction(async (tables) => {
      const { backup } = await getBackup(input, tables, ctx);
      await tables.lifecycle.unlock(backup.backupId).catch((error: unknown) => {
        const allowed = { en: 'in process, normal, converting or converted', zh: '执行中、正常、转换中或已转换' };
        throw isDomainError(error, 'catalog-conflict') ? backupStateError(backup, allowed, ctx) : error;
      });
    });
    return {};
  },
});
