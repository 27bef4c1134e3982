import type { Catalog, Instance, InstanceFacts, Task } from '../../catalog/catalog.ts';
import type { Clock } from '../../lib/clock.ts';
import { DomainError, isDomainError } from '../../lib/errors.ts';
import type { TaskHandler } from '../task.ts';
import type { LocalServers, StartedLocalServer } from './local-servers.ts';

export interface ManagedSite {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly servers: LocalServers;
}

/** What the task of an ordered instance carries beside its row. */
export interface OrderPayload {
  /** The port that was asked for; 0: any. */
  readonly port: number;
}

/**
 * Brings an ordered instance into the world: creating → starting → online. A try begins from nothing: what an earlier one left is adopted
 * or started again. Where it fails for good the data go and the row turns to failed, which no API lists. Where it was given up without a try,
 * nobody knows what there is: the row turns to isolated, and whatever its directory holds stays.
 */
export function createCreateInstanceHandler(site: ManagedSite): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 3,
    async run(task, { signal }) {
      const instance = await getOrdered(site.catalog, task);
      const facts = await createManagedInstance(site, instance, JSON.parse(task.payload) as OrderPayload, signal);
      return (tables) => tables.instances.recordLook(instance.instanceId, facts);
    },
    async recordFailure(task, tables, error) {
      const instance = await tables.instances.get(task.instanceId);
      if (instance?.state === 'creating' || instance?.state === 'starting') {
        const end = isDomainError(error, 'task-abandoned') ? 'isolated' : 'failed';
        await tables.instances.move(instance.instanceId, instance.state, end, site.clock.now());
      }
    },
  };
}

/**
 * Starts the first server of an instance in state creating or starting, empty and with the limits of its row, and resolves to what
 * `recordLook` takes; the row is starting then. Where this throws, nothing is left on disk, unless `signal` has aborted: then another try
 * goes on with what there is. Throws `managed-port-taken` where the ordered port cannot be had, and what starting a server throws.
 */
export async function createManagedInstance(
  { catalog, clock, servers }: ManagedSite,
  instance: Instance,
  { port }: OrderPayload,
  signal: AbortSignal,
): Promise<InstanceFacts> {
  const { instanceId } = instance;
  if (instance.state === 'creating') {
    await catalog.instances.move(instanceId, 'creating', 'starting', clock.now());
  }
  try {
    const started = await servers.start(instance, port, signal);
    if (port !== 0 && started.port !== port) {
      throw new DomainError('managed-port-taken', `port ${port} is taken by another process`, {
        hint: 'order the instance with another port, or without one',
      });
    }
    return toFacts(instance, started);
  } catch (error) {
    if (!signal.aborted) {
      await servers.remove(instanceId);
    }
    throw error;
  }
}

/** What is recorded of a managed instance whose server has started: no replica serves it, so that the ordered number stays. */
export function toFacts({ maxMemoryBytes, replicas }: Instance, { serverKind, serverVersion }: StartedLocalServer): InstanceFacts {
  return { serverKind, serverVersion, usedMemoryBytes: 0, maxMemoryBytes, replicas };
}

async function getOrdered(catalog: Catalog, task: Task): Promise<Instance> {
  const instance = await catalog.instances.get(task.instanceId);
  if (instance?.state !== 'creating' && instance?.state !== 'starting') {
    throw new DomainError('instance-not-ordered', `instance ${task.instanceId} is ${instance?.state ?? 'unknown'}, not being created`);
  }
  return instance;
}
