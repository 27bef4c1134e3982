import type { Catalog, CatalogTables, Instance, InstanceFacts, Task } from '../../catalog/catalog.ts';
import type { Holder } from '../../catalog/lifecycle.ts';
import { restoreBackup } from '../../engine/restore-backup.ts';
import { DomainError } from '../../lib/errors.ts';
import type { TaskContext, TaskHandler } from '../task.ts';
import { createManagedInstance, type ManagedSite, type OrderPayload } from './create-instance.ts';
import { getUsable, type RestoreSite, reach, toPhase, toShare } from './restore-instance.ts';
import { useBackup } from './use-backup.ts';

/** What the task of a clone carries beside its instance's row. */
export interface ClonePayload extends OrderPayload {
  readonly backupId: string;
}

/**
 * Brings an instance into the world that holds a backup: creating → starting → online. Nobody is told of its server before all data are in
 * it, so that nothing needs to be settled: what an earlier try left is removed, server and data, and where it fails for good nothing is left and
 * the row turns to failed, which no API lists.
 */
export function createCloneInstanceHandler(restores: RestoreSite, managed: ManagedSite): TaskHandler {
  const { catalog, clock } = managed;
  return {
    concurrency: 2,
    maxTries: 3,
    async run(task, context) {
      const instance = await getOrdered(catalog, task);
      const { backupId } = readPayload(task);
      const site = { catalog, clock, onAlarm: restores.onAlarm, log: context.log };
      const { result: facts, end } = await useBackup(site, backupId, holderOf(task), () =>
        clone(restores, managed, task, instance, context),
      );
      return async (tables: CatalogTables) => {
        await end(tables);
        await tables.instances.recordLook(instance.instanceId, facts);
      };
    },
    async recordFailure(task, tables) {
      await tables.lifecycle.release(readPayload(task).backupId, holderOf(task));
      const instance = await tables.instances.get(task.instanceId);
      if (instance?.state === 'creating' || instance?.state === 'starting') {
        await tables.instances.move(instance.instanceId, instance.state, 'failed', clock.now());
      }
    },
  };
}

async function clone(
  restores: RestoreSite,
  managed: ManagedSite,
  task: Task,
  instance: Instance,
  { signal, log, setProgress }: TaskContext,
): Promise<InstanceFacts> {
  const { catalog, servers } = managed;
  const { instanceId } = instance;
  const payload = readPayload(task);
  const backup = await getUsable(catalog, payload.backupId);
  // What a try that was killed left may be half of the data.
  await servers.remove(instanceId);
  const facts = await createManagedInstance(managed, instance, payload, signal);
  try {
    const started = await getOrdered(catalog, task);
    const result = await restoreBackup(
      {
        ...reach(restores, started),
        backup: { backupId: backup.backupId, attempt: backup.attempt ?? 0 },
        replaceExisting: false,
        ttl: { kind: 'keep' },
        dryRun: false,
      },
      { signal, onProgress: (progress) => setProgress(toShare(progress), toPhase(progress)), mark: async () => {} },
    );
    log.info({ taskId: task.taskId, instanceId, backupId: backup.backupId, keys: result.counts.keys, way: result.way }, 'clone.ended');
    return facts;
  } catch (error) {
    if (!signal.aborted) {
      await servers.remove(instanceId);
    }
    throw error;
  }
}

async function getOrdered(catalog: Catalog, { instanceId }: Task): Promise<Instance> {
  const instance = await catalog.instances.get(instanceId);
  if (instance?.state !== 'creating' && instance?.state !== 'starting') {
    throw new DomainError('instance-not-ordered', `instance ${instanceId} is ${instance?.state ?? 'unknown'}, not being created`);
  }
  return instance;
}

function holderOf({ taskId }: Task): Holder {
  return { kind: 'clone', id: String(taskId) };
}

function readPayload(task: Task): ClonePayload {
  return JSON.parse(task.payload) as ClonePayload;
}
