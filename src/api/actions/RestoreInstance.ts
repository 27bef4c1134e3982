import { defineAction } from '../action.ts';
import { int64, optional, structure, text } from '../schema.ts';
import { enqueueRestore, RESTORE_ERRORS } from './restore-access.ts';

export const RestoreInstance = defineAction({
  name: 'RestoreInstance',
  product: 'redis',
  summary: 'Puts one of its backups in the place of everything that an instance holds.',
  description:
    'The instance has Status 1 until the task has ended. All stored bytes are checked, and the server is looked at, before anything is changed; then a ' +
    'backup of what it holds is taken, so that a restore that goes wrong is undone. RestoreBackup of product redkeep can do more.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    BackupId: text('Id of one of its backups.'),
    Password: optional(text('Password of the instance; not looked at where it has none.')),
  }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [
    ...RESTORE_ERRORS,
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.PasswordError',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d', Password: 'correct-horse-7' },
    output: { TaskId: 2 },
  },

  async handle({ InstanceId, BackupId, Password = '' }, ctx) {
    const { isPassword } = ctx.services;
    const TaskId = await enqueueRestore(
      {
        to: InstanceId,
        of: InstanceId,
        backupId: BackupId,
        takesSafetyBackup: true,
        order: { replaceExisting: false, ttl: { kind: 'keep' }, dryRun: false },
        check(instance) {
          if (!isPassword(instance, '') && !isPassword(instance, Password)) {
            throw ctx.fail('InvalidParameterValue.PasswordError', {
              en: `Password is not that of instance ${InstanceId}.`,
              zh: `Password 不是实例 ${InstanceId} 的密码。`,
            });
          }
        },
      },
      ctx,
    );
    return { TaskId };
  },
});
