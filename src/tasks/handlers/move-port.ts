import { DomainError } from '../../lib/errors.ts';
import type { TaskHandler } from '../task.ts';
import type { ManagedSite } from './create-instance.ts';

/** What the task of ModifyNetworkConfig carries. */
export interface PortPayload {
  readonly port: number;
}

/**
 * changing → online: starts the server of a managed instance again on another port, since older servers cannot change theirs while they run.
 * A service that is killed meanwhile starts it where the row says or adopts it where it is, and the next try goes on from there. Where
 * somebody has taken the port meanwhile it is started on its old one.
 */
export function createMovePortHandler({ catalog, clock, servers }: ManagedSite): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 3,
    async run({ instanceId, payload }, { signal }) {
      const { port } = JSON.parse(payload) as PortPayload;
      const instance = await catalog.instances.get(instanceId);
      if (instance?.state !== 'changing') {
        throw new DomainError('instance-not-changing', `instance ${instanceId} is ${instance?.state ?? 'unknown'}, not being changed`);
      }
      const started = await servers.start(instance, port, signal);
      if (started.port !== port) {
        const back = await servers.start(instance, instance.port, signal);
        await catalog.instances.relocate(instanceId, back.host, back.port);
        throw new DomainError('managed-port-taken', `port ${port} is taken by another process`, { hint: 'give another port' });
      }
      return async (tables) => {
        await tables.instances.relocate(instanceId, started.host, port);
        await tables.instances.move(instanceId, 'changing', 'online', clock.now());
      };
    },
    recordFailure: ({ instanceId }, tables) => tables.instances.move(instanceId, 'changing', 'online', clock.now()),
  };
}
