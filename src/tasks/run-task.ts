import type { Catalog, Lease, Task } from '../catalog/catalog.ts';
import { GIVEN_UP_TRIES } from '../catalog/recovery.ts';
import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { startHeartbeat } from './heartbeat.ts';
import { calculateDelayMs } from './retry-delay.ts';
import type { RecordEnd, TaskHandler } from './task.ts';

export interface Claimed {
  readonly catalog: Catalog;
  readonly handler: TaskHandler;
  readonly task: Task;
  readonly lease: Lease;
  readonly leaseMs: number;
  readonly log: Logger;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/**
 * Makes one try at a claimed task and records how it ended. Never throws: where not even the end can be recorded, the lease runs out and
 * the next claim counts a failed try.
 */
export async function runTask(claimed: Claimed): Promise<void> {
  const { task, log } = claimed;
  try {
    await makeTry(claimed);
  } catch (error) {
    const event = isDomainError(error, 'lease-lost') ? 'task.lease-lost' : 'task.unrecorded';
    log.error({ taskId: task.taskId, kind: task.kind, error: describeError(error) }, event);
  }
}

async function makeTry(claimed: Claimed): Promise<void> {
  const { task, handler, log } = claimed;
  const { taskId, kind, failedTries } = task;
  if (failedTries >= handler.maxTries) {
    const message =
      failedTries >= GIVEN_UP_TRIES
        ? `it was under way when the catalog was lost; ${handler.lostAdvice ?? 'ask for it again where it is still wanted'}`
        : `gave up after ${failedTries} failed tries, the last of which ended with its process or its lease`;
    await recordFailure(claimed, new DomainError('task-abandoned', message));
    return;
  }
  log.info({ taskId, kind, attempt: task.token }, 'task.started');
  try {
    await commit(claimed, await runUnderHeartbeat(claimed));
  } catch (error) {
    if (isDomainError(error, 'lease-lost')) {
      throw error;
    }
    await recordFailedTry(claimed, error);
    return;
  }
  log.info({ taskId, kind }, 'task.succeeded');
}

/** Throws `lease-lost` where the lease was lost meanwhile, however the handler ended. */
async function runUnderHeartbeat({ catalog, handler, task, lease, leaseMs, log, signal }: Claimed): Promise<RecordEnd | undefined> {
  const lost = new AbortController();
  const heartbeat = startHeartbeat({ tasks: catalog.tasks, lease, leaseMs, log, onLost: (error) => lost.abort(error) });
  try {
    const context = { lease, log, signal: AbortSignal.any([signal, lost.signal]), setProgress: heartbeat.setProgress };
    return await handler.run(task, context);
  } finally {
    await heartbeat.stop();
    lost.signal.throwIfAborted();
  }
}

/** The result and the end of the task become durable as one. */
async function commit({ catalog, lease }: Claimed, record: RecordEnd | undefined): Promise<void> {
  await catalog.transaction(async (tables) => {
    await tables.tasks.succeed(lease);
    await record?.(tables);
  });
}

async function recordFailedTry(claimed: Claimed, error: unknown): Promise<void> {
  const { catalog, handler, task, lease, log, signal } = claimed;
  const { taskId, kind } = task;
  if (signal.aborted) {
    await catalog.tasks.release(lease);
    log.info({ taskId, kind }, 'task.released');
    return;
  }
  const failedTries = task.failedTries + 1;
  if (!isDomainError(error) || !error.retryable || failedTries >= handler.maxTries) {
    await recordFailure(claimed, error);
    return;
  }
  const delayMs = calculateDelayMs(failedTries, Math.random());
  await catalog.tasks.retryLater(lease, describeError(error), delayMs);
  log.warn({ taskId, kind, delayMs, error: describeError(error) }, 'task.retried');
}

async function recordFailure({ catalog, handler, task, lease, log }: Claimed, error: unknown): Promise<void> {
  const message = describeError(error);
  try {
    await catalog.transaction(async (tables) => {
      await tables.tasks.fail(lease, message);
      await handler.recordFailure?.(task, tables, error);
    });
  } catch (recording) {
    if (!isDomainError(recording, 'catalog-conflict')) {
      throw recording;
    }
    // What the task worked on is not in the state in which it left it; the task has failed all the same and says both.
    await catalog.tasks.fail(lease, `${message}; and ${describeError(recording)}`);
  }
  log.error({ taskId: task.taskId, kind: task.kind, error: message }, 'task.failed');
}
