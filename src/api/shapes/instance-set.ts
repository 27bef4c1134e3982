import type { Static } from 'typebox';
import type { Instance, InstanceState } from '../../catalog/catalog.ts';
import type { Tag } from '../../catalog/tags.ts';
import { regions } from '../regions.ts';
import { bool, int64, list, structure, text } from '../schema.ts';
import { toEngineVersion } from './engine-version.ts';
import { formatWireTime } from './wire-time.ts';
import { toInstanceZone } from './zones.ts';

const InstanceTagInfo = structure({ TagKey: text('Key.'), TagValue: text('Value.') });
const InstanceNode = structure({ Id: int64('Not used.') });
const RedisNodeInfo = structure({ NodeType: int64('0 master, 1 replica.') });

/** All fields of the SDK model, in its order. Those without a meaning for a server that is not the vendor's have the neutral value of `NEUTRAL`. */
export const InstanceSet = structure({
  InstanceName: text('Name.'),
  InstanceId: text('Id.'),
  Appid: int64('Neutral.'),
  ProjectId: int64('Project as ordered or changed by ModifyInstance; 0 at first.'),
  RegionId: int64('Number of the region; 0 where the vendor publishes none.'),
  ZoneId: int64("Zone as ordered; else the region's first."),
  VpcId: int64('Neutral.'),
  SubnetId: int64('Neutral.'),
  Status: int64(
    '0 not looked at or not started yet, 1 being started, restored or isolated, 2 online, -2 isolated or detached, -3 being cleaned up.',
  ),
  WanIp: text('Host of the server.'),
  Port: int64('Port of the server.'),
  Createtime: text('When it was registered, UTC+8.'),
  Size: int64('maxmemory in MB, or the used memory where none is set; as last looked at.'),
  SizeUsed: int64('Used memory in MB, as last looked at.'),
  Type: int64('Number of engine version and architecture; 0 where it is not known yet.'),
  AutoRenewFlag: int64('Neutral.'),
  DeadlineTime: text('Neutral.'),
  Engine: text('Redis or Valkey.'),
  ProductType: text('standalone.'),
  UniqVpcId: text('Neutral.'),
  UniqSubnetId: text('Neutral.'),
  BillingMode: int64('Neutral.'),
  InstanceTitle: text('State in words.'),
  OfflineTime: text('Since when it is isolated or detached, UTC+8; empty while it is not.'),
  SubStatus: int64('Neutral.'),
  Tags: list(text('Tag.'), 'Neutral.'),
  InstanceNode: list(InstanceNode, 'Neutral.'),
  RedisShardSize: int64('As Size: an attached server is one shard.'),
  RedisShardNum: int64('1.'),
  RedisReplicasNum: int64('Replicas that the server reported, as last looked at; of a managed instance the number that was ordered.'),
  PriceId: int64('Neutral.'),
  CloseTime: text('As OfflineTime.'),
  SlaveReadWeight: int64('Neutral.'),
  InstanceTags: list(InstanceTagInfo, 'Tags, ordered by key.'),
  ProjectName: text('Neutral.'),
  NoAuth: bool('Neutral.'),
  ClientLimit: int64('Neutral.'),
  DtsStatus: int64('Neutral.'),
  NetLimit: int64('Neutral.'),
  PasswordFree: int64('Neutral.'),
  Vip6: text('Neutral.'),
  IPv6: text('Neutral.'),
  ReadOnly: int64('Neutral.'),
  RemainBandwidthDuration: text('Neutral.'),
  DiskSize: int64('Neutral.'),
  MonitorVersion: text('Neutral.'),
  ClientLimitMin: int64('Neutral.'),
  ClientLimitMax: int64('Neutral.'),
  NodeSet: list(RedisNodeInfo, 'Neutral.'),
  Region: text('Region.'),
  WanAddress: text('Neutral.'),
  PolarisServer: text('Neutral.'),
  RedisClusterId: text('Neutral.'),
  DedicatedClusterId: text('Neutral.'),
  ProductVersion: text('local.'),
  CurrentProxyVersion: text('Neutral.'),
  CurrentRedisVersion: text('Version of the server; empty until it has been looked at.'),
  UpgradeProxyVersion: text('Neutral.'),
  UpgradeRedisVersion: text('Neutral.'),
  BackupMode: text('NormalLevelBackup.'),
  DeleteProtectionSwitch: int64('1: DestroyPostpaidInstance is refused. 0: it is not.'),
});

