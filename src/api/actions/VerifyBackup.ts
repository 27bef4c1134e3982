import { USABLE_STATES } from '../../catalog/backup-state.ts';
import type { BackupState } from '../../catalog/catalog.ts';
import { ensureProofTask } from '../../catalog/proof-task.ts';
import { defineAction } from '../action.ts';
import { int64, structure, text } from '../schema.ts';
import { backupStateError, getBackup } from './backup-access.ts';

export const VerifyBackup = defineAction({
  name: 'VerifyBackup',
  product: 'redkeep',
  summary: 'Loads a backup into a throw-away server and compares what it then holds.',
  description:
    'The task succeeds where the backup is proven; it fails, and says why, where the backup is bad or no server here can load it. DescribeBackup ' +
    'tells the result from then on. While a verification of the backup is under way, its task is returned. The source is never touched, and ' +
    'proofs run one after the other, whatever the policy of the service.',
  input: structure({ InstanceId: text('Id of the instance.'), BackupId: text('Id of the backup.') }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
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
  example: { input: { InstanceId: 'crs-5a4py64p', BackupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d' }, output: { TaskId: 2 } },

  async handle(input, ctx) {
    const { catalog, clock } = ctx.services;
    const taskId = await catalog.transaction(async (tables) => {
      const { backup } = await getBackup(input, tables, ctx);
      if (!(USABLE_STATES as readonly BackupState[]).includes(backup.state)) {
        throw backupStateError(backup, { en: 'normal, converting or converted', zh: '正常、转换中或已转换' }, ctx);
      }
      return ensureProofTask(tables, backup, { byHand: true, at: clock.now() });
    });
    ctx.services.wakeWorker();
    return { TaskId: taskId };
  },
});
