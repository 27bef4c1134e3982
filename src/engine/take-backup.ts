import { type ResourceLimits, Worker } from 'node:worker_threads';
import { DomainError, describeError } from '../lib/errors.ts';
import type { Manifest } from '../repository/types.ts';
import { fromPlainError, type ThreadMessage } from './thread-message.ts';
import type { BackupOptions, BackupRequest } from './types.ts';

/** A thread holds a few frames and a socket buffer; one that outgrows this ends alone and not the process. */
const THREAD_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/** How long an aborted thread may take to close its socket and files before it is ended. */
const ABORT_GRACE_MS = 10_000;

/** Beside this file, unbuilt or in the bundle. */
const THREAD_URL = new URL(import.meta.url.endsWith('.ts') ? './backup-thread.ts' : './backup-thread.js', import.meta.url);

export interface TakeBackupOptions extends BackupOptions {
  /** By default enough for a backup of any size. */
  readonly threadLimits?: ResourceLimits;
}

/**
 * `runBackup` in a worker thread of its own, so that the event loop of the API never waits for it. Same contract, and beside it the retryable
 * `backup-thread-ended` where the thread died, for want of memory say; what it had stored is then for the sweep.
 */
export async function takeBackup(request: BackupRequest, options: TakeBackupOptions): Promise<Manifest> {
  const { signal, onProgress, threadLimits = THREAD_LIMITS } = options;
  signal.throwIfAborted();
  const thread = new Worker(THREAD_URL, { workerData: request, resourceLimits: threadLimits });
  let grace: NodeJS.Timeout | undefined;
  const abort = () => {
    thread.postMessage(describeError(signal.reason));
    grace = setTimeout(() => void thread.terminate(), ABORT_GRACE_MS);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<Manifest>((resolve, reject) => {
      let outcome: (() => void) | undefined;
      thread.on('message', (message: ThreadMessage) => {
        if (message.progress !== undefined) {
          onProgress(message.progress);
        } else if (message.manifest !== undefined) {
          const { manifest } = message;
          outcome = () => resolve(manifest);
        } else if (message.error !== undefined) {
          const error = fromPlainError(message.error);
          outcome = () => reject(error);
        }
      });
      thread.on('error', (error) => {
        const ended = createThreadEndedError(request, describeError(error), error);
        outcome = () => reject(ended);
      });
      // Only when the thread is gone its socket and files are closed for certain.
      thread.on('exit', (code) => {
        if (outcome !== undefined) {
          outcome();
        } else {
          reject(createThreadEndedError(request, `status ${code}`));
        }
      });
    });
  } finally {
    clearTimeout(grace);
    signal.removeEventListener('abort', abort);
  }
}

function createThreadEndedError({ backupId }: BackupRequest, reason: string, cause?: unknown): DomainError {
  return new DomainError('backup-thread-ended', `the thread of backup ${backupId} ended: ${reason}`, { retryable: true, cause });
}
