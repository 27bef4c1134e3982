import { defineAction } from '../action.ts';
import { int64, structure, text } from '../schema.ts';
import { assertInstanceId } from './instance-access.ts';
import { MOVE_ERRORS, moveManaged } from './managed-access.ts';

export const CleanUpInstance = defineAction({
  name: 'CleanUpInstance',
  product: 'redis',
  summary: 'Takes an isolated instance away.',
  description: 'Its data on this machine are removed for good. Its backups stay, listable and restorable.',
  input: structure({ InstanceId: text('Id of the instance, which DestroyPostpaidInstance has isolated.') }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [...MOVE_ERRORS, 'InvalidParameter.EmptyParam', 'ResourceUnavailable.InstanceStatusAbnormal'],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-3h8t5w1z' }, output: { TaskId: 2 } },

  async handle({ InstanceId }, ctx) {
    if (InstanceId === '') {
      throw ctx.fail('InvalidParameter.EmptyParam', { en: 'InstanceId is empty.', zh: 'InstanceId 为空。' });
    }
    assertInstanceId(InstanceId, ctx);
    const step = { from: 'isolated', under: 'cleaning', kind: 'clean-up-instance' } as const;
    const TaskId = await moveManaged(
      InstanceId,
      step,
      ({ state }) => {
        if (state !== 'isolated') {
          throw ctx.fail('ResourceUnavailable.InstanceStatusAbnormal', {
            en: `Instance ${InstanceId} is ${state}; only an isolated one is cleaned up: call DestroyPostpaidInstance first.`,
            zh: `实例 ${InstanceId} 的状态为 ${state}；只能清理已隔离的实例：请先调用 DestroyPostpaidInstance。`,
          });
        }
      },
      ctx,
    );
    return { TaskId };
  },
});
