import type { Static } from 'typebox';
import type { ServerEngine } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { bool, int64, list, optional, structure, text, uint64 } from '../schema.ts';
import { toEngineVersion } from '../shapes/engine-version.ts';
import { assertRoom, lookForRoom, ROOM_ERRORS, requireMachine } from './machine-room.ts';
import { checkTerms, nodeSet, TERMS_ERRORS, unsupported } from './order-terms.ts';
import { ORDERED_REPLICAS, placeOrder, toDemand } from './place-order.ts';

const UNSUPPORTED = 'Not for local instances: refused unless it is left out.';

const input = structure({
  TypeId: uint64('Number of engine version and architecture; DescribeProductInfo lists those that this machine can run.'),
  MemSize: uint64('Memory in MB, a multiple of 1024; what the server may use at most.'),
  GoodsNum: uint64('Instances to create, 1 to 10.'),
  Period: uint64('Months, 1 to 36; 1 for pay-as-you-go, where it has no effect.'),
  BillingMode: int64('0 pay-as-you-go, the only one.'),
  ZoneId: optional(uint64("Zone by number; default: the region's first.")),
  Password: optional(
    text('8 to 64 characters of two kinds out of lower case, upper case, digits and special ones. It is stored encrypted.'),
  ),
  VpcId: optional(text(UNSUPPORTED)),
  SubnetId: optional(text(UNSUPPORTED)),
  ProjectId: optional(int64('Project. Default: 0.')),
  AutoRenew: optional(uint64('0, the only one.')),
  SecurityGroupIdList: optional(list(text('Id.'), UNSUPPORTED)),
  VPort: optional(uint64('Port, 1024 to 65535; default: a free one.')),
  RedisShardNum: optional(int64('1, the only number.')),
  RedisReplicasNum: optional(int64('1, the only number; no replica runs.')),
  ReplicasReadonly: optional(bool('false, the only one.')),
  InstanceName: optional(
    text('Chinese or English letters, digits, - or _, at most 60. Default, and where it is empty: the id. Several instances are numbered.'),
  ),
  NoAuth: optional(bool('false, the only one.')),
  NodeSet: nodeSet('At most one master.'),
  ResourceTags: optional(list(structure({ TagKey: text('Key.'), TagValue: text('Value.') }), 'Tags of the new instances.')),
  ZoneName: optional(text('Zone by name, such as ap-guangzhou-3.')),
  TemplateId: optional(text(UNSUPPORTED)),
  DryRun: optional(bool('true: checks the order and creates nothing.')),
  ProductVersion: optional(text('local, the only one.')),
  RedisClusterId: optional(text(UNSUPPORTED)),
  AlarmPolicyList: optional(list(text('Id.'), UNSUPPORTED)),
  EncryptPassword: optional(bool('false, the only one.')),
  PasswordPolicy: optional(
    structure(
      {
        Enabled: bool('false, the only one.'),
        MinLetterCount: optional(int64('Letters.')),
        MinDigitCount: optional(int64('Digits.')),
        MinSpecialCount: optional(int64('Special characters.')),
        MinLength: optional(int64('Characters.')),
      },
      'Refused where it is enabled.',
    ),
  ),
  EnableSSL: optional(bool('false, the only one.')),
  SSLBindPrivateIPv4: optional(bool('Of EnableSSL.')),
  ConnectionMode: optional(int64('0 or 1: there is no proxy, so that both are direct.')),
});

type Input = Static<typeof input>;
type Context = ActionContext<
  | 'InvalidParameter.InvalidParameter'
  | 'InvalidParameterValue.InvalidInstanceTypeId'
  | 'InvalidParameterValue.SpecNotExist'
  | 'LimitExceeded.InvalidMemSize'
  | 'UnsupportedOperation'
>;

const MEGABYTE = 1024 * 1024;
export const MEMORY_STEP_MB = 1024;
export const MOST_MEMORY_MB = 65_536;

