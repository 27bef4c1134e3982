import type { Instance, Task } from '../../catalog/catalog.ts';
import { DomainError, isDomainError } from '../../lib/errors.ts';
import type { TaskContext, TaskHandler } from '../task.ts';
import type { ManagedSite } from './create-instance.ts';

/** What of an instance's row its server has too, and may have otherwise while it runs. */
export type InstanceChange = Partial<Pick<Instance, 'maxMemoryBytes' | 'sealedSecrets'>>;

interface Change {
  /** Reads what the task wants, and throws where the instance cannot have it; nothing has changed by then. */
  read(task: Task, instance: Instance, context: TaskContext): Promise<InstanceChange>;
}

/** The server may be loading, or on its way up again after a crash. */
const MAX_TRIES = 10;

/**
 * changing → online: gives the server of a managed instance other settings, then its row, in one transaction with the end of the task. A
 * service that is killed between the two starts the server with the settings of the row, and the next try changes it anew. Where it is not
 * known how far the server has got, it is started again with those of the row, so that the two never differ once the task has failed.
 */
export function createChangeInstanceHandler({ catalog, clock, servers }: ManagedSite, { read }: Change): TaskHandler {
  return {
    concurrency: 4,
    maxTries: MAX_TRIES,
    async run(task, context) {
      const { instanceId } = task;
      const instance = await catalog.instances.get(instanceId);
      if (instance?.state !== 'changing') {
        throw new DomainError('instance-not-changing', `instance ${instanceId} is ${instance?.state ?? 'unknown'}, not being changed`);
      }
      const change = await read(task, instance, context);
      context.signal.throwIfAborted();
      try {
        await servers.reconfigure({ ...instance, ...change });
      } catch (error) {
        // Without a server, or where the machine itself failed (a full disk), nothing was sent.
        if (isDomainError(error) && error.code !== 'managed-server-down') {
          await servers.start(instance, instance.port, context.signal);
        }
        throw error;
      }
      return async (tables) => {
        await tables.instances.update(instanceId, change);
        await tables.instances.move(instanceId, 'changing', 'online', clock.now());
      };
    },
    recordFailure: ({ instanceId }, tables) => tables.instances.move(instanceId, 'changing', 'online', clock.now()),
  };
}
