import { defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { toInstanceNode } from '../shapes/instance-node.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

const NO_PAGES = 'Accepted, no effect: no longer used by the vendor either.';

/** All fields of the SDK model, in its order. */
export const ProxyNodes = structure({ NodeId: text('Id.'), ZoneId: int64('Number of the zone.') });

/** All fields of the SDK model, in its order. */
export const RedisNodes = structure({
  NodeId: text('Name of the node; the same whatever process runs there.'),
  NodeRole: text('Always master.'),
  ClusterId: int64('Always 1, as ShardId of DescribeInstanceShards.'),
  ZoneId: int64('Number of the zone.'),
});

/** All fields of the SDK model, in its order. */
export const TendisNodes = structure({ NodeId: text('Id.'), NodeRole: text('Role.'), ZoneId: int64('Number of the zone.') });

export const DescribeInstanceNodeInfo = defineAction({
  name: 'DescribeInstanceNodeInfo',
  product: 'redis',
  summary: 'Lists the nodes of an instance.',
  description:
    'Always one node: the server at the address of the instance. There is no proxy, and replicas that an attached server may have are not listed.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    Limit: optional(int64(NO_PAGES)),
    Offset: optional(int64(NO_PAGES)),
  }),
  output: structure({
    ProxyCount: int64('Always 0.'),
    Proxy: list(ProxyNodes, 'Always empty.'),
    RedisCount: int64('Always 1.'),
    Redis: list(RedisNodes, 'The node.'),
    TendisCount: int64('Always 0.'),
    Tendis: list(TendisNodes, 'Always empty.'),
  }),
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
    input: { InstanceId: 'crs-5a4py64p' },
    output: {
      ProxyCount: 0,
      Proxy: [],
      RedisCount: 1,
      Redis: [{ NodeId: 'crs-5a4py64p-001-01', NodeRole: 'master', ClusterId: 1, ZoneId: 100001 }],
      TendisCount: 0,
      Tendis: [],
    },
  },

  async handle({ InstanceId }, ctx) {
    assertInstanceId(InstanceId, ctx);
    const node = toInstanceNode(await getInstance(InstanceId, ctx.services.catalog, ctx));
    return {
      ProxyCount: 0,
      Proxy: [],
      RedisCount: 1,
      Redis: [{ NodeId: node.id, NodeRole: 'master', ClusterId: 1, ZoneId: node.zone.id }],
      TendisCount: 0,
      Tendis: [],
    };
  },
});
