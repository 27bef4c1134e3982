import type { CatalogTables, Instance, InstanceState, TaskKind } from '../../catalog/catalog.ts';
import { isDomainError } from '../../lib/errors.ts';
import type { ActionContext } from '../action.ts';
import { getInstance, instanceLocked } from './instance-access.ts';
import { requireMachine } from './machine-room.ts';

/** The codes of `moveManaged` that do not depend on the action. */
export const MOVE_ERRORS = [
  'InternalError.DbOperationFailed',
  'InternalError.InternalError',
  'InvalidParameter.InvalidParameter',
  'InvalidParameter.PermissionDenied',
  'ResourceNotFound.InstanceNotExists',
  'ResourceUnavailable.InstanceLockedError',
  'UnauthorizedOperation.NoCAMAuthed',
  'UnsupportedOperation',
] as const;

type Context = ActionContext<'ResourceNotFound.InstanceNotExists' | 'ResourceUnavailable.InstanceLockedError' | 'UnsupportedOperation'>;

/** A step in the life of a managed instance: the state that it leaves, the one that shows it under way, and the task that does it. */
export interface ManagedStep {
  readonly from: InstanceState;
  readonly under: InstanceState;
  readonly kind: TaskKind;
  /** Of the task; `` by default. */
  readonly subject?: string;
  /** Of the task; empty by default. */
  readonly payload?: object;
}

/** Throws ResourceUnavailable.InstanceStatusAbnormal unless the instance is one whose server is to be changed: online, or on its way there. */
export function assertChangeable(
  { instanceId, state }: Instance,
  ctx: ActionContext<'ResourceUnavailable.InstanceLockedError' | 'ResourceUnavailable.InstanceStatusAbnormal'>,
): void {
  if (state === 'restoring' || state === 'changing') {
    throw instanceLocked(instanceId, ctx);
  }
  if (state !== 'online') {
    throw ctx.fail('ResourceUnavailable.InstanceStatusAbnormal', {
      en: `Instance ${instanceId} is ${state}; it must be online.`,
      zh: `实例 ${instanceId} 的状态为 ${state}，必须为 online。`,
    });
  }
}

/**
 * Moves an instance into the state of a step and enqueues its task, in one transaction; returns the task's id. `check` throws where the
 * instance is not one for this step; it is called in that transaction. Throws where the caller has no such instance, a task holds it, or this node runs no instances.
 */
export async function moveManaged(
  instanceId: string,
  step: ManagedStep,
  check: (instance: Instance, tables: CatalogTables) => void | Promise<void>,
  ctx: Context,
): Promise<number> {
  const { catalog, clock, wakeWorker } = ctx.services;
  const move = async (tables: CatalogTables) => {
    const instance = await getInstance(instanceId, tables, ctx);
    await check(instance, tables);
    requireMachine(ctx);
    const holder = await tables.tasks.unfinished(instanceId);
    if (holder !== undefined) {
      throw instanceLocked(instanceId, ctx, holder.taskId);
    }
    const at = clock.now();
    await tables.instances.move(instanceId, step.from, step.under, at);
    return tables.tasks.enqueue({
      accountId: instance.accountId,
      region: instance.region,
      instanceId,
      kind: step.kind,
      subject: step.subject ?? '',
      payload: JSON.stringify(step.payload ?? {}),
      exclusiveKey: instanceId,
      createdAt: at,
      requestedBy: ctx.principal.uin,
    });
  };
  const taskId = await catalog.transaction(move).catch((error: unknown) => {
    // Another process took the exclusive key or moved the instance between the look and the write.
    throw isDomainError(error, 'catalog-conflict') ? instanceLocked(instanceId, ctx) : error;
  });
  wakeWorker();
  return taskId;
}
