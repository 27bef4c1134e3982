import { defineAction } from '../action.ts';
import { bool, float, int64, list, optional, structure, text } from '../schema.ts';
import { SLOTS, toInstanceNode, UNKNOWN_KEYS } from '../shapes/instance-node.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

/** All fields of the SDK model, in its order. */
export const InstanceClusterShard = structure({
  ShardName: text('Name of the node.'),
  ShardId: text('Always "1".'),
  Role: int64('Always 0, master: the server at the address of the instance. Whether an attached one is a replica is not kept.'),
  Keys: int64('Neutral: 0. Nobody counts the keys of a server.'),
  Slots: text('All slots, as JSON.'),
  Storage: int64('Used memory in bytes, as last looked at.'),
  StorageSlope: float('Always 0: one shard is not fuller than another.'),
  Runid: text('As RunId.'),
  RunId: text('As ShardName, and NodeId of DescribeInstanceNodeInfo: the node, whatever process runs there.'),
  Connected: int64('1 while the instance serves, is restored or changed; else 0.'),
  ZoneId: text('Name of the zone, such as ap-guangzhou-3.'),
  ReplicasNodeId: int64('Always 1, as GroupId of DescribeInstanceZoneInfo.'),
});

export const DescribeInstanceShards = defineAction({
  name: 'DescribeInstanceShards',
  product: 'redis',
  summary: 'Lists the shards of an instance.',
  description: 'Always one: the server at the address of the instance. Replicas that an attached server may have are not listed.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    FilterSlave: optional(bool('Accepted, no effect: no replica is listed.')),
  }),
  output: structure({ InstanceShards: list(InstanceClusterShard, 'The shard.'), TotalCount: int64('Always 1.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', FilterSlave: false },
    output: {
      InstanceShards: [
        {
          ShardName: 'crs-5a4py64p-001-01',
          ShardId: '1',
          Role: 0,
          Keys: 0,
          Slots: '["0-16383"]',
          Storage: 3_000_000,
          StorageSlope: 0,
          Runid: 'crs-5a4py64p-001-01',
          RunId: 'crs-5a4py64p-001-01',
          Connected: 1,
          ZoneId: 'ap-guangzhou-1',
          ReplicasNodeId: 1,
        },
      ],
      TotalCount: 1,
    },
  },

  async handle({ InstanceId }, ctx) {
    assertInstanceId(InstanceId, ctx);
    const instance = await getInstance(InstanceId, ctx.services.catalog, ctx);
    const node = toInstanceNode(instance);
    const shard = {
      ShardName: node.id,
      ShardId: '1',
      Role: 0,
      Keys: UNKNOWN_KEYS,
      Slots: JSON.stringify([SLOTS]),
      Storage: instance.usedMemoryBytes,
      StorageSlope: 0,
      Runid: node.id,
      RunId: node.id,
      Connected: node.isUp ? 1 : 0,
      ZoneId: node.zone.name,
      ReplicasNodeId: 1,
    };
    return { InstanceShards: [shard], TotalCount: 1 };
  },
});
