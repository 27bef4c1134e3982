import type { Static } from 'typebox';
import type { Instance, Task } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { formatWireTime } from '../shapes/wire-time.ts';

const MOST_DEALS = 10;

/** All fields of the SDK model, in its order. */
export const TradeDealDetail = structure({
  DealId: text('Id.'),
  DealName: text('As DealId.'),
  ZoneId: int64('Zone of the instances; 0 where none of them is left.'),
  GoodsNum: int64('Instances ordered.'),
  Creater: text('Uin of who ordered.'),
  CreatTime: text('When it was ordered, UTC+8.'),
  OverdueTime: text('Always empty: nothing here expires.'),
  EndTime: text('When the last instance was there, or failed, UTC+8; empty before.'),
  Status: int64('3 under way, 4 delivered, 5 at least one instance has failed.'),
  Description: text('Status in words.'),
  Price: int64('Always 0.'),
  InstanceIds: list(text('Id.'), 'The instances.'),
});

const WORDS = { 3: 'Under way', 4: 'Delivered', 5: 'Failed; DescribeTaskList and DescribeTaskInfo tell why' } as const;

export const DescribeInstanceDealDetail = defineAction({
  name: 'DescribeInstanceDealDetail',
  product: 'redis',
  summary: 'Tells how the deals of CreateInstances, CloneInstances and UpgradeInstance go.',
  description: 'A deal is what one call has ordered. One that does not exist is left out.',
  input: structure({
    DealIds: optional(list(text('DealId.'), 'Deals, at most 10.')),
    DealName: optional(text('One deal.')),
  }),
  output: structure({ DealDetails: list(TradeDealDetail, 'The deals, in the order in which they were asked for.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { DealIds: ['20260924000000000000'] }, output: { DealDetails: [] } },

  async handle({ DealIds = [], DealName }, ctx) {
    const names = DealName === undefined ? DealIds : [...DealIds, DealName];
    if (names.length < 1 || names.length > MOST_DEALS) {
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `DealIds and DealName name ${names.length} deals; they must name 1 to ${MOST_DEALS}.`,
        zh: `DealIds 与 DealName 共指定 ${names.length} 个订单，必须为 1 到 ${MOST_DEALS} 个。`,
      });
    }
    const details = await Promise.all([...new Set(names)].map((name) => describeDeal(name, ctx)));
    return { DealDetails: details.filter((detail) => detail !== undefined) };
  },
});

/** A deal is the tasks that it has ordered, but those of instances that are denied to the caller. */
async function describeDeal(
  name: string,
  ctx: Pick<ActionContext, 'mayCallOn' | 'principal' | 'region' | 'services'>,
): Promise<Static<typeof TradeDealDetail> | undefined> {
  if (!/^\d{20}$/.test(name)) {
    return undefined;
  }
  const { catalog } = ctx.services;
  const tasks = (await catalog.tasks.allOfSubject(name)).filter(
    (task) => task.accountId === ctx.principal.accountId && task.region === ctx.region && ctx.mayCallOn(task.instanceId),
  );
  const [first] = tasks;
  if (first === undefined) {
    return undefined;
  }
  const instances = await Promise.all(tasks.map((task) => catalog.instances.get(task.instanceId)));
  const endedAt = tasks.every((task) => task.endedAt !== null) ? Math.max(...tasks.map((task) => task.endedAt ?? 0)) : undefined;
  const status = statusOf(tasks);
  return {
    DealId: name,
    DealName: name,
    ZoneId: instances.find((instance): instance is Instance => instance !== undefined)?.zoneId ?? 0,
    GoodsNum: tasks.length,
    Creater: first.requestedBy,
    CreatTime: formatWireTime(first.createdAt),
    OverdueTime: '',
    EndTime: endedAt === undefined ? '' : formatWireTime(endedAt),
    Status: status,
    Description: WORDS[status],
    Price: 0,
    InstanceIds: tasks.map((task) => task.instanceId),
  };
}

function statusOf(tasks: readonly Task[]): keyof typeof WORDS {
  if (tasks.some(({ state }) => state === 'failed')) {
    return 5;
  }
  return tasks.every(({ state }) => state === 'succeed') ? 4 : 3;
}
