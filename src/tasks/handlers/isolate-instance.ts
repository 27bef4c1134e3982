import type { TaskHandler } from '../task.ts';
import type { ManagedSite } from './create-instance.ts';

/** isolating → isolated: ends the server of a managed instance, its data on disk. Where that fails for good the instance serves on. */
export function createIsolateInstanceHandler({ clock, servers }: ManagedSite): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 3,
    async run({ instanceId }) {
      await servers.stop(instanceId);
      return (tables) => tables.instances.move(instanceId, 'isolating', 'isolated', clock.now());
    },
    recordFailure: ({ instanceId }, tables) => tables.instances.move(instanceId, 'isolating', 'online', clock.now()),
  };
}
