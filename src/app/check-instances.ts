import type { CatalogTables, InstanceState } from '../catalog/catalog.ts';
import type { Report } from './check.ts';

/** States that an instance leaves by the end of a task alone. */
const UNDER_WAY: readonly InstanceState[] = ['creating', 'starting', 'isolating', 'cleaning'];
/** Beyond any number of instances that one catalog holds. */
const MOST_INSTANCES = 1_000_000;

/** Every instance that is under way has a task that brings it to its end; in one state of the catalog. */
export async function checkInstances(tables: CatalogTables, report: Report): Promise<void> {
  const accountId = (await tables.settings.get('account-id')) ?? '';
  const { instances } = await tables.instances.list({ accountId, states: UNDER_WAY, limit: MOST_INSTANCES, offset: 0 });
  for (const { instanceId, state } of instances) {
    if ((await tables.tasks.unfinished(instanceId)) === undefined) {
      report(instanceId, `it is ${state}, but no task works on it`);
    }
  }
}
