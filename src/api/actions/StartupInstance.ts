import { defineAction } from '../action.ts';
import { int64, structure, text } from '../schema.ts';
import { assertInstanceId } from './instance-access.ts';
import { assertRoom, lookForRoom, ROOM_ERRORS } from './machine-room.ts';
import { MOVE_ERRORS, moveManaged } from './managed-access.ts';

export const StartupInstance = defineAction({
  name: 'StartupInstance',
  product: 'redis',
  summary: 'Brings an isolated instance back.',
  description:
    'Its server is started on the data that it had when it was isolated, with the same password and, where that is free, on the same port.',
  input: structure({ InstanceId: text('Id of the instance.') }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [
    ...MOVE_ERRORS,
    ...ROOM_ERRORS,
    'FailedOperation.UnSupportError',
    'InvalidParameter.EmptyParam',
    'ResourceUnavailable.InstanceStatusAbnormal',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-3h8t5w1z' }, output: { TaskId: 2 } },

  async handle({ InstanceId }, ctx) {
    if (InstanceId === '') {
      throw ctx.fail('InvalidParameter.EmptyParam', { en: 'InstanceId is empty.', zh: 'InstanceId 为空。' });
    }
    assertInstanceId(InstanceId, ctx);
    const step = { from: 'isolated', under: 'starting', kind: 'start-instance' } as const;
    // While it was isolated its memory was anybody's.
    const supply = await lookForRoom({ port: 0 }, ctx);
    const TaskId = await moveManaged(
      InstanceId,
      step,
      async ({ kind, state, maxMemoryBytes }, tables) => {
        if (kind !== 'managed') {
          throw ctx.fail('FailedOperation.UnSupportError', {
            en: `Instance ${InstanceId} is attached: its server is not Redkeep's to start. AttachInstance registers it again after a detach.`,
            zh: `实例 ${InstanceId} 是接入的实例，其服务器不由本服务启动；解绑后可用 AttachInstance 重新接入。`,
          });
        }
        if (state !== 'isolated') {
          throw ctx.fail('ResourceUnavailable.InstanceStatusAbnormal', {
            en: `Instance ${InstanceId} is ${state}; it must be isolated.`,
            zh: `实例 ${InstanceId} 的状态为 ${state}，必须为 isolated。`,
          });
        }
        await assertRoom({ count: 1, memoryBytes: maxMemoryBytes, port: 0 }, supply, tables, ctx);
      },
      ctx,
    );
    return { TaskId };
  },
});