/** What fields hold that a server which is not the vendor's has not. The table in docs/wire-contract.md is this one. */
export const NEUTRAL = {
  Appid: 0,
  VpcId: 0,
  SubnetId: 0,
  AutoRenewFlag: 0,
  DeadlineTime: '',
  ProductType: 'standalone',
  UniqVpcId: '',
  UniqSubnetId: '',
  BillingMode: 0,
  SubStatus: 0,
  Tags: [],
  InstanceNode: [],
  RedisShardNum: 1,
  PriceId: 0,
  SlaveReadWeight: 0,
  ProjectName: '',
  NoAuth: false,
  ClientLimit: 0,
  DtsStatus: 0,
  NetLimit: 0,
  PasswordFree: 0,
  Vip6: '',
  IPv6: '',
  ReadOnly: 0,
  RemainBandwidthDuration: '',
  DiskSize: 0,
  MonitorVersion: '',
  ClientLimitMin: 0,
  ClientLimitMax: 0,
  NodeSet: [],
  WanAddress: '',
  PolarisServer: '',
  RedisClusterId: '',
  DedicatedClusterId: '',
  ProductVersion: 'local',
  CurrentProxyVersion: '',
  UpgradeProxyVersion: '',
  UpgradeRedisVersion: '',
  BackupMode: 'NormalLevelBackup',
} satisfies Partial<Static<typeof InstanceSet>>;

const STATUS = {
  attaching: { number: 0, title: 'Attaching' },
  creating: { number: 0, title: 'Creating' },
  starting: { number: 1, title: 'Starting' },
  online: { number: 2, title: 'Running' },
  restoring: { number: 1, title: 'Restoring' },
  changing: { number: 1, title: 'Changing' },
  isolating: { number: 1, title: 'Isolating' },
  isolated: { number: -2, title: 'Isolated' },
  cleaning: { number: -3, title: 'Cleaning up' },
  detached: { number: -2, title: 'Detached' },
  // Never shown: no listing has it.
  failed: { number: Number.NaN, title: 'Failed' },
} as const satisfies Record<InstanceState, { number: number; title: string }>;

/** The states that one of the wire's five numbers means; undefined for any other number. */
export function toInstanceStates(status: number): readonly InstanceState[] | undefined {
  if (![0, 1, 2, -2, -3].includes(status)) {
    return undefined;
  }
  return (Object.keys(STATUS) as InstanceState[]).filter((state) => STATUS[state].number === status);
}

/** `tags` may be those of several instances. */
export function toInstanceSet(instance: Instance, tags: readonly Tag[]): Static<typeof InstanceSet> {
  const region = regions.get(instance.region);
  const { type, engine } = toEngineVersion(instance.serverKind, instance.serverVersion);
  const sizeMb = toMegabytes(instance.maxMemoryBytes > 0 ? instance.maxMemoryBytes : instance.usedMemoryBytes);
  const detachedAt = instance.detachedAt === null ? '' : formatWireTime(instance.detachedAt);
  return {
    ...NEUTRAL,
    InstanceName: instance.name,
    InstanceId: instance.instanceId,
    RegionId: region?.regionId ?? 0,
    ProjectId: instance.projectId,
    ZoneId: toInstanceZone(instance).id,
    Status: STATUS[instance.state].number,
    WanIp: instance.host,
    Port: instance.port,
    Createtime: formatWireTime(instance.createdAt),
    Size: sizeMb,
    SizeUsed: toMegabytes(instance.usedMemoryBytes),
    Type: type,
    Engine: engine,
    InstanceTitle: STATUS[instance.state].title,
    OfflineTime: detachedAt,
    CloseTime: detachedAt,
    RedisShardSize: sizeMb,
    RedisReplicasNum: instance.replicas,
    InstanceTags: tags.filter((tag) => tag.instanceId === instance.instanceId).map((tag) => ({ TagKey: tag.key, TagValue: tag.value })),
    DeleteProtectionSwitch: instance.deleteProtection ? 1 : 0,
    Region: instance.region,
    CurrentRedisVersion: instance.serverVersion,
  };
}

/** Rounded up, so that a small server does not look like one of size nought. */
function toMegabytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}
