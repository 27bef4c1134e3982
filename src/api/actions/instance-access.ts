import type { CatalogTables, Instance } from '../../catalog/catalog.ts';
import type { ActionContext } from '../action.ts';

/** Throws InvalidParameter.InvalidParameter unless `id` has the form of an instance id, `crs-` and eight lower-case letters or digits. */
export function assertInstanceId(id: string, ctx: ActionContext<'InvalidParameter.InvalidParameter'>): void {
  if (!/^crs-[a-z0-9]{8}$/.test(id)) {
    const quoted = JSON.stringify(id.slice(0, 64));
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `InstanceId is ${quoted}; it must be crs- and eight lower-case letters or digits.`,
      zh: `InstanceId 为 ${quoted}，必须是 crs- 加八位小写字母或数字。`,
    });
  }
}

/** The instance, where the caller's account has it in the request's region; else ResourceNotFound.InstanceNotExists, whoever owns it. */
export async function getInstance(
  id: string,
  tables: CatalogTables,
  ctx: ActionContext<'ResourceNotFound.InstanceNotExists'>,
): Promise<Instance> {
  const instance = await tables.instances.get(id);
  const isMine = instance?.accountId === ctx.principal.accountId && instance.region === ctx.region;
  if (instance === undefined || !isMine || instance.state === 'failed') {
    const named = id.slice(0, 64);
    throw ctx.fail('ResourceNotFound.InstanceNotExists', {
      en: `No instance ${named} is found in region ${ctx.region}.`,
      zh: `地域 ${ctx.region} 中不存在实例 ${named}。`,
    });
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
  const isHeld = instance.state === 'restoring' || instance.state === 'changing';
  if (instance.state !== 'online' && !isHeld) {
    throw ctx.fail('ResourceUnavailable.InstanceStateError', {
      en: `Instance ${id} is ${instance.state}; it must be online.`,
      zh: `实例 ${id} 的状态为 ${instance.state}，必须为 online。`,
    });
  }
  const holder = await tables.tasks.unfinished(id);
  if (holder !== undefined || isHeld) {
    throw instanceLocked(id, ctx, holder?.taskId);
  }
  return instance;
}

/** As `getFreeInstance`, with a code of its own for an instance that no task will bring online: it is isolated, cleaned up or detached. */
export async function getServedInstance(
  id: string,
  tables: CatalogTables,
  ctx: ActionContext<
    | 'ResourceNotFound.InstanceNotExists'
    | 'ResourceUnavailable.InstanceLockedError'
    | 'ResourceUnavailable.InstanceStateError'
    | 'ResourceUnavailable.InstanceStatusAbnormal'
  >,
): Promise<Instance> {
  const { state } = await getInstance(id, tables, ctx);
  if (state === 'isolated' || state === 'cleaning' || state === 'detached') {
    throw ctx.fail('ResourceUnavailable.InstanceStatusAbnormal', {
      en: `Instance ${id} is ${state}, and waiting does not change that: start it or attach it again first, where it is still there.`,
      zh: `实例 ${id} 的状态为 ${state}，等待不会改变该状态：若实例仍存在，请先启动或重新接入。`,
    });
  }
  return getFreeInstance(id, tables, ctx);
}

/** The error for an instance that another task holds. */
export function instanceLocked(id: string, ctx: ActionContext<'ResourceUnavailable.InstanceLockedError'>, taskId?: number): Error {
  return ctx.fail('ResourceUnavailable.InstanceLockedError', {
    en: `${taskId === undefined ? 'Another task' : `Task ${taskId}`} holds instance ${id}; try again when it has ended.`,
    zh: `实例 ${id} 正被${taskId === undefined ? '其他任务' : `任务 ${taskId} `}占用，请在其结束后重试。`,
  });
}

/** Of a call that names no instance: the ids of those in the region that the caller may see; undefined where that is all of them. */
export async function visibleIds(
  ctx: Pick<ActionContext, 'canSee' | 'principal' | 'region' | 'services'>,
): Promise<readonly string[] | undefined> {
  const { canSee, principal, region, services } = ctx;
  if (canSee === undefined) {
    return undefined;
  }
  return (await services.catalog.instances.ids(principal.accountId, region)).filter(canSee);
}
