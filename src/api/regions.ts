/** A region of the vendor. `regionId` is the number that InstanceSet carries, 0 where none is published; zones are those Redis is sold in. */
export interface Region {
  readonly name: string;
  readonly regionId: number;
  readonly zoneIds: readonly number[];
  /** Finance regions are isolated: they are reached only by a host that names them. */
  readonly isFinance: boolean;
}

/**
 * From the Go SDK's region list, the InstanceSet model's RegionId text, and the zone tables of the cloudmux redis driver. Where the
 * model gives no RegionId it follows from the zones: from 11 on a zone id is RegionId * 10000 + n.
 */
const table: ReadonlyArray<readonly [name: string, regionId: number, firstZone: number, zones: number]> = [
  ['ap-bangkok', 23, 230001, 1],
  ['ap-beijing', 8, 800001, 7],
  ['ap-beijing-fsi', 46, 460001, 1],
  ['ap-chengdu', 16, 160001, 2],
  ['ap-chongqing', 19, 190001, 1],
  ['ap-guangzhou', 1, 100001, 7],
  ['ap-guangzhou-open', 0, 0, 0],
  ['ap-hongkong', 5, 300001, 3],
  ['ap-jakarta', 0, 0, 0],
  ['ap-mumbai', 21, 210001, 2],
  ['ap-nanjing', 33, 330001, 3],
  ['ap-seoul', 18, 180001, 2],
  ['ap-shanghai', 4, 200001, 7],
  ['ap-shanghai-fsi', 7, 700001, 3],
  ['ap-shenzhen-fsi', 11, 110001, 3],
  ['ap-singapore', 9, 900001, 1],
  ['ap-taipei', 39, 390001, 1],
  ['ap-tianjin', 36, 360001, 2],
  ['ap-tokyo', 25, 250001, 1],
  ['eu-frankfurt', 17, 170001, 1],
  ['eu-moscow', 24, 240001, 1],
  ['na-ashburn', 22, 220001, 2],
  ['na-siliconvalley', 15, 150001, 2],
  ['na-toronto', 40, 400001, 1],
  ['sa-saopaulo', 0, 0, 0],
];

/** Guangzhou never had a zone 5 for Redis. */
const ABSENT_ZONES: ReadonlySet<number> = new Set([100005]);

export const regions: ReadonlyMap<string, Region> = new Map(
  table.map(([name, regionId, firstZone, zones]) => {
    const zoneIds = Array.from({ length: zones }, (_, i) => firstZone + i).filter((zoneId) => !ABSENT_ZONES.has(zoneId));
    return [name, { name, regionId, zoneIds, isFinance: name.endsWith('-fsi') }];
  }),
);

/** Root domains whose hosts have the form `<service>[.<region>].<root>`. */
export const DEFAULT_ROOTS: readonly string[] = ['internal.tencentcloudapi.com', 'intl.tencentcloudapi.com', 'tencentcloudapi.com'];

/** What a Host header says: whether it lies under one of the roots, and which known region it names there. */
export interface HostPlace {
  readonly isUnderRoot: boolean;
  readonly region: Region | undefined;
}

const ELSEWHERE: HostPlace = { isUnderRoot: false, region: undefined };

/** `roots` in lower case, longest first. `host` may carry a scheme and a port. */
export function placeHost(host: string, roots: readonly string[]): HostPlace {
  const name = bareName(host);
  for (const root of roots) {
    if (name === root || name.endsWith(`.${root}`)) {
      const labels = name.slice(0, -root.length).split('.');
      return { isUnderRoot: true, region: regions.get(labels[1] ?? '') };
    }
  }
  return ELSEWHERE;
}

/** The product that a Host header names under one of the roots; `` where it names none. `roots` as for `placeHost`. */
export function productOfHost(host: string, roots: readonly string[]): string {
  const name = bareName(host);
  const root = roots.find((candidate) => name.endsWith(`.${candidate}`));
  return root === undefined ? '' : (name.slice(0, -root.length - 1).split('.')[0] ?? '');
}

/** The name in a Host header that may be a whole URL (tccli over plain HTTP sends one). */
function bareName(host: string): string {
  const scheme = host.indexOf('://');
  const rest = scheme === -1 ? host : host.slice(scheme + 3);
  const end = rest.search(/[:/]/);
  return (end === -1 ? rest : rest.slice(0, end)).toLowerCase();
}
