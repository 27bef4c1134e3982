import { readdir } from 'node:fs/promises';
import type { Catalog, Instance, InstanceState } from '../catalog/catalog.ts';
import { INSTANCE_STATES } from '../catalog/instance-state.ts';
import { describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Supervisor } from '../managed/supervisor.ts';
import type { LocalServers } from '../tasks/handlers/local-servers.ts';

export interface ManagedInstancesSite {
  readonly catalog: Catalog;
  readonly accountId: string;
  readonly supervisor: Supervisor;
  readonly servers: LocalServers;
  /** Parent of the instances' directories. */
  readonly directory: string;
  readonly log: Logger;
}

/** Beyond any number of instances that one embedded catalog serves. */
const MOST_INSTANCES = 1_000_000;

/** States in which an instance has a server, whatever is done to its data. */
const SERVING_STATES: ReadonlySet<InstanceState> = new Set(['online', 'restoring', 'changing']);
/** States in which a task has the server of an instance in its charge: it goes on by itself. */
const TASK_STATES: ReadonlySet<InstanceState> = new Set(['creating', 'starting', 'isolating', 'cleaning']);
/** States in which the catalog knows that the data on this machine are of no use any more. */
const DEAD_STATES: ReadonlySet<InstanceState> = new Set(['detached', 'failed']);

/**
 * Brings the servers of this machine to what the catalog says, beside the API: starts those of online instances, ends what an earlier
 * service left running for others, and removes the data of instances that are cleaned up or never came about. One that does not come up is
 * logged and its backups fail with its reason, but it keeps nothing else from working. Resolves when each was tried.
 */
export async function startManagedInstances(site: ManagedInstancesSite): Promise<void> {
  const { instances } = await site.catalog.instances.list({
    accountId: site.accountId,
    states: INSTANCE_STATES,
    limit: MOST_INSTANCES,
    offset: 0,
  });
  const managed = new Map(instances.filter(({ kind }) => kind === 'managed').map((instance) => [instance.instanceId, instance]));
  await settleOthers(site, managed);
  await Promise.all(
    [...managed.values()].map(async (instance) => {
      // One that has a server already is one that a task has brought online meanwhile.
      if (SERVING_STATES.has(instance.state) && site.supervisor.status(instance.instanceId) === undefined) {
        await attempt(site, instance.instanceId, 'instance.start-failed', () =>
          site.servers.start(instance, instance.port, new AbortController().signal),
        );
      }
    }),
  );
}

/** What lies in the directory of instances that do not serve and that no task works on, and the rows of those that never came about. */
async function settleOthers(site: ManagedInstancesSite, managed: ReadonlyMap<string, Instance>): Promise<void> {
  for (const name of await readdir(site.directory).catch((): string[] => [])) {
    // What a removal has renamed before a crash counts as the instance's: the next removal takes it away.
    const [, instanceId = ''] = /^(crs-[a-z0-9]{8})(?:\.removing)?$/.exec(name) ?? [];
    const state = managed.get(instanceId)?.state;
    if (instanceId === '' || (state !== undefined && (SERVING_STATES.has(state) || TASK_STATES.has(state)))) {
      continue;
    }
    if (state !== undefined && DEAD_STATES.has(state)) {
      await attempt(site, instanceId, 'instance.removal-failed', () => site.servers.remove(instanceId));
    } else {
      await attempt(site, instanceId, 'instance.stop-failed', () => site.servers.stop(instanceId));
    }
  }
  for (const { instanceId, state } of managed.values()) {
    if (state === 'failed') {
      await attempt(site, instanceId, 'instance.discard-failed', () => site.catalog.instances.discard(instanceId));
    }
  }
}

async function attempt(site: ManagedInstancesSite, instanceId: string, event: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    site.log.error({ instanceId, error: describeError(error) }, event);
  }
}
