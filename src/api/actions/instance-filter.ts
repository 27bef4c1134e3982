import type { InstanceQuery, InstanceState } from '../../catalog/catalog.ts';
import type { ActionContext } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { regions } from '../regions.ts';
import { toEngineVersion } from '../shapes/engine-version.ts';
import { toInstanceStates } from '../shapes/instance-set.ts';
import type { DescribeInstancesInput } from './DescribeInstances.ts';
import { assertInstanceId } from './instance-access.ts';
import { assertSearchText, MOST_KEY_LENGTH } from './search-text.ts';
import { assertElements, assertOneOf } from './value-rules.ts';

/** How long a list of ids or keys may be. */
export const MOST_KEYS = 1000;

/** As many as an instance can have; a database bounds how many conditions it takes. */
const MOST_TAGS = 50;

type Context = ActionContext<'InvalidParameter.InvalidParameter'>;
type Filter = Omit<InstanceQuery, 'limit' | 'offset'>;

/** What DescribeInstances was asked for, as the catalog is asked. Throws InvalidParameter.InvalidParameter. */
export async function readInstanceFilter(parameters: DescribeInstancesInput, ctx: Context): Promise<Filter> {
  const { InstanceId, InstanceIds = [], InstanceName = '', SearchKey = '', SearchKeys = [], Status = [], ProjectIds = [] } = parameters;
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
    ...(ProjectIds.length === 0 ? {} : { projectIds: readKeys(ProjectIds, 'ProjectIds', ctx) }),
    ...(await readEngines(parameters, ctx)),
    ...readTags(parameters, ctx),
    order: readOrder(parameters, ctx),
    // Last, so that it wins.
    ...(isOfNone(parameters, ctx) ? { states: [] } : {}),
  };
}

/** InstanceId and InstanceIds together: what is in both. */
function narrow(id: string, ids: readonly string[]): readonly string[] {
  return ids.length === 0 || ids.includes(id) ? [id] : [];
}

function readKeys<Key>(keys: readonly Key[], name: string, ctx: Context): readonly Key[] {
  assertElements(name, keys, MOST_KEYS, ctx);
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

/** Asks which servers there are, and picks those that the wire calls so. */
async function readEngines(
  { Type, TypeList = [], EngineName = '' }: DescribeInstancesInput,
  ctx: Context,
): Promise<Pick<InstanceQuery, 'engines'>> {
  if (Type === undefined && TypeList.length === 0 && EngineName === '') {
    return {};
  }
  const engines = await ctx.services.catalog.instances.engines(ctx.principal.accountId, ctx.region);
  return {
    engines: engines.filter(({ serverKind, serverVersion }) => {
      const { type, name } = toEngineVersion(serverKind, serverVersion);
      return (
        (Type === undefined || Type === type) &&
        (TypeList.length === 0 || TypeList.includes(type)) &&
        (EngineName === '' || EngineName.toLowerCase() === name.toLowerCase())
      );
    }),
  };
}

function readTags({ InstanceTags = [], TagKeys = [] }: DescribeInstancesInput, ctx: Context): Pick<InstanceQuery, 'tags'> {
  const tags = [...InstanceTags.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue })), ...TagKeys.map((key) => ({ key }))];
  if (tags.length > MOST_TAGS) {
    throw invalid(ctx, {
      en: `InstanceTags and TagKeys have ${tags.length} elements together; they must have at most ${MOST_TAGS}.`,
      zh: `InstanceTags 与 TagKeys 共有 ${tags.length} 个元素，最多 ${MOST_TAGS} 个。`,
    });
  }
  return tags.length === 0 ? {} : { tags };
}

/** Whether it asks for a property that no instance here has. */
function isOfNone(parameters: DescribeInstancesInput, ctx: Context): boolean {
  const { VpcIds = [], SubnetIds = [], UniqVpcIds = [], UniqSubnetIds = [], RegionIds = [], AutoRenew = [] } = parameters;
  const { TypeVersion = 2, BillingMode = 'postpaid', ProductVersions = [], AzMode = 'singleaz' } = parameters;
  assertOneOf('TypeVersion', TypeVersion, [1, 2, 3], ctx);
  assertOneOf('BillingMode', BillingMode, ['postpaid', 'prepaid'], ctx);
  assertOneOf('AzMode', AzMode, ['singleaz', 'multiaz'], ctx);
  return (
    VpcIds.length + SubnetIds.length + UniqVpcIds.length + UniqSubnetIds.length > 0 ||
    lacks(RegionIds, regions.get(ctx.region)?.regionId ?? 0) ||
    lacks(AutoRenew, 0) ||
    lacks(ProductVersions, 'local') ||
    TypeVersion !== 2 ||
    BillingMode !== 'postpaid' ||
    AzMode !== 'singleaz'
  );
}

/** An empty list asks for nothing. */
function lacks<Value>(list: readonly Value[], value: Value): boolean {
  return list.length > 0 && !list.includes(value);
}

const ORDERS: ReadonlyMap<string, 'created' | 'name' | 'project'> = new Map([
  ['createtime', 'created'],
  ['instancename', 'name'],
  ['projectId', 'project'],
  ['type', 'created'],
  ['curDeadline', 'created'],
]);

function readOrder({ OrderBy = 'createtime', OrderType = 1 }: DescribeInstancesInput, ctx: Context): NonNullable<InstanceQuery['order']> {
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

/** The error for a parameter that breaks a rule. */
export function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
