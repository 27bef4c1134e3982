import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '../lib/errors.ts';
import { runBackup } from './run-backup.ts';
import { toPlainError } from './thread-message.ts';
import type { BackupProgress, BackupRequest } from './types.ts';

/** At most this many progress messages a second, beside those of a new phase. */
const PROGRESS_INTERVAL_MS = 200;

// Entry of the worker thread: owns socket, checks, compression, encryption and file of one backup; the request comes as workerData.
if (parentPort !== null) {
  const port = parentPort;
  const abort = new AbortController();
  let phase: BackupProgress['phase'] | undefined;
  let postedAt = 0;
  port.once('message', (reason: string) => abort.abort(new DomainError('aborted', reason, { retryable: true })));
  try {
    const manifest = await runBackup(workerData as BackupRequest, {
      signal: abort.signal,
      onProgress(progress) {
        const now = performance.now();
        if (progress.phase !== phase || now - postedAt >= PROGRESS_INTERVAL_MS) {
          phase = progress.phase;
          postedAt = now;
          port.postMessage({ progress });
        }
      },
    });
    port.postMessage({ manifest });
  } catch (error) {
    port.postMessage({ error: toPlainError(error) });
  }
  port.close();
}
