import type { Backup, Catalog, Instance, Task } from '../../catalog/catalog.ts';
import { ensureProofTask } from '../../catalog/proof-task.ts';
import { takeBackup } from '../../engine/take-backup.ts';
import type { BackupProgress } from '../../engine/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { DomainError } from '../../lib/errors.ts';
import type { Manifest } from '../../repository/types.ts';
import type { TaskHandler } from '../task.ts';
import { type OpenSecrets, toSourceAddress } from './source-address.ts';

export interface TakeBackupOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly openSecrets: OpenSecrets;
  readonly storageUrl: string;
  /** The keyring as text, for the worker thread. */
  readonly keyring: () => string;
  readonly concurrency: number;
  readonly skipDisklessDelay: boolean;
  readonly memoryCheck: 'refuse' | 'warn';
  /** Ask for a proof of each backup, in one transaction with its becoming available. */
  readonly asksForProof: boolean;
  /** Called when a try has begun and when it has ended, for metrics. */
  readonly onTry: (event: { outcome: 'started' | 'stored' | 'failed'; durationMs: number; sizeBytes: number }) => void;
}

/**
 * A restart or failover of the source may take minutes, so what bounds the tries is the time that passes between them: with the delays of
 * `retry-delay.ts` a quarter of an hour on average, at least nine minutes.
 */
const MAX_TRIES = 25;

/** The engine has read everything back before a try resolves; the last share is the commit. */
const SHARE_WHEN_RECEIVED = 0.9;

/**
 * Takes the backup of a row in state running. The task's token is the attempt: what an earlier try left behind lies under another prefix
 * and never counts. Success turns the row to available, final failure to failed, each in one transaction with the end of the task.
 */
export function createTakeBackupHandler(options: TakeBackupOptions): TaskHandler {
  const { catalog, clock, onTry } = options;
  return {
    concurrency: options.concurrency,
    maxTries: MAX_TRIES,
    async run(task, { lease, signal, log, setProgress }) {
      const { backup, instance } = await readRows(catalog, task);
      const { backupId } = backup;
      const startedAt = performance.now();
      const durationMs = () => performance.now() - startedAt;
      onTry({ outcome: 'started', durationMs: 0, sizeBytes: 0 });
      let phase: BackupProgress['phase'] | undefined;
      let manifest: Manifest;
      try {
        manifest = await takeBackup(
          {
            backupId,
            attempt: lease.token,
            source: toSourceAddress(instance, options.openSecrets(instance)),
            // A replica that failed once is not relied on again: the next try reads the server that was named.
            preferReplica: instance.preferReplica && task.failedTries === 0,
            facts: toFacts(backup),
            storageUrl: options.storageUrl,
            keyring: options.keyring(),
            skipDisklessDelay: options.skipDisklessDelay,
            memoryCheck: options.memoryCheck,
          },
          {
            signal,
            onProgress(progress) {
              setProgress(toShare(progress, instance));
              if (progress.phase !== phase) {
                phase = progress.phase;
                log.info({ backupId, attempt: lease.token, ...progress }, 'backup.phase');
              }
            },
          },
        );
      } catch (error) {
        onTry({ outcome: 'failed', durationMs: durationMs(), sizeBytes: 0 });
        throw error;
      }
      const sizeBytes = manifest.shards.reduce((sum, shard) => sum + shard.sizeBytes, 0);
      onTry({ outcome: 'stored', durationMs: durationMs(), sizeBytes });
      for (const sentence of manifest.report) {
        log.warn({ backupId, sentence }, 'backup.report');
      }
      log.info({ backupId, attempt: lease.token, sizeBytes, durationMs: Math.round(durationMs()) }, 'backup.stored');
      return async (tables) => {
        await tables.backups.complete(backupId, {
          attempt: lease.token,
          endedAt: manifest.endedAt,
          sizeBytes,
          serverKind: manifest.shards[0]?.serverKind ?? 'unknown',
          serverVersion: manifest.shards[0]?.serverVersion ?? '',
        });
        if (options.asksForProof) {
          await ensureProofTask(tables, backup, { byHand: false, at: clock.now() });
        }
      };
    },
    async recordFailure(task, tables) {
      await tables.backups.fail(task.subject, clock.now());
    },
  };
}

async function readRows(catalog: Catalog, task: Task): Promise<{ backup: Backup; instance: Instance }> {
  const backup = await catalog.backups.get(task.subject);
  const instance = await catalog.instances.get(task.instanceId);
  if (backup === undefined || instance === undefined || backup.state !== 'running') {
    throw new DomainError(
      'backup-not-running',
      `backup ${task.subject} of ${task.instanceId} is ${backup?.state ?? 'unknown'}, not running`,
    );
  }
  return { backup, instance };
}

function toFacts(backup: Backup) {
  const { accountId, region, instanceId, instanceName, type, remark, startedAt, expiresAt } = backup;
  return { accountId, region, instanceId, instanceName, type, remark, startedAt, expiresAt };
}

/** The size of an RDB is not known before its end; used memory is the only guess, and a generous one. */
function toShare({ phase, receivedBytes }: BackupProgress, instance: Instance): number {
  if (phase === 'verifying') {
    return SHARE_WHEN_RECEIVED;
  }
  return SHARE_WHEN_RECEIVED * Math.min(1, receivedBytes / Math.max(instance.usedMemoryBytes, receivedBytes * 1.05, 1));
}
