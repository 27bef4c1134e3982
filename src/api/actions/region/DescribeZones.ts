import type { Static } from 'typebox';
import { type ActionContext, defineAction } from '../../action.ts';
import { type Region, regions } from '../../regions.ts';
import { int64, list, optional, structure, text } from '../../schema.ts';
import { toZoneName } from '../../shapes/zones.ts';

/** All fields of the SDK model, in its order. */
export const ZoneInfo = structure({
  Zone: text('Name, such as ap-guangzhou-3.'),
  ZoneName: text('As Zone.'),
  ZoneId: text('Number, as text.'),
  ZoneState: text('Always AVAILABLE.'),
  ParentZone: text('Always empty.'),
  ParentZoneId: text('Always empty.'),
  ParentZoneName: text('Always empty.'),
  ZoneType: text('Always empty.'),
  MachineRoomTypeMC: text('Always empty.'),
  ZoneIdMC: text('As ZoneId.'),
});

export const DescribeZones = defineAction({
  name: 'DescribeZones',
  product: 'region',
  summary: 'Lists the zones of the region.',
  description:
    'Zones only name places here: an instance of any zone runs on this machine. A region that the vendor publishes no zones of has none.',
  input: structure({
    Product: text('redis, the only one.'),
    Scene: optional(int64('Accepted, no effect: the vendor’s own.')),
  }),
  output: structure({ TotalCount: int64('Zones.'), ZoneSet: list(ZoneInfo, 'The zones.') }),
  errors: ['AuthFailure.UnauthorizedOperation', 'InternalError.InternalError', 'InvalidParameter'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { Product: 'redis' },
    output: {
      TotalCount: 6,
      ZoneSet: [100001, 100002, 100003, 100004, 100006, 100007].map((zoneId) => describeZone(regions.get('ap-guangzhou'), zoneId)),
    },
  },

  async handle({ Product }, ctx) {
    assertRedis(Product, ctx);
    const region = regions.get(ctx.region);
    const ZoneSet = (region?.zoneIds ?? []).map((zoneId) => describeZone(region, zoneId));
    return { TotalCount: ZoneSet.length, ZoneSet };
  },
});

/** Throws InvalidParameter for another product than redis. */
export function assertRedis(product: string, ctx: ActionContext<'InvalidParameter'>): void {
  if (product !== 'redis') {
    const quoted = JSON.stringify(product.slice(0, 64));
    throw ctx.fail('InvalidParameter', {
      en: `Product is ${quoted}; it must be redis.`,
      zh: `Product 为 ${quoted}，必须是 redis。`,
    });
  }
}

function describeZone(region: Region | undefined, zoneId: number): Static<typeof ZoneInfo> {
  const name = region === undefined ? '' : toZoneName(region, zoneId);
  return {
    Zone: name,
    ZoneName: name,
    ZoneId: String(zoneId),
    ZoneState: 'AVAILABLE',
    ParentZone: '',
    ParentZoneId: '',
    ParentZoneName: '',
    ZoneType: '',
    MachineRoomTypeMC: '',
    ZoneIdMC: String(zoneId),
  };
}
