import type { Static } from 'typebox';
import type { ServerEngine } from '../../catalog/catalog.ts';
import { defineAction } from '../action.ts';
import { type Region, regions } from '../regions.ts';
import { bool, int64, list, structure, text } from '../schema.ts';
import { toEngineVersion } from '../shapes/engine-version.ts';
import { toZoneName } from '../shapes/zones.ts';
import { ORDERED_REPLICAS } from './place-order.ts';

/** All fields of the SDK model, in its order. */
export const ProductConf = structure({
  Type: int64('TypeId of CreateInstances.'),
  TypeName: text('Engine, version and architecture in words.'),
  MinBuyNum: int64('Fewest instances in one order.'),
  MaxBuyNum: int64('Most instances in one order.'),
  Saleout: bool('Always false.'),
  Engine: text('Redis or Valkey.'),
  Version: text('Engine and version, such as Redis-7.0.'),
  TotalSize: list(text('Size.'), 'Memory in GB that can be ordered.'),
  ShardSize: list(text('Size.'), 'As TotalSize: an instance is one shard.'),
  ReplicaNum: list(text('Number.'), 'Always "1"; no replica runs.'),
  ShardNum: list(text('Number.'), 'Always "1".'),
  PayMode: text('Always "0": pay-as-you-go.'),
  EnableRepicaReadOnly: bool('Always false.'),
  EnableReplicaReadOnly: bool('Always false.'),
});

export const ZoneCapacityConf = structure({
  ZoneId: text('Name of the zone, such as ap-guangzhou-3.'),
  ZoneName: text('As ZoneId, which is what Terraform compares with.'),
  IsSaleout: bool('Whether no server is installed on this machine.'),
  IsDefault: bool("Whether it is the region's first."),
  NetWorkType: list(text('Type.'), 'Always basenet: there are no VPCs.'),
  ProductSet: list(ProductConf, 'What this machine can run.'),
  OldZoneId: int64('Number of the zone.'),
});

export const RegionConf = structure({
  RegionId: text('Name of the region, such as ap-guangzhou.'),
  RegionName: text('As RegionId.'),
  RegionShortName: text('As RegionId.'),
  Area: text('Always empty.'),
  ZoneSet: list(ZoneCapacityConf, 'Zones.'),
});

/** GB. */
const SIZES = ['1', '2', '4', '8', '12', '16', '20', '24', '32', '40', '48', '60', '64'];
const MOST_GOODS = 10;

export const DescribeProductInfo = defineAction({
  name: 'DescribeProductInfo',
  product: 'redis',
  summary: 'Tells what CreateInstances can create.',
  description:
    'The same in every region and zone: what the servers installed on this machine are. Whether there is room for one more is told when it is ordered.',
  input: structure({}),
  output: structure({ RegionSet: list(RegionConf, 'All regions that have zones.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: {}, output: { RegionSet: describeRegions([{ serverKind: 'redis', serverVersion: '7.0.15' }]) } },

  async handle(_parameters, ctx) {
    return { RegionSet: describeRegions((await ctx.services.machine?.engines()) ?? []) };
  },
});

function describeRegions(engines: readonly ServerEngine[]): Array<Static<typeof RegionConf>> {
  const products = describeProducts(engines);
  return [...regions.values()]
    .filter(({ zoneIds }) => zoneIds.length > 0)
    .map((region) => ({
      RegionId: region.name,
      RegionName: region.name,
      RegionShortName: region.name,
      Area: '',
      ZoneSet: region.zoneIds.map((zoneId) => describeZone(region, zoneId, products)),
    }));
}

function describeZone(
  region: Region,
  zoneId: number,
  products: ReadonlyArray<Static<typeof ProductConf>>,
): Static<typeof ZoneCapacityConf> {
  const name = toZoneName(region, zoneId);
  return {
    ZoneId: name,
    ZoneName: name,
    IsSaleout: products.length === 0,
    IsDefault: zoneId === region.zoneIds[0],
    NetWorkType: ['basenet'],
    ProductSet: [...products],
    OldZoneId: zoneId,
  };
}

/** Each number once, whatever versions have it. */
function describeProducts(engines: readonly ServerEngine[]): Array<Static<typeof ProductConf>> {
  const byType = new Map(
    engines.map(({ serverKind, serverVersion }) => [toEngineVersion(serverKind, serverVersion).type, { serverKind, serverVersion }]),
  );
  return [...byType].map(([type, { serverKind, serverVersion }]) => {
    const { engine, name } = toEngineVersion(serverKind, serverVersion);
    return {
      Type: type,
      TypeName: `${name.replace('-', ' ')}, standard architecture`,
      MinBuyNum: 1,
      MaxBuyNum: MOST_GOODS,
      Saleout: false,
      Engine: engine,
      Version: name,
      TotalSize: SIZES,
      ShardSize: SIZES,
      ReplicaNum: [String(ORDERED_REPLICAS)],
      ShardNum: ['1'],
      PayMode: '0',
      EnableRepicaReadOnly: false,
      EnableReplicaReadOnly: false,
    };
  });
}
