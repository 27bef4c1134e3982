import type { Catalog, Task } from '../../catalog/catalog.ts';
import type { EventKind } from '../../catalog/events.ts';
import { runInThread } from '../../engine/run-in-thread.ts';
import type { Clock } from '../../lib/clock.ts';
import { DomainError, describeError } from '../../lib/errors.ts';
import { isDamage } from '../../repository/is-damage.ts';
import type { TaskHandler } from '../task.ts';
import { recordDamage } from './bad-backup.ts';

export interface ConvertBackupOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly storageUrl: string;
  /** The keyring as text, for the worker thread. */
  readonly keyring: () => string;
  /** Called when a conversion has ended for good, for metrics. */
  readonly onEnd: (outcome: 'converted' | 'failed') => void;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: EventKind) => void;
}

/** Of a store that fails; damage is final at once. */
const MAX_TRIES = 5;

/**
 * Reads a backup whole before it counts as converted: converting → converted, or back to available, where the task says why. What is found
 * damaged is from then on as bad as a failed proof. The links to it work all the while. A backup that is no longer converting is left alone.
 */
export function createConvertBackupHandler({ catalog, clock, storageUrl, keyring, onEnd, onAlarm }: ConvertBackupOptions): TaskHandler {
  return {
    concurrency: 1,
    maxTries: MAX_TRIES,
    async run(task, { signal, log, setProgress }) {
      const backupId = backupOf(task);
      const backup = await catalog.backups.get(backupId);
      if (backup?.state !== 'converting' || backup.attempt === null) {
        return undefined;
      }
      const startedAt = performance.now();
      const { sizeBytes } = await runInThread(
        'conversion',
        { backup: { backupId, attempt: backup.attempt }, storageUrl, keyring: keyring() },
        { signal, onProgress: ({ readBytes, totalBytes }) => setProgress(readBytes / Math.max(1, totalBytes)) },
      );
      if (sizeBytes !== backup.sizeBytes) {
        throw new DomainError('backup-damaged', `backup ${backupId} has ${sizeBytes} bytes, its row says ${backup.sizeBytes}`);
      }
      log.info({ backupId, sizeBytes, durationMs: Math.round(performance.now() - startedAt) }, 'backup.converted');
      return async (tables) => {
        await tables.lifecycle.finishConversion(backupId);
        onEnd('converted');
      };
    },
    async recordFailure(task, tables, error) {
      const backupId = backupOf(task);
      onEnd('failed');
      await tables.lifecycle.abandonConversion(backupId);
      if (isDamage(error)) {
        await recordDamage(tables, backupId, describeError(error), { clock, onAlarm });
      }
    },
  };
}

function backupOf(task: Task): string {
  return (JSON.parse(task.payload) as { backupId: string }).backupId;
}
