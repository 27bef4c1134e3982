import type { Instance } from '../../catalog/catalog.ts';
import { type Region, regions } from '../regions.ts';

/** The machine name of a zone, such as `ap-guangzhou-3` of 100003. */
export function toZoneName(region: Region, zoneId: number): string {
  return `${region.name}-${zoneId % 10_000}`;
}

/** The id of a zone by its machine name; undefined where the region has none of that name. */
export function toZoneId(region: Region, zoneName: string): number | undefined {
  return region.zoneIds.find((zoneId) => toZoneName(region, zoneId) === zoneName);
}

/** The zone of an instance: as ordered, else the first of its region; 0 and `` where that has none. */
export function toInstanceZone(instance: Pick<Instance, 'region' | 'zoneId'>): { readonly id: number; readonly name: string } {
  const region = regions.get(instance.region);
  const id = instance.zoneId || (region?.zoneIds[0] ?? 0);
  return { id, name: region === undefined || id === 0 ? '' : toZoneName(region, id) };
}
