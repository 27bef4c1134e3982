import type { Catalog, Lease, Task, TaskKind } from '../catalog/catalog.ts';
import { DomainError, describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { runTask } from './run-task.ts';
import type { TaskHandlers } from './task.ts';

/**
 * The loop that finds work. One worker serves a process; several processes may share a catalog.
 *
 *   state      entered by                       what it does                                          left by
 *   running    startWorker                      claims while a kind has room; sleeps until woken,     stop() → stopping
 *                                               a task ends, or the poll interval is over
 *   stopping   stop()                           claims nothing; aborts tasks that yield, lets the     all ended → stopped
 *                                               others run to their end                               grace over → aborting
 *   aborting   the grace is over                aborts the signal of every task, which then           all ended → stopped
 *                                               releases its lease, so that the next start resumes
 *   stopped    nothing runs                     nothing                                               never
 *
 * A claim that fails is logged and tried again at the next poll: tasks lose nothing but time.
 *
 * A process that was stopped, or a machine that slept or set its clock, wakes with leases that have run out. It never claims what it is
 * still running: the next heartbeat renews the lease where nobody has taken it, and loses it, which aborts the try, where somebody has.
 */
export interface Worker {
  /** Looks for work at once, after a task was enqueued. */
  wake(): void;
  /** Resolves when nothing runs any more. A second call waits for the same end. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly catalog: Catalog;
  readonly handlers: TaskHandlers;
  readonly log: Logger;
  /** Names this start of this process; no two may share it. */
  readonly owner: string;
  /** How long a claim holds without a heartbeat; heartbeats come three times as often. */
  readonly leaseMs?: number;
  /** How often to look for work that nobody told of. */
  readonly pollMs?: number;
  /** How long `stop` lets tasks run before it aborts them. */
  readonly graceMs?: number;
}

export function startWorker(options: WorkerOptions): Worker {
  const { catalog, handlers, log, owner, leaseMs = 30_000, pollMs = 1_000, graceMs = 10_000 } = options;
  const running = new Map<Promise<void>, Task>();
  /** Aborted at the stop, and when the grace after it is over. */
  const yielding = new AbortController();
  const abort = new AbortController();
  let stopping = false;
  let stopped: Promise<void> | undefined;
  let wakeUp = Promise.withResolvers<void>();

  const loop = work();
  return {
    wake,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };

  function wake(): void {
    wakeUp.resolve();
  }

  async function work(): Promise<void> {
    while (!stopping) {
      // Renewed before the look for work, so that a wake-up during it is not lost.
      wakeUp = Promise.withResolvers<void>();
      await claimAll();
      if (!stopping) {
        await wakenWithin(pollMs);
      }
    }
  }

  async function claimAll(): Promise<void> {
    try {
      for (let kinds = kindsWithRoom(); kinds.length > 0 && !stopping; kinds = kindsWithRoom()) {
        const mine = [...running.values()].map(({ taskId }) => taskId);
        const claim = await catalog.tasks.claim(owner, kinds, leaseMs, mine);
        if (claim === undefined) {
          return;
        }
        start(claim.task, claim.lease);
      }
    } catch (error) {
      log.error({ error: describeError(error) }, 'worker.claim-failed');
    }
  }

  function kindsWithRoom(): TaskKind[] {
    const kinds = [...running.values()].map((task) => task.kind);
    return (Object.keys(handlers) as TaskKind[]).filter(
      (kind) => kinds.filter((other) => other === kind).length < (handlers[kind]?.concurrency ?? 0),
    );
  }

  function start(task: Task, lease: Lease): void {
    const handler = handlers[task.kind];
    if (handler === undefined) {
      throw new TypeError(`the catalog gave a task of kind ${task.kind}, which was not asked for`);
    }
    const { signal } = handler.yieldsToStop ? yielding : abort;
    const end = runTask({ catalog, handler, task, lease, leaseMs, log, signal }).finally(() => {
      running.delete(end);
      wake();
    });
    running.set(end, task);
  }

  async function wakenWithin(timeoutMs: number): Promise<void> {
    const timer = setTimeout(wake, timeoutMs);
    await wakeUp.promise;
    clearTimeout(timer);
  }

  async function stop(): Promise<void> {
    stopping = true;
    wake();
    await loop;
    const reason = new DomainError('worker-stopped', 'the worker stops');
    yielding.abort(reason);
    const timer = setTimeout(() => abort.abort(reason), graceMs);
    await Promise.all(running.keys());
    clearTimeout(timer);
  }
}
