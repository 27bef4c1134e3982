import { startBackup } from '../../catalog/start-backup.ts';
import { isDomainError } from '../../lib/errors.ts';
import { defineAction } from '../action.ts';
import { int64, optional, structure, text } from '../schema.ts';
import { DEFAULT_STORAGE_DAYS } from '../shapes/auto-backup-config.ts';
import { assertInstanceId, getServedInstance, instanceLocked } from './instance-access.ts';

const MOST_STORAGE_DAYS = 1825;
const MOST_REMARK_LENGTH = 255;

export const ManualBackupInstance = defineAction({
  name: 'ManualBackupInstance',
  product: 'redis',
  summary: 'Starts a backup of an instance.',
  description:
    'The backup is listed with Status 1 as soon as this answers; DescribeTaskInfo tells how its task goes. One task holds an instance at ' +
    'a time.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    Remark: optional(text('Free text kept with the backup, at most 255 characters.')),
    StorageDays: optional(int64('Days to keep the backup, 0 to 1825; 0, as absent: as long as an automatic one, 7 without a schedule.')),
  }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'ResourceNotFound.InstanceNotExists',
    'ResourceUnavailable.InstanceLockedError',
    'ResourceUnavailable.InstanceStateError',
    'ResourceUnavailable.InstanceStatusAbnormal',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', Remark: 'before the release', StorageDays: 30 }, output: { TaskId: 2 } },

  async handle({ InstanceId, Remark = '', StorageDays = 0 }, ctx) {
    assertInstanceId(InstanceId, ctx);
    if (StorageDays < 0 || StorageDays > MOST_STORAGE_DAYS) {
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `StorageDays is ${StorageDays}; it must be 0 to ${MOST_STORAGE_DAYS}.`,
        zh: `StorageDays 为 ${StorageDays}，必须是 0 到 ${MOST_STORAGE_DAYS}。`,
      });
    }
    if (Remark.length > MOST_REMARK_LENGTH || Remark.includes('\0')) {
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `Remark has ${Remark.length} characters; it must have at most ${MOST_REMARK_LENGTH} and none of them NUL.`,
        zh: `Remark 有 ${Remark.length} 个字符，最多 ${MOST_REMARK_LENGTH} 个，且不能包含 NUL。`,
      });
    }
    const startedAt = ctx.services.clock.now();
    const { taskId } = await ctx.services.catalog
      .transaction(async (tables) => {
        const instance = await getServedInstance(InstanceId, tables, ctx);
        const storageDays = StorageDays || ((await tables.schedules.get(InstanceId))?.storageDays ?? DEFAULT_STORAGE_DAYS);
        return startBackup(tables, instance, { type: 'manual', remark: Remark, startedAt, storageDays, requestedBy: ctx.principal.uin });
      })
      .catch((error: unknown) => {
        // Another request took the exclusive key between the look and the write.
        throw isDomainError(error, 'catalog-conflict') ? instanceLocked(InstanceId, ctx) : error;
      });
    ctx.services.wakeWorker();
    return { TaskId: taskId };
  },
});
