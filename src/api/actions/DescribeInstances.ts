import type { Static } from 'typebox';
import type { InstanceQuery, InstanceState } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { int64, list, optional, structure, text, uint64 } from '../schema.ts';
import { InstanceSet, NEUTRAL, toInstanceSet, toInstanceStates } from '../shapes/instance-set.ts';
import { assertInstanceId, visibleIds } from './instance-access.ts';
import { assertSearchText, MOST_KEY_LENGTH } from './search-text.ts';

const MOST_LIMIT = 1000;
const MOST_KEYS = 1000;
const ACCEPTED = 'Accepted, no effect: an attached server has no such property.';

const input = structure({
  Limit: optional(uint64('Size of the page, 1 to 1000. Default: 20.')),
  Offset: optional(uint64('Rows to skip. Default: 0.')),
  InstanceId: optional(text('Id of one instance.')),
  OrderBy: optional(text('createtime (default) or instancename; projectId, type and curDeadline order as createtime does.')),
  OrderType: optional(int64('1 descending (default), 0 ascending.')),
  VpcIds: optional(list(text('Id.'), ACCEPTED)),
  SubnetIds: optional(list(text('Id.'), ACCEPTED)),
  SearchKey: optional(text('Part of the name, in any case; at most 60 characters.')),
  ProjectIds: optional(list(int64('Id.'), ACCEPTED)),
  InstanceName: optional(text('The whole name; at most 60 characters.')),
  UniqVpcIds: optional(list(text('Id.'), ACCEPTED)),
  UniqSubnetIds: optional(list(text('Id.'), ACCEPTED)),
  RegionIds: optional(list(int64('Id.'), 'Accepted, no effect: deprecated, the common parameter Region says it.')),
  Status: optional(list(int64('Status.'), '0 not looked at yet, 1 and -3 none, 2 online, -2 detached. Default: 0 and 2.')),
  TypeVersion: optional(int64(ACCEPTED)),
  EngineName: optional(text(ACCEPTED)),
  AutoRenew: optional(list(int64('Mode.'), ACCEPTED)),
  BillingMode: optional(text(ACCEPTED)),
  Type: optional(int64(ACCEPTED)),
  SearchKeys: optional(
    list(text('Key.'), 'Any of them: part of the name in any case, the whole id, or the whole host. At most 1000, of 253 characters.'),
  ),
  TypeList: optional(list(int64('Type.'), ACCEPTED)),
  MonitorVersion: optional(text(ACCEPTED)),
  InstanceTags: optional(list(structure({ TagKey: text('Key.'), TagValue: text('Value.') }), ACCEPTED)),
  TagKeys: optional(list(text('Key.'), ACCEPTED)),
  ProductVersions: optional(list(text('Version.'), ACCEPTED)),
  InstanceIds: optional(list(text('Id.'), 'Ids of several instances, at most 1000.')),
  AzMode: optional(text(ACCEPTED)),
});

type Input = Static<typeof input>;
type Context = ActionContext<'InvalidParameter.InvalidParameter'>;
type Filter = Omit<InstanceQuery, 'limit' | 'offset'>;

const exampleInstance: Static<typeof InstanceSet> = {
  ...NEUTRAL,
  InstanceName: 'orders',
  InstanceId: 'crs-5a4py64p',
  RegionId: 1,
  ZoneId: 100001,
  Status: 2,
  WanIp: '10.0.0.5',
  Port: 6379,
  Createtime: '2018-09-01 10:00:00',
  Size: 3,
  SizeUsed: 3,
  Type: 17,
  Engine: 'Redis',
  InstanceTitle: 'Running',
  OfflineTime: '',
  CloseTime: '',
  RedisShardSize: 3,
  RedisReplicasNum: 1,
  Region: 'ap-guangzhou',
  CurrentRedisVersion: '7.0.15',
};

