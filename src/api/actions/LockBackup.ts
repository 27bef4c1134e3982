import { isDomainError } from '../../lib/errors.ts';
import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { backupStateError, getBackup } from './backup-access.ts';

export const LockBackup = defineAction({
  name: 'LockBackup',
  product: 'redkeep',
  summary: 'Keeps a backup until it is unlocked.',
  description:
    'A locked backup neither expires nor can be deleted, whatever its age; Locked of DescribeInstanceBackups is 1. Locking it again changes nothing.',
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
      await tables.lifecycle.lock(backup.backupId).catch((error: unknown) => {
        const allowed = { en: 'in process, normal, converting or converted', zh: '执行中、正常、转换中或已转换' };
        throw isDomainError(error, 'catalog-conflict') ? backupStateError(backup, allowed, ctx) : error;
      });
    });
    return {};
  },
});
