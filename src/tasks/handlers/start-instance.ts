import { DomainError } from '../../lib/errors.ts';
import type { TaskHandler } from '../task.ts';
import { type ManagedSite, toFacts } from './create-instance.ts';

/** starting → online: brings an isolated instance back with the data that it had. Where that fails for good it is isolated again. */
export function createStartInstanceHandler({ catalog, clock, servers }: ManagedSite): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 3,
    async run({ instanceId }, { signal }) {
      const instance = await catalog.instances.get(instanceId);
      if (instance?.state !== 'starting') {
        throw new DomainError('instance-not-starting', `instance ${instanceId} is ${instance?.state ?? 'unknown'}, not being started`);
      }
      if (!(await servers.hasData(instanceId))) {
        throw new DomainError('managed-data-missing', `there are no data of instance ${instanceId} on this machine`, {
          hint: 'clean it up, and make another one out of a backup',
        });
      }
      const started = await servers.start(instance, instance.port, signal);
      return (tables) => tables.instances.recordLook(instanceId, toFacts(instance, started));
    },
    async recordFailure({ instanceId }, tables) {
      await tables.instances.move(instanceId, 'starting', 'isolated', clock.now());
    },
  };
}
