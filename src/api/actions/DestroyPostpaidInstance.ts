import { defineAction } from '../action.ts';
import { int64, structure, text } from '../schema.ts';
import { assertInstanceId } from './instance-access.ts';
import { MOVE_ERRORS, moveManaged } from './managed-access.ts';

export const DestroyPostpaidInstance = defineAction({
  name: 'DestroyPostpaidInstance',
  product: 'redis',
  summary: 'Isolates a managed instance.',
  description:
    'Its server is ended and its data are kept, until StartupInstance brings it back or CleanUpInstance takes it away. It is refused while the ' +
    'deletion protection of the instance is on.',
  input: structure({ InstanceId: text('Id of the instance.') }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [...MOVE_ERRORS, 'InvalidParameterValue.UnSupportedType', 'ResourceUnavailable.InstanceStatusError'],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-7m2k9q4d' }, output: { TaskId: 2 } },

  async handle({ InstanceId }, ctx) {
    assertInstanceId(InstanceId, ctx);
    const step = { from: 'online', under: 'isolating', kind: 'isolate-instance' } as const;
    const TaskId = await moveManaged(
      InstanceId,
      step,
      ({ kind, state, deleteProtection }) => {
        if (kind !== 'managed') {
          throw ctx.fail('InvalidParameterValue.UnSupportedType', {
            en: `Instance ${InstanceId} is attached: its server is not Redkeep's to end. Use DetachInstance.`,
            zh: `实例 ${InstanceId} 是接入的实例，其服务器不由本服务运行，请使用 DetachInstance。`,
          });
        }
        if (deleteProtection) {
          throw ctx.fail('UnsupportedOperation', {
            en: `Instance ${InstanceId} is protected from deletion: switch that off with ModifyInstance, modifyDeleteProtectionSwitch, first.`,
            zh: `实例 ${InstanceId} 已开启删除保护，请先用 ModifyInstance 的 modifyDeleteProtectionSwitch 关闭。`,
          });
        }
        if (state !== 'online') {
          throw ctx.fail('ResourceUnavailable.InstanceStatusError', {
            en: `Instance ${InstanceId} is ${state}; it must be online.`,
            zh: `实例 ${InstanceId} 的状态为 ${state}，必须为 online。`,
          });
        }
      },
      ctx,
    );
    return { TaskId };
  },
});
