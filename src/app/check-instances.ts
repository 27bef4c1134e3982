import type { CatalogTables, InstanceState } from '../catalog/catalog.ts';
import type { HolderKind } from '../catalog/lifecycle.ts';
import type { Report } from './check.ts';

/** States that an instance leaves by the end of a task alone. */
const UNDER_WAY: readonly InstanceState[] = ['attaching', 'creating', 'starting', 'restoring', 'changing', 'isolating', 'cleaning'];
/** Beyond any number of instances that one catalog holds. */
const MOST_INSTANCES = 1_000_000;

/** Holders whose id is that of a task; a download is none, and its hold ends within minutes. */
const TASK_HOLDERS: readonly HolderKind[] = ['restore', 'clone', 'proof'];

/** Every instance that is under way has a task that brings it to its end, and no restore was left unsettled; in one state of the catalog. */
export async function checkInstances(tables: CatalogTables, report: Report): Promise<void> {
  const accountId = (await tables.settings.get('account-id')) ?? '';
  const { instances } = await tables.instances.list({ accountId, states: UNDER_WAY, limit: MOST_INSTANCES, offset: 0 });
  for (const { instanceId, state } of instances) {
    if ((await tables.tasks.unfinished(instanceId)) === undefined) {
      report(instanceId, `it is ${state}, but no task works on it`);
    }
  }
  for (const { instanceId, taskId } of await tables.restores.marks()) {
    if (!(await isUnderWay(tables, taskId))) {
      report(
        instanceId,
        `the restore of task ${taskId} was left unsettled, so that its server may still be a replica of the service; restore to it again, which settles that first`,
      );
    }
  }
}

/** Every hold of a task is one of a task that is under way; in one state of the catalog. */
export async function checkHolds(tables: CatalogTables, report: Report): Promise<void> {
  for (const { backupId, holder, until } of await tables.lifecycle.allHolds(Date.now())) {
    if (TASK_HOLDERS.includes(holder.kind) && !(await isUnderWay(tables, Number(holder.id)))) {
      report(backupId, `a ${holder.kind} holds it until ${new Date(until).toISOString()}, but its task ${holder.id} is not under way`);
    }
  }
}

async function isUnderWay({ tasks }: CatalogTables, taskId: number): Promise<boolean> {
  return (await tasks.get(taskId))?.endedAt === null;
}
