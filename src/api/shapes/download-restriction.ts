import type { Static } from 'typebox';
import type { DownloadRestriction } from '../../catalog/download-restriction.ts';
import { parseIpRanges } from '../../lib/ip-range.ts';
import type { ActionContext } from '../action.ts';
import { regions } from '../regions.ts';
import { list, optional, structure, text } from '../schema.ts';

export const BackupLimitVpcItem = structure({
  Region: text('Region of the VPCs.'),
  VpcList: list(text('Name of a VPC.'), 'Names that the site’s configuration maps to addresses.'),
});

/** The parameters that limit from where backups are downloaded, LimitType apart. */
export const limitParameters = {
  VpcComparisonSymbol: optional(text('In, the only rule for VPCs.')),
  IpComparisonSymbol: optional(text('In: the addresses of LimitIp may download. NotIn: all others may. Default: In.')),
  LimitVpc: optional(list(BackupLimitVpcItem, 'VPCs that may download, with Customize only; at most 100 names in all.')),
  LimitIp: optional(list(text('Address or CIDR block, IPv4 or IPv6.'), 'Addresses, with Customize only; at most 100.')),
};

const LIMITS = { NoLimit: 'everywhere', LimitOnlyIntranet: 'intranet', Customize: 'custom' } as const;
const LIMIT_TYPES = { everywhere: 'NoLimit', intranet: 'LimitOnlyIntranet', custom: 'Customize' } as const satisfies Record<
  DownloadRestriction['limit'],
  string
>;

const MOST_IPS = 100;
const MOST_VPCS = 100;

interface Parameters {
  readonly LimitType: string;
  readonly VpcComparisonSymbol?: string;
  readonly IpComparisonSymbol?: string;
  readonly LimitVpc?: ReadonlyArray<Static<typeof BackupLimitVpcItem>>;
  readonly LimitIp?: readonly string[];
}

type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

/** Throws InvalidParameter.InvalidParameter where the parameters say nothing clear, or say what would then not hold. */
export function toRestriction(parameters: Parameters, ctx: Context): DownloadRestriction {
  const { LimitType, LimitVpc = [], LimitIp = [] } = parameters;
  const limit = Object.hasOwn(LIMITS, LimitType) ? LIMITS[LimitType as keyof typeof LIMITS] : undefined;
  if (limit === undefined) {
    throw wrongWord(ctx, 'LimitType', LimitType, 'NoLimit, LimitOnlyIntranet, Customize');
  }
  const vpcRule = readWord(ctx, 'VpcComparisonSymbol', parameters.VpcComparisonSymbol, ['In']);
  const ipRule = readWord(ctx, 'IpComparisonSymbol', parameters.IpComparisonSymbol, ['In', 'NotIn']);
  const isListed = LimitVpc.length > 0 || LimitIp.length > 0;
  if (limit !== 'custom' && isListed) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `LimitType is ${LimitType}, with which LimitVpc and LimitIp have no effect; give them with Customize.`,
      zh: `LimitType 为 ${LimitType}，此时 LimitVpc 与 LimitIp 不起作用；请配合 Customize 使用。`,
    });
  }
  if (limit === 'custom' && !isListed) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: 'LimitType is Customize, which needs LimitVpc or LimitIp.',
      zh: 'LimitType 为 Customize，必须提供 LimitVpc 或 LimitIp。',
    });
  }
  checkIps(LimitIp, ctx);
  checkVpcs(LimitVpc, ctx);
  return {
    limit,
    ipRule: ipRule === undefined ? null : ipRule === 'In' ? 'in' : 'not-in',
    saysVpcIn: vpcRule !== undefined,
    vpcs: LimitVpc.map(({ Region, VpcList }) => ({ region: Region, names: VpcList })),
    ips: LimitIp,
  };
}

function checkIps(ips: readonly string[], ctx: Context): void {
  if (ips.length > MOST_IPS) {
    throw tooMany(ctx, 'LimitIp', ips.length, MOST_IPS);
  }
  const wrong = ips.find((ip) => parseIpRanges([ip]) === undefined);
  if (wrong !== undefined) {
    const quoted = JSON.stringify(wrong.slice(0, 64));
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `LimitIp holds ${quoted}; it must be an IPv4 or IPv6 address or a CIDR block such as 10.0.0.0/8.`,
      zh: `LimitIp 包含 ${quoted}，必须是 IPv4、IPv6 地址或 CIDR 地址段，例如 10.0.0.0/8。`,
    });
  }
}

function checkVpcs(items: ReadonlyArray<Static<typeof BackupLimitVpcItem>>, ctx: Context): void {
  const names = items.flatMap(({ VpcList }) => VpcList);
  if (names.length > MOST_VPCS || items.length > MOST_VPCS) {
    throw tooMany(ctx, 'LimitVpc', Math.max(names.length, items.length), MOST_VPCS);
  }
  for (const { Region, VpcList } of items) {
    if (!regions.has(Region)) {
      const quoted = JSON.stringify(Region.slice(0, 64));
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `LimitVpc names the region ${quoted}, which does not exist.`,
        zh: `LimitVpc 中的地域 ${quoted} 不存在。`,
      });
    }
    const unknown = VpcList.length === 0 ? '' : VpcList.find((name) => !ctx.services.downloadLinks.knowsVpc(name));
    if (unknown !== undefined) {
      const quoted = JSON.stringify(unknown.slice(0, 64));
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `LimitVpc names the VPC ${quoted}, of which this site knows no addresses; map it with REDKEEP_VPCS, or use LimitIp.`,
        zh: `本站点不知道 LimitVpc 中 VPC ${quoted} 的地址；请在 REDKEEP_VPCS 中配置，或改用 LimitIp。`,
      });
    }
  }
}

/** The five members by which the API shows a restriction. What the caller has not said is empty, so that it comes back as it was set. */
export function toLimitMembers({ limit, ipRule, saysVpcIn, vpcs, ips }: DownloadRestriction) {
  return {
    LimitType: LIMIT_TYPES[limit] as string,
    VpcComparisonSymbol: saysVpcIn ? 'In' : '',
    IpComparisonSymbol: ipRule === null ? '' : ipRule === 'in' ? 'In' : 'NotIn',
    LimitVpc: vpcs.map(({ region, names }) => ({ Region: region, VpcList: [...names] })),
    LimitIp: [...ips],
  };
}

/** An empty text is what an absent one is. */
function readWord(ctx: Context, name: string, given: string | undefined, words: readonly string[]): string | undefined {
  if (given === undefined || given === '') {
    return undefined;
  }
  if (!words.includes(given)) {
    throw wrongWord(ctx, name, given, words.join(', '));
  }
  return given;
}

function wrongWord(ctx: Context, name: string, given: string, allowed: string): Error {
  const quoted = JSON.stringify(given.slice(0, 64));
  return ctx.fail('InvalidParameter.InvalidParameter', {
    en: `${name} is ${quoted}; it must be one of ${allowed}.`,
    zh: `${name} 为 ${quoted}，必须是 ${allowed} 之一。`,
  });
}

function tooMany(ctx: Context, name: string, given: number, most: number): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', {
    en: `${name} has ${given} entries; at most ${most} are allowed.`,
    zh: `${name} 有 ${given} 项，最多允许 ${most} 项。`,
  });
}
