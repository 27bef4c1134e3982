import type { Instance, InstanceState } from '../../catalog/catalog.ts';
import { toInstanceZone } from './zones.ts';

/** The states in which the server of an instance is up, as far as the catalog knows: no read asks the server. */
const UP: readonly InstanceState[] = ['online', 'restoring', 'changing'];

/**
 * The one node of an instance: the server at its address. Replicas are none of it, since only their number is known, and there is no proxy.
 * The first shard and node group have number 1.
 */
export interface InstanceNode {
  /** Formed as the vendor names the first node of the first shard, `crs-5a4py64p-001-01`; the same whatever server runs there. */
  readonly id: string;
  readonly zone: { readonly id: number; readonly name: string };
  readonly isUp: boolean;
}

/** What the actions about nodes say where the catalog knows nothing: nobody counts the keys of a server. */
export const UNKNOWN_KEYS = 0;

/** All slots. What an attached node of a cluster holds of them is not kept. */
export const SLOTS = '0-16383';

export function toInstanceNode(instance: Pick<Instance, 'instanceId' | 'region' | 'state' | 'zoneId'>): InstanceNode {
  return { id: `${instance.instanceId}-001-01`, zone: toInstanceZone(instance), isUp: UP.includes(instance.state) };
}
