import type { Catalog } from '../../catalog/catalog.ts';
import type { Clock } from '../../lib/clock.ts';
import { DomainError } from '../../lib/errors.ts';
import { connectAdminClient } from '../../redis/admin-client.ts';
import type { TaskHandler } from '../task.ts';
import { requireRecent } from './order-age.ts';
import { type OpenSecrets, toSourceAddress } from './source-address.ts';

/** Freeing the memory goes on behind the answer, so that a large instance is not blocked for its whole length. */
const TIMEOUT_MS = 60_000;

/** Whoever asked has long turned to something else. */
const LONGEST_WAIT_MS = 5 * 60_000;

/**
 * Removes all keys of all databases of an instance, soon after somebody asked or not at all: one try alone, since a second one, after a crash
 * say, would remove what was written since.
 */
export function createClearInstanceHandler(options: { catalog: Catalog; clock: Clock; openSecrets: OpenSecrets }): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 1,
    async run(task, { signal }) {
      requireRecent(task, options.clock.now(), LONGEST_WAIT_MS);
      const { instanceId } = task;
      const instance = await options.catalog.instances.get(instanceId);
      if (instance?.state !== 'online') {
        throw new DomainError('instance-not-online', `instance ${instanceId} is ${instance?.state ?? 'unknown'}, not online`);
      }
      const address = toSourceAddress(instance, options.openSecrets(instance));
      await using client = await connectAdminClient(address, { signal, timeoutMs: TIMEOUT_MS });
      await client.command('FLUSHALL', 'ASYNC');
      return undefined;
    },
  };
}
