import type { Region } from '../regions.ts';

/** The machine name of a zone, such as `ap-guangzhou-3` of 100003. */
export function toZoneName(region: Region, zoneId: number): string {
  return `${region.name}-${zoneId % 10_000}`;
}

/** The id of a zone by its machine name; undefined where the region has none of that name. */
export function toZoneId(region: Region, zoneName: string): number | undefined {
  return region.zoneIds.find((zoneId) => toZoneName(region, zoneId) === zoneName);
}
