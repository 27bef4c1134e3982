import type { Static } from 'typebox';
import { defineAction } from '../action.ts';
import { int64, list, optional, structure, text, uint64 } from '../schema.ts';
import { InstanceSet, NEUTRAL, toInstanceSet } from '../shapes/instance-set.ts';
import { visibleIds } from './instance-access.ts';
import { invalid, MOST_KEYS, readInstanceFilter } from './instance-filter.ts';

const MOST_LIMIT = 1000;
const NO_NETWORK = 'Anything but an empty list finds nothing: no instance here is in a VPC.';

const input = structure({
  Limit: optional(uint64('Size of the page, 1 to 1000. Default: 20.')),
  Offset: optional(uint64('Rows to skip. Default: 0.')),
  InstanceId: optional(text('Id of one instance.')),
  OrderBy: optional(text('createtime (default), instancename or projectId; type and curDeadline order as createtime does.')),
  OrderType: optional(int64('1 descending (default), 0 ascending.')),
  VpcIds: optional(list(text('Id.'), NO_NETWORK)),
  SubnetIds: optional(list(text('Id.'), NO_NETWORK)),
  SearchKey: optional(text('Part of the name, in any case; at most 60 characters.')),
  ProjectIds: optional(list(int64('Id.'), 'Any of these projects.')),
  InstanceName: optional(text('The whole name; at most 60 characters.')),
  UniqVpcIds: optional(list(text('Id.'), NO_NETWORK)),
  UniqSubnetIds: optional(list(text('Id.'), NO_NETWORK)),
  RegionIds: optional(list(int64('Id.'), 'Numbers of regions, deprecated: finds nothing where that of Region is not among them.')),
  Status: optional(
    list(
      int64('Status.'),
      '0 not started yet, 1 in process, 2 online, -2 isolated or detached, -3 being cleaned up. Default: all but detached ones.',
    ),
  ),
  TypeVersion: optional(int64('2 standard architecture, which all are; 1 and 3 find nothing.')),
  EngineName: optional(text('Engine and version, such as Redis-7.0 or Valkey-8.0.')),
  AutoRenew: optional(list(int64('Mode.'), 'Renewal: 0 is that of all, 1 and 2 find nothing.')),
  BillingMode: optional(text('postpaid, which all are, or prepaid, which finds nothing.')),
  Type: optional(int64('Number of engine version and architecture.')),
  SearchKeys: optional(
    list(text('Key.'), 'Any of them: part of the name in any case, the whole id, or the whole host. At most 1000, of 253 characters.'),
  ),
  TypeList: optional(list(int64('Type.'), 'Any of these numbers of engine version and architecture.')),
  MonitorVersion: optional(text('Accepted, no effect: the vendor’s own.')),
  InstanceTags: optional(list(structure({ TagKey: text('Key.'), TagValue: text('Value.') }), 'All of these tags.')),
  TagKeys: optional(list(text('Key.'), 'A tag of each of these keys.')),
  ProductVersions: optional(list(text('Version.'), 'local is that of all; without it nothing is found.')),
  InstanceIds: optional(list(text('Id.'), 'Ids of several instances, at most 1000.')),
  AzMode: optional(text('Accepted, no effect: the vendor’s own.')),
});

export type DescribeInstancesInput = Static<typeof input>;

const exampleInstance: Static<typeof InstanceSet> = {
  ...NEUTRAL,
  InstanceName: 'orders',
  ProjectId: 0,
  InstanceTags: [],
  DeleteProtectionSwitch: 0,
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
    const asked = await readInstanceFilter(parameters, ctx);
    const visible = await visibleIds(ctx);
    const filter = { ...asked, ...(visible === undefined ? {} : { instanceIds: visible }) };
    const { catalog } = ctx.services;
    const { total, instances } = await catalog.instances.list({ ...filter, limit: Limit, offset: Offset });
    const tags = await catalog.tags.ofInstances(instances.map(({ instanceId }) => instanceId));
    return { TotalCount: total, InstanceSet: instances.map((instance) => toInstanceSet(instance, tags)) };
  },
});

/** None where there are too many to decide on each: such a call is refused below, whoever makes it. */
function namedIds({ InstanceId, InstanceIds = [] }: DescribeInstancesInput): readonly string[] {
  if (InstanceIds.length > MOST_KEYS) {
    return [];
  }
  return InstanceId === undefined ? InstanceIds : [InstanceId, ...InstanceIds];
}
