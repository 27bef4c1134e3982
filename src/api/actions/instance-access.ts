import type { CatalogTables, Instance } from '../../catalog/catalog.ts';
import type { ActionContext } from '../action.ts';

/** Throws InvalidParameter.InvalidParameter unless `id` has the form of an instance id, `crs-` and eight lower-case letters or digits. */
export function assertInstanceId(id: string, ctx: ActionContext<'InvalidParameter.InvalidParameter'>): void {
  if (!/^crs-[a-z0-9]{8}$/.test(id)) {
    throw ctx.fail(
      'InvalidParameter.InvalidParameter',
      `InstanceId is ${JSON.stringify(id.slice(0, 64))}; it must be crs- and eight lower-case letters or digits.`,
    );
  }
}

/** The instance, where the caller's account has it in the request's region; else ResourceNotFound.InstanceNotExists, whoever owns it. */
export async function getInstance(
  id: string,
  tables: CatalogTables,
  ctx: ActionContext<'ResourceNotFound.InstanceNotExists'>,
): Promise<Instance> {
  const instance = await tables.instances.get(id);
  if (instance === undefined || instance.accountId !== ctx.principal.accountId || instance.region !== ctx.region) {
    throw ctx.fail('ResourceNotFound.InstanceNotExists', `No instance ${id} is found in region ${ctx.region}.`);
  }
  return instance;
}

/** The instance of `getInstance`, online and held by no task; for what may start only then. */
export async function getFreeInstance(
  id: string,
  tables: CatalogTables,
  ctx: ActionContext<
    'ResourceNotFound.InstanceNotExists' | 'ResourceUnavailable.InstanceLockedError' | 'ResourceUnavailable.InstanceStateError'
  >,
): Promise<Instance> {
  const instance = await getInstance(id, tables, ctx);
  if (instance.state !== 'online') {
    throw ctx.fail('ResourceUnavailable.InstanceStateError', `Instance ${id} is ${instance.state}; it must be online.`);
  }
  const holder = await tables.tasks.unfinished(id);
  if (holder !== undefined) {
    throw instanceLocked(id, ctx, holder.taskId);
  }
  return instance;
}

/** The error for an instance that another task holds. */
export function instanceLocked(id: string, ctx: ActionContext<'ResourceUnavailable.InstanceLockedError'>, taskId?: number): Error {
  const holder = taskId === undefined ? 'Another task' : `Task ${taskId}`;
  return ctx.fail('ResourceUnavailable.InstanceLockedError', `${holder} holds instance ${id}; try again when it has ended.`);
}
