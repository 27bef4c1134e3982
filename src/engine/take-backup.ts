import { Worker } from 'node:worker_threads';
import { DomainError, describeError } from '../lib/errors.ts';
import type { Manifest } from '../repository/types.ts';
import { fromPlainError, type ThreadMessage } from './thread-message.ts';
import type { BackupOptions, BackupRequest } from './types.ts';

/** A thread holds a few frames and a socket buffer; one that outgrows this ends alone and not the process. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/** How long an aborted thread may take to close its socket and files before it is ended. */
const ABORT_GRACE_MS = 10_000;

/** Beside this file, unbuilt or in the bundle. */
const THREAD_URL = new URL(import.meta.url.endsWith('.ts') ? './backup-thread.ts' : './backup-thread.js', import.meta.url);

/** `runBackup` in a worker thread of its own, so that the event loop of the API never waits for it. Same contract. */
export async function takeBackup(request: BackupRequest, { signal, onProgress }: BackupOptions): Promise<Manifest> {
  signal.throwIfAborted();
  const thread = new Worker(THREAD_URL, { workerData: request, resourceLimits: THREAD_LIMITS });
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
      thread.on('error', reject);
      // Only when the thread is gone its socket and files are closed for certain.
      thread.on('exit', (code) => {
        if (outcome !== undefined) {
          outcome();
        } else {
          reject(
            new DomainError('backup-thread-ended', `the thread of backup ${request.backupId} ended with status ${code}`, {
              retryable: true,
            }),
          );
        }
      });
    });
  } finally {
    clearTimeout(grace);
    signal.removeEventListener('abort', abort);
  }
}
