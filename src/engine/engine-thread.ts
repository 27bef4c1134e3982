import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '../lib/errors.ts';
import { BEHIND_ALL, BEHIND_EVENT_LOOP, lowerThreadPriority } from '../lib/lower-priority.ts';
import { BACKGROUND_JOBS, ENGINE_JOBS } from './engine-jobs.ts';
import { fromPlainError, type MessageFromThread, type MessageToThread, type ThreadOrder, toPlainError } from './thread-message.ts';

/** At most this many progress messages a second, beside those of a new phase. */
const PROGRESS_INTERVAL_MS = 200;

interface AnyJobOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly phase: string }) => void;
  readonly mark: (mark: unknown) => Promise<void>;
}

// Entry of a worker thread: owns sockets, checks, compression, encryption and files of one job, which comes as workerData.
if (parentPort !== null) {
  const port = parentPort;
  const post = (message: MessageFromThread) => port.postMessage(message);
  const abort = new AbortController();
  const marks = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let phase: string | undefined;
  let postedAt = 0;
  let lastMark = 0;

  port.on('message', ({ abort: reason, marked }: MessageToThread) => {
    if (reason !== undefined) {
      abort.abort(new DomainError('aborted', reason, { retryable: true }));
    }
    if (marked !== undefined) {
      const waiting = marks.get(marked.number);
      marks.delete(marked.number);
      if (marked.error === undefined) {
        waiting?.resolve();
      } else {
        waiting?.reject(fromPlainError(marked.error));
      }
    }
  });

  const { job, request } = workerData as ThreadOrder;
  // Where processors are few, a request would else wait behind megabytes that are compressed.
  lowerThreadPriority(BACKGROUND_JOBS.has(job) ? BEHIND_ALL : BEHIND_EVENT_LOOP);
  const run = ENGINE_JOBS[job] as (request: unknown, options: AnyJobOptions) => Promise<unknown>;
  try {
    const result = await run(request, {
      signal: abort.signal,
      onProgress(progress) {
        const now = performance.now();
        if (progress.phase !== phase || now - postedAt >= PROGRESS_INTERVAL_MS) {
          phase = progress.phase;
          postedAt = now;
          post({ progress });
        }
      },
      mark(mark) {
        const number = ++lastMark;
        const waiting = Promise.withResolvers<void>();
        marks.set(number, waiting);
        post({ mark: { number, mark } });
        return waiting.promise;
      },
    });
    post({ result });
  } catch (error) {
    post({ error: toPlainError(error) });
  }
  port.close();
}
