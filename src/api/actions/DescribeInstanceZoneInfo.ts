import { defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { SLOTS, toInstanceNode, UNKNOWN_KEYS } from '../shapes/instance-node.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

/** All fields of the SDK model, in its order. */
export const RedisNode = structure({
  Keys: int64('Neutral: 0. Nobody counts the keys of a server.'),
  Slot: text('All slots.'),
  NodeId: text('As NodeId of DescribeInstanceNodeInfo.'),
  Status: text('normal while the instance serves, is restored or changed; else down.'),
  Role: text('Always master.'),
});

/** All fields of the SDK model, in its order. */
export const ReplicaGroup = structure({
  GroupId: int64('Always 1.'),
  GroupName: text('Always empty, as that of any master.'),
  ZoneId: text('Name of the zone, such as ap-guangzhou-3.'),
  Role: text('Always master.'),
  RedisNodes: list(RedisNode, 'The node.'),
});

export const DescribeInstanceZoneInfo = defineAction({
  name: 'DescribeInstanceZoneInfo',
  product: 'redis',
  summary: 'Lists the node groups of an instance by zone.',
  description:
    'Always one group of one node: the server at the address of the instance. Replicas that an attached server may have are not listed.',
  input: structure({ InstanceId: optional(text('Id of the instance; required, although the vendor marks it as optional.')) }),
  output: structure({ TotalCount: int64('Always 1.'), ReplicaGroups: list(ReplicaGroup, 'The group.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.EmptyParam',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => (InstanceId === undefined ? [] : [InstanceId]) },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p' },
    output: {
      TotalCount: 1,
      ReplicaGroups: [
        {
          GroupId: 1,
          GroupName: '',
          ZoneId: 'ap-guangzhou-1',
          Role: 'master',
          RedisNodes: [{ Keys: 0, Slot: '0-16383', NodeId: 'crs-5a4py64p-001-01', Status: 'normal', Role: 'master' }],
        },
      ],
    },
  },

  async handle({ InstanceId = '' }, ctx) {
    if (InstanceId === '') {
      throw ctx.fail('InvalidParameter.EmptyParam', { en: 'InstanceId is empty.', zh: 'InstanceId 为空。' });
    }
    assertInstanceId(InstanceId, ctx);
    const { id, zone, isUp } = toInstanceNode(await getInstance(InstanceId, ctx.services.catalog, ctx));
    const node = { Keys: UNKNOWN_KEYS, Slot: SLOTS, NodeId: id, Status: isUp ? 'normal' : 'down', Role: 'master' };
    return { TotalCount: 1, ReplicaGroups: [{ GroupId: 1, GroupName: '', ZoneId: zone.name, Role: 'master', RedisNodes: [node] }] };
  },
});
