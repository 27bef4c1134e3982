import type { Catalog } from '../../catalog/catalog.ts';
import { DomainError } from '../../lib/errors.ts';
import { connectAdminClient } from '../../redis/admin-client.ts';
import type { TaskHandler } from '../task.ts';
import { type OpenSecrets, toSourceAddress } from './source-address.ts';

/** Freeing the memory goes on behind the answer, so that a large instance is not blocked for its whole length. */
const TIMEOUT_MS = 60_000;

/** Removes all keys of all databases of an instance. A second try removes what was written since the first. */
export function createClearInstanceHandler(options: { catalog: Catalog; openSecrets: OpenSecrets }): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 3,
    async run({ instanceId }, { signal }) {
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
