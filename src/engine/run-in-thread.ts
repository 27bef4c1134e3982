import { type ResourceLimits, Worker } from 'node:worker_threads';
import { DomainError, describeError } from '../lib/errors.ts';
import type { EngineJobs } from './engine-jobs.ts';
import { fromPlainError, type MessageFromThread, type MessageToThread, type ThreadOrder, toPlainError } from './thread-message.ts';

/** A thread holds a few frames and a socket buffer; one that outgrows this ends alone and not the process. */
const THREAD_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/** How long an aborted thread may take to close its sockets and files before it is ended. */
const ABORT_GRACE_MS = 10_000;

/** Beside this file, unbuilt or in the bundle. */
const THREAD_URL = new URL(import.meta.url.endsWith('.ts') ? './engine-thread.ts' : './engine-thread.js', import.meta.url);

export interface ThreadOptions {
  /** By default enough for a dataset of any size. */
  readonly threadLimits?: ResourceLimits;
}

type JobRequest<Job extends keyof EngineJobs> = Parameters<EngineJobs[Job]>[0];
type JobOptions<Job extends keyof EngineJobs> = Parameters<EngineJobs[Job]>[1];
type JobResult<Job extends keyof EngineJobs> = Awaited<ReturnType<EngineJobs[Job]>>;

/** The same for every job; which types go together is for the signature of `runInThread`. */
interface AnyOptions extends ThreadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
  readonly mark?: (mark: unknown) => Promise<void>;
}

/**
 * A job of the engine in a worker thread of its own, so that the event loop of the API never waits for it. Same contract as the job's
 * function, and beside it the retryable `engine-thread-ended` where the thread died, for want of memory say. Settles only when the thread is
 * gone, and its sockets and files with it.
 */
export async function runInThread<Job extends keyof EngineJobs>(
  job: Job,
  request: JobRequest<Job>,
  options: JobOptions<Job> & ThreadOptions,
): Promise<JobResult<Job>> {
  const { signal, onProgress, mark, threadLimits = THREAD_LIMITS } = options as unknown as AnyOptions;
  signal.throwIfAborted();
  const order: ThreadOrder = { job, request };
  const thread = new Worker(THREAD_URL, { workerData: order, resourceLimits: threadLimits });
  const post = (message: MessageToThread) => thread.postMessage(message);
  let grace: NodeJS.Timeout | undefined;
  const abort = () => {
    post({ abort: describeError(signal.reason) });
    grace = setTimeout(() => void thread.terminate(), ABORT_GRACE_MS);
  };
  signal.addEventListener('abort', abort, { once: true });

  async function passMark(number: number, what: unknown): Promise<void> {
    try {
      await mark?.(what);
      post({ marked: { number } });
    } catch (error) {
      post({ marked: { number, error: toPlainError(error) } });
    }
  }

  try {
    return await new Promise<JobResult<Job>>((resolve, reject) => {
      let outcome: (() => void) | undefined;
      thread.on('message', (message: MessageFromThread) => {
        if ('progress' in message) {
          onProgress(message.progress);
        } else if (message.mark !== undefined) {
          void passMark(message.mark.number, message.mark.mark);
        } else if (message.error !== undefined) {
          const error = fromPlainError(message.error);
          outcome = () => reject(error);
        } else {
          outcome = () => resolve(message.result as JobResult<Job>);
        }
      });
      thread.on('error', (error) => {
        const ended = createThreadEndedError(job, describeError(error), error);
        outcome = () => reject(ended);
      });
      // Only when the thread is gone its sockets and files are closed for certain.
      thread.on('exit', (code) => {
        if (outcome !== undefined) {
          outcome();
        } else {
          reject(createThreadEndedError(job, `status ${code}`));
        }
      });
    });
  } finally {
    clearTimeout(grace);
    signal.removeEventListener('abort', abort);
  }
}

function createThreadEndedError(job: string, reason: string, cause?: unknown): DomainError {
  return new DomainError('engine-thread-ended', `the thread of the ${job} ended: ${reason}`, { retryable: true, cause });
}
