import type { Lease, TaskPhase, TaskStore } from '../catalog/catalog.ts';
import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';

export interface Heartbeat {
  /** Takes a share from 0 to 1, and what is being done, for the next beat. */
  setProgress(share: number, phase?: TaskPhase): void;
  /** Resolves when no beat is under way any more, and none follows. */
  stop(): Promise<void>;
}

export interface HeartbeatOptions {
  readonly tasks: TaskStore;
  readonly lease: Lease;
  readonly leaseMs: number;
  readonly log: Logger;
  /** Called once with a DomainError `lease-lost` when the lease is somebody else's, or could not be prolonged in time. */
  onLost(error: DomainError): void;
}

/** Whoever watches a task sees how it goes this often. */
const PROGRESS_MS = 2_000;

/** Prolongs a lease that was just claimed, at each third of it or more often. A beat that fails is made up for by the next while the lease lasts. */
export function startHeartbeat({ tasks, lease, leaseMs, log, onLost }: HeartbeatOptions): Heartbeat {
  let progress = 0;
  let phase: TaskPhase | undefined;
  let beating: Promise<void> | undefined;
  let prolongedAtMs = performance.now();
  const timer = setInterval(
    () => {
      beating ??= beat().finally(() => {
        beating = undefined;
      });
    },
    Math.min(leaseMs / 3, PROGRESS_MS),
  );

  async function beat(): Promise<void> {
    const startedAtMs = performance.now();
    try {
      await tasks.heartbeat(lease, leaseMs, progress, phase);
      prolongedAtMs = startedAtMs;
    } catch (error) {
      if (isDomainError(error, 'lease-lost')) {
        lose(error);
      } else if (performance.now() - prolongedAtMs > leaseMs) {
        lose(new DomainError('lease-lost', `the lease of task ${lease.taskId} ran out without a heartbeat`, { cause: error }));
      } else {
        log.warn({ taskId: lease.taskId, error: describeError(error) }, 'task.heartbeat-failed');
      }
    }
  }

  function lose(error: DomainError): void {
    clearInterval(timer);
    onLost(error);
  }

  return {
    setProgress(share, next) {
      progress = Math.min(1, Math.max(0, share));
      phase = next;
    },
    async stop() {
      clearInterval(timer);
      await beating;
    },
  };
}
