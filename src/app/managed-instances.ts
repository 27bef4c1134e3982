import { readdir } from 'node:fs/promises';
import type { Catalog, Instance } from '../catalog/catalog.ts';
import { describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Supervisor } from '../managed/supervisor.ts';
import type { SecretBox } from './instance-secrets.ts';

/** Beyond any number of instances that one embedded catalog serves. */
const MOST_INSTANCES = 1_000_000;

/**
 * Starts the servers of all managed instances of the catalog, beside the API: one that does not come up is logged and its backups fail
 * with its reason, but it keeps nothing else from working. Resolves when each was tried.
 */
export async function startManagedInstances(site: {
  catalog: Catalog;
  accountId: string;
  supervisor: Supervisor;
  /** Parent of the instances' directories. */
  directory: string;
  secrets: SecretBox;
  log: Logger;
}): Promise<void> {
  const { instances } = await site.catalog.instances.list({
    accountId: site.accountId,
    states: ['online'],
    limit: MOST_INSTANCES,
    offset: 0,
  });
  const managed = instances.filter((instance) => instance.kind === 'managed');
  await endOtherServers(site, new Set(managed.map((instance) => instance.instanceId)));
  await Promise.all(
    managed.map(async (instance) => {
      try {
        await startManagedInstance(site, instance);
      } catch (error) {
        site.log.error({ instanceId: instance.instanceId, error: describeError(error) }, 'instance.start-failed');
      }
    }),
  );
}

/** Ends what an earlier service left running for an instance that is detached by now, or was never completed. */
async function endOtherServers(
  { supervisor, directory, log }: { supervisor: Supervisor; directory: string; log: Logger },
  online: ReadonlySet<string>,
): Promise<void> {
  for (const instanceId of await readdir(directory).catch(() => [])) {
    if (!online.has(instanceId) && /^crs-[a-z0-9]{8}$/.test(instanceId)) {
      await supervisor.stop(instanceId).catch((error: unknown) => {
        log.error({ instanceId, error: describeError(error) }, 'instance.stop-failed');
      });
    }
  }
}

/** Starts the server of one managed instance at the port that the catalog knows. */
export async function startManagedInstance(site: { supervisor: Supervisor; secrets: SecretBox }, instance: Instance): Promise<void> {
  await site.supervisor.start({
    instanceId: instance.instanceId,
    port: instance.port,
    password: site.secrets.open(instance).password ?? '',
  });
}