export const CreateInstances = defineAction({
  name: 'CreateInstances',
  product: 'redis',
  summary: 'Creates local managed instances.',
  description:
    'Each is a server of this machine that Redkeep runs itself, on loopback. DescribeInstances shows it at once with Status 0, then 1, then 2 when it ' +
    'serves. Where a server does not come up, its instance is gone again and its task says why.',
  input,
  output: structure({
    DealId: text('Deal to ask DescribeInstanceDealDetail about.'),
    InstanceIds: list(text('Id.'), 'The new instances; none of a dry run.'),
    DealName: text('As DealId.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.InvalidInstanceTypeId',
    'LimitExceeded.InvalidMemSize',
    'UnauthorizedOperation.NoCAMAuthed',
    ...ROOM_ERRORS,
    ...TERMS_ERRORS,
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { TypeId: 17, MemSize: 1024, GoodsNum: 1, Period: 1, BillingMode: 0, InstanceName: 'orders', Password: 'correct-horse-7' },
    output: { DealId: '20260924000000000001', InstanceIds: ['crs-0k3v9x2m'], DealName: '20260924000000000001' },
  },

  async handle(parameters, ctx) {
    const terms = checkTerms(parameters, ctx);
    assertSpecification(parameters, ctx);
    const engine = await findEngine(parameters, ctx);
    const order = { terms, engine, memoryBytes: parameters.MemSize * MEGABYTE };
    if (parameters.DryRun === true) {
      const demand = toDemand(order);
      await assertRoom(demand, await lookForRoom(demand, ctx), ctx.services.catalog, ctx);
      return { DealId: '', InstanceIds: [], DealName: '' };
    }
    const { dealName, instanceIds } = await placeOrder(order, { kind: 'create-instance' }, ctx);
    return { DealId: dealName, InstanceIds: [...instanceIds], DealName: dealName };
  },
});

function assertSpecification(parameters: Input, ctx: Context): void {
  const { MemSize, RedisShardNum = 1, RedisReplicasNum = ORDERED_REPLICAS, ReplicasReadonly, ProductVersion = 'local' } = parameters;
  if (MemSize < MEMORY_STEP_MB || MemSize % MEMORY_STEP_MB !== 0) {
    throw ctx.fail('LimitExceeded.InvalidMemSize', {
      en: `MemSize is ${MemSize}; it must be a multiple of ${MEMORY_STEP_MB} MB.`,
      zh: `MemSize 为 ${MemSize}，必须是 ${MEMORY_STEP_MB} MB 的整数倍。`,
    });
  }
  if (MemSize > MOST_MEMORY_MB || RedisShardNum !== 1 || RedisReplicasNum !== ORDERED_REPLICAS) {
    throw ctx.fail('InvalidParameterValue.SpecNotExist', {
      en: `${MemSize} MB in ${RedisShardNum} shards with ${RedisReplicasNum} replicas cannot be had; a local instance has at most ${MOST_MEMORY_MB} MB in one shard, and RedisReplicasNum is ${ORDERED_REPLICAS}.`,
      zh: `不支持 ${MemSize} MB、${RedisShardNum} 个分片、${RedisReplicasNum} 个副本；本地实例最多 ${MOST_MEMORY_MB} MB、一个分片，RedisReplicasNum 为 ${ORDERED_REPLICAS}。`,
    });
  }
  for (const [name, isGiven] of Object.entries({
    ReplicasReadonly: ReplicasReadonly === true,
    ProductVersion: ProductVersion !== 'local',
    RedisClusterId: (parameters.RedisClusterId ?? '') !== '',
    PasswordPolicy: parameters.PasswordPolicy?.Enabled === true,
    EnableSSL: parameters.EnableSSL === true,
    SSLBindPrivateIPv4: parameters.SSLBindPrivateIPv4 === true,
  })) {
    if (isGiven) {
      throw unsupported(name, ctx);
    }
  }
  const { ConnectionMode = 0 } = parameters;
  if (ConnectionMode !== 0 && ConnectionMode !== 1) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `ConnectionMode is ${ConnectionMode}; it must be 0 or 1.`,
      zh: `ConnectionMode 为 ${ConnectionMode}，必须是 0 或 1。`,
    });
  }
}

/** The installed server that has that number; the first of several versions. */
async function findEngine({ TypeId }: Input, ctx: Context): Promise<ServerEngine> {
  const engines = await requireMachine(ctx).engines();
  const engine = engines.find(({ serverKind, serverVersion }) => toEngineVersion(serverKind, serverVersion).type === TypeId);
  if (engine === undefined) {
    const offered = engines.map(({ serverKind, serverVersion }) => {
      const { type, name } = toEngineVersion(serverKind, serverVersion);
      return `${type} (${name})`;
    });
    throw ctx.fail('InvalidParameterValue.InvalidInstanceTypeId', {
      en: `TypeId is ${TypeId}; with the servers installed on this machine it can be ${offered.join(', ') || 'none: install redis-server or valkey-server'}.`,
      zh: `TypeId 为 ${TypeId}；本机已安装的服务器可用的类型：${offered.join('、') || '无，请安装 redis-server 或 valkey-server'}。`,
    });
  }
  return engine;
}