export const DescribeInstances = defineAction({
  name: 'DescribeInstances',
  product: 'redis',
  summary: 'Lists instances of the region.',
  description:
    'All filters must hold; an empty list is no filter. An instance that does not exist gives an empty InstanceSet, never an error.',
  input,
  output: structure({ TotalCount: int64('Instances that match.'), InstanceSet: list(InstanceSet, 'The page.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: {
    kind: 'read',
    resource: namedIds,
  },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { Limit: 20, SearchKey: 'ord' }, output: { TotalCount: 1, InstanceSet: [exampleInstance] } },

  async handle(parameters, ctx) {
    const { Limit = 20, Offset = 0 } = parameters;
    if (Limit < 1 || Limit > MOST_LIMIT) {
      throw invalid(ctx, { en: `Limit is ${Limit}; it must be 1 to ${MOST_LIMIT}.`, zh: `Limit 为 ${Limit}，必须是 1 到 ${MOST_LIMIT}。` });
    }
    if (!Number.isSafeInteger(Offset)) {
      throw invalid(ctx, {
        en: `Offset is ${Offset}; it must be at most ${Number.MAX_SAFE_INTEGER}.`,
        zh: `Offset 为 ${Offset}，最大为 ${Number.MAX_SAFE_INTEGER}。`,
      });
    }
    const asked = readFilter(parameters, ctx);
    const visible = await visibleIds(ctx);
    const filter = { ...asked, ...(visible === undefined ? {} : { instanceIds: visible }) };
    const { total, instances } = await ctx.services.catalog.instances.list({ ...filter, limit: Limit, offset: Offset });
    return { TotalCount: total, InstanceSet: instances.map(toInstanceSet) };
  },
});

/** None where there are too many to decide on each: such a call is refused below, whoever makes it. */
function namedIds({ InstanceId, InstanceIds = [] }: Input): readonly string[] {
  if (InstanceIds.length > MOST_KEYS) {
    return [];
  }
  return InstanceId === undefined ? InstanceIds : [InstanceId, ...InstanceIds];
}

function readFilter(parameters: Input, ctx: Context): Filter {
  const { InstanceId, InstanceIds = [], InstanceName = '', SearchKey = '', SearchKeys = [], Status = [] } = parameters;
  const ids = InstanceId === undefined ? readKeys(InstanceIds, 'InstanceIds', ctx) : narrow(InstanceId, InstanceIds);
  for (const id of ids) {
    assertInstanceId(id, ctx);
  }
  assertSearchText('InstanceName', InstanceName, ctx);
  assertSearchText('SearchKey', SearchKey, ctx);
  for (const [index, key] of readKeys(SearchKeys, 'SearchKeys', ctx).entries()) {
    assertSearchText(`SearchKeys.${index}`, key, ctx, MOST_KEY_LENGTH);
  }
  return {
    accountId: ctx.principal.accountId,
    region: ctx.region,
    ...(InstanceId === undefined && ids.length === 0 ? {} : { instanceIds: ids }),
    ...(InstanceName === '' ? {} : { names: [InstanceName] }),
    ...(SearchKey === '' ? {} : { nameContains: SearchKey }),
    ...(SearchKeys.length === 0 ? {} : { searchAny: SearchKeys }),
    ...(Status.length === 0 ? {} : { states: readStates(Status, ctx) }),
    order: readOrder(parameters, ctx),
  };
}

/** InstanceId and InstanceIds together: what is in both. */
function narrow(id: string, ids: readonly string[]): readonly string[] {
  return ids.length === 0 || ids.includes(id) ? [id] : [];
}

function readKeys(keys: readonly string[], name: string, ctx: Context): readonly string[] {
  if (keys.length > MOST_KEYS) {
    throw invalid(ctx, {
      en: `${name} has ${keys.length} elements; it must have at most ${MOST_KEYS}.`,
      zh: `${name} 有 ${keys.length} 个元素，最多 ${MOST_KEYS} 个。`,
    });
  }
  return keys;
}

function readStates(statuses: readonly number[], ctx: Context): readonly InstanceState[] {
  return [...new Set(statuses)].flatMap((status) => {
    const states = toInstanceStates(status);
    if (states === undefined) {
      throw invalid(ctx, {
        en: `Status holds ${status}; it must be 0, 1, 2, -2 or -3.`,
        zh: `Status 包含 ${status}，必须是 0、1、2、-2 或 -3。`,
      });
    }
    return states;
  });
}

const ORDERS: ReadonlyMap<string, 'created' | 'name'> = new Map([
  ['createtime', 'created'],
  ['instancename', 'name'],
  ['projectId', 'created'],
  ['type', 'created'],
  ['curDeadline', 'created'],
]);

function readOrder({ OrderBy = 'createtime', OrderType = 1 }: Input, ctx: Context): NonNullable<InstanceQuery['order']> {
  const by = ORDERS.get(OrderBy);
  if (by === undefined) {
    const [quoted, words] = [JSON.stringify(OrderBy.slice(0, 64)), [...ORDERS.keys()].join(', ')];
    throw invalid(ctx, { en: `OrderBy is ${quoted}; it must be one of ${words}.`, zh: `OrderBy 为 ${quoted}，必须是 ${words} 之一。` });
  }
  if (OrderType !== 0 && OrderType !== 1) {
    throw invalid(ctx, { en: `OrderType is ${OrderType}; it must be 0 or 1.`, zh: `OrderType 为 ${OrderType}，必须是 0 或 1。` });
  }
  return { by, descending: OrderType === 1 };
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
