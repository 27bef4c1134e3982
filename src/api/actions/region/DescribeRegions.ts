import type { Static } from 'typebox';
import { defineAction } from '../../action.ts';
import { regions } from '../../regions.ts';
import { int64, list, optional, structure, text } from '../../schema.ts';
import { assertRedis } from './DescribeZones.ts';

/** All fields of the SDK model, in its order. */
export const RegionInfo = structure({
  Region: text('Name, such as ap-guangzhou.'),
  RegionName: text('As Region.'),
  RegionState: text('Always AVAILABLE.'),
  RegionTypeMC: int64('Always 0.'),
  LocationMC: text('Always empty.'),
  RegionNameMC: text('As Region.'),
  RegionIdMC: text('Number, as text; 0 where the vendor publishes none.'),
});

export const DescribeRegions = defineAction({
  name: 'DescribeRegions',
  product: 'region',
  summary: 'Lists the regions.',
  description: 'A region groups instances; all run on this machine or where they were attached from.',
  input: structure({
    Product: text('redis, the only one.'),
    Scene: optional(int64('Accepted, no effect: the vendor’s own.')),
  }),
  output: structure({ TotalCount: int64('Regions.'), RegionSet: list(RegionInfo, 'The regions.') }),
  errors: ['AuthFailure.UnauthorizedOperation', 'InternalError.InternalError', 'InvalidParameter'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { Product: 'redis' }, output: describeRegions() },

  async handle({ Product }, ctx) {
    assertRedis(Product, ctx);
    return describeRegions();
  },
});

function describeRegions(): { TotalCount: number; RegionSet: Array<Static<typeof RegionInfo>> } {
  const RegionSet = [...regions.values()].map(({ name, regionId }) => ({
    Region: name,
    RegionName: name,
    RegionState: 'AVAILABLE',
    RegionTypeMC: 0,
    LocationMC: '',
    RegionNameMC: name,
    RegionIdMC: String(regionId),
  }));
  return { TotalCount: RegionSet.length, RegionSet };
}
