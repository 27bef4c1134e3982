import { describeError } from '../../lib/errors.ts';
import type { TaskHandler } from '../task.ts';
import type { ManagedSite } from './create-instance.ts';

/** cleaning → detached: removes the data of an isolated instance; its row and its backups stay. */
export function createCleanUpInstanceHandler({ clock, servers }: ManagedSite): TaskHandler {
  return {
    concurrency: 2,
    maxTries: 3,
    async run({ instanceId }, { log }) {
      try {
        await servers.remove(instanceId);
      } catch (error) {
        if (await servers.hasData(instanceId)) {
          throw error;
        }
        // No server can be started on what is left, and the next removal or start takes it away.
        log.warn({ instanceId, error: describeError(error) }, 'instance.removal-unfinished');
      }
      return (tables) => tables.instances.move(instanceId, 'cleaning', 'detached', clock.now());
    },
    recordFailure: ({ instanceId }, tables) => tables.instances.move(instanceId, 'cleaning', 'isolated', clock.now()),
  };
}
