import type { Static } from 'typebox';
import { type ActionContext, defineAction } from '../action.ts';
import { int64, optional, structure, text, uint64 } from '../schema.ts';
import { MEMORY_STEP_MB, MOST_MEMORY_MB } from './CreateInstances.ts';
import { assertInstanceId } from './instance-access.ts';
import { assertGrowth, lookForRoom } from './machine-room.ts';
import { assertChangeable, MOVE_ERRORS, moveManaged } from './managed-access.ts';
import { nodeSet, unsupported } from './order-terms.ts';
import { createDealName, ORDERED_REPLICAS } from './place-order.ts';

const MEGABYTE = 1024 * 1024;

const input = structure({
  InstanceId: text('Id of the instance.'),
  MemSize: uint64('Memory in MB, a multiple of 1024; what the server may use at most from now on.'),
  RedisShardNum: optional(uint64('1, the only number.')),
  RedisReplicasNum: optional(uint64('1, the only number; no replica runs.')),
  NodeSet: nodeSet('Not for local instances: refused unless it is empty.'),
  SwitchOption: optional(int64('2 at once, the only one.')),
});

export const UpgradeInstance = defineAction({
  name: 'UpgradeInstance',
  product: 'redis',
  summary: 'Gives a managed instance more or less memory.',
  description:
    'A task changes the limit in the running server, which goes on serving; its Status is 1 for at least two seconds. Less memory needs 1.3 times what the ' +
    'data take up, else the task fails and nothing changes. No backup is made, since no data are moved.',
  input,
  output: structure({ DealId: text('Deal to ask DescribeInstanceDealDetail about.'), DealName: text('As DealId.') }),
  errors: [
    ...MOVE_ERRORS,
    'InvalidParameterValue.MemSizeNotInRange',
    'InvalidParameterValue.SpecNotExist',
    'InvalidParameterValue.UnSupportedType',
    'LimitExceeded.InvalidMemSize',
    'ResourceInsufficient',
    'ResourceUnavailable.InstanceStatusAbnormal',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-7m2k9q4d', MemSize: 2048 },
    output: { DealId: '20260924000000000002', DealName: '20260924000000000002' },
  },

  async handle(parameters, ctx) {
    const { InstanceId, MemSize } = parameters;
    assertInstanceId(InstanceId, ctx);
    assertSpecification(parameters, ctx);
    const maxMemoryBytes = MemSize * MEGABYTE;
    const supply = await lookForRoom({ port: 0 }, ctx);
    const subject = createDealName(ctx.services.clock.now());
    await moveManaged(
      InstanceId,
      { from: 'online', under: 'changing', kind: 'resize-instance', subject, payload: { maxMemoryBytes } },
      async (instance, tables) => {
        if (instance.kind !== 'managed') {
          throw ctx.fail('InvalidParameterValue.UnSupportedType', {
            en: `Instance ${InstanceId} is attached: its memory is not Redkeep's to change; set maxmemory in its server.`,
            zh: `实例 ${InstanceId} 是接入的实例，其内存不由本服务管理：请在其服务器上设置 maxmemory。`,
          });
        }
        assertChangeable(instance, ctx);
        if (maxMemoryBytes > instance.maxMemoryBytes) {
          await assertGrowth(maxMemoryBytes - instance.maxMemoryBytes, supply, tables, ctx);
        }
      },
      ctx,
    );
    return { DealId: subject, DealName: subject };
  },
});

type Context = ActionContext<
  | 'InvalidParameter.InvalidParameter'
  | 'InvalidParameterValue.MemSizeNotInRange'
  | 'InvalidParameterValue.SpecNotExist'
  | 'LimitExceeded.InvalidMemSize'
  | 'UnsupportedOperation'
>;

function assertSpecification(parameters: Static<typeof input>, ctx: Context): void {
  const { MemSize, RedisShardNum = 1, RedisReplicasNum = ORDERED_REPLICAS, NodeSet = [], SwitchOption = 2 } = parameters;
  if (MemSize < MEMORY_STEP_MB || MemSize > MOST_MEMORY_MB) {
    throw ctx.fail('InvalidParameterValue.MemSizeNotInRange', {
      en: `MemSize is ${MemSize}; it must be ${MEMORY_STEP_MB} to ${MOST_MEMORY_MB} MB.`,
      zh: `MemSize 为 ${MemSize}，必须是 ${MEMORY_STEP_MB} 到 ${MOST_MEMORY_MB} MB。`,
    });
  }
  if (MemSize % MEMORY_STEP_MB !== 0) {
    throw ctx.fail('LimitExceeded.InvalidMemSize', {
      en: `MemSize is ${MemSize}; it must be a multiple of ${MEMORY_STEP_MB} MB.`,
      zh: `MemSize 为 ${MemSize}，必须是 ${MEMORY_STEP_MB} MB 的整数倍。`,
    });
  }
  if (RedisShardNum !== 1 || RedisReplicasNum !== ORDERED_REPLICAS || NodeSet.length > 0) {
    throw ctx.fail('InvalidParameterValue.SpecNotExist', {
      en: `${RedisShardNum} shards with ${RedisReplicasNum} replicas cannot be had; a local instance is one master: give 1 and ${ORDERED_REPLICAS}, and no NodeSet.`,
      zh: `不支持 ${RedisShardNum} 个分片、${RedisReplicasNum} 个副本；本地实例只有一个主节点：请填 1 和 ${ORDERED_REPLICAS}，且不指定 NodeSet。`,
    });
  }
  if (SwitchOption === 1) {
    throw unsupported('SwitchOption', ctx);
  }
  if (SwitchOption !== 2) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `SwitchOption is ${SwitchOption}; it must be 2, which is at once.`,
      zh: `SwitchOption 为 ${SwitchOption}，必须是 2，即立即执行。`,
    });
  }
}
