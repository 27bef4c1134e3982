import type { CatalogTables, Lease, Task, TaskKind, TaskPhase } from '../catalog/catalog.ts';
import type { Logger } from '../lib/logger.ts';

/** Records something through the tables of a transaction that it shares with the end of its task. */
export type RecordEnd = (tables: CatalogTables) => Promise<void>;

/**
 * The work of one kind of task. A handler never ends its task itself: the worker does, in one transaction with what the handler wants
 * recorded, under the lease. So the result exists and the task has succeeded, or neither, and a worker whose lease was lost records nothing.
 */
export interface TaskHandler {
  /**
   * Does one try, and returns what its success records (undefined: nothing). Throws where the try failed: a retryable DomainError is tried
   * again, everything else is final. May run again after a crash at any point, so it must not trust what an earlier try left behind.
   */
  run(task: Task, context: TaskContext): Promise<RecordEnd | undefined>;
  /** What the final failure of the task records, in one transaction with it. A `catalog-conflict` in it does not keep the task from failing. */
  recordFailure?(task: Task, tables: CatalogTables, error: unknown): Promise<void>;
  /** How many tasks of this kind may run at once in one worker. */
  readonly concurrency: number;
  /** How many tries may fail before the task does, at least 1. */
  readonly maxTries: number;
  /** What is to be done where the catalog was lost while a task of this kind was under way, one sentence without a full stop. */
  readonly lostAdvice?: string;
  /** True: a worker that stops aborts it at once, since nobody waits for it and its next try loses little. Default: false. */
  readonly yieldsToStop?: boolean;
}

export interface TaskContext {
  /** The claim of this try; its token is the attempt. */
  readonly lease: Lease;
  /** Aborted when the lease is lost or the worker stops; the reason is a DomainError `lease-lost` or `worker-stopped`. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Takes a share from 0 to 1, and what is being done; it reaches the catalog with the next heartbeat. */
  setProgress(share: number, phase?: TaskPhase): void;
}

export type TaskHandlers = Readonly<Partial<Record<TaskKind, TaskHandler>>>;
