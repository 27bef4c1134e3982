import type { Backup, Catalog, CatalogTables } from '../../catalog/catalog.ts';
import type { EventKind } from '../../catalog/events.ts';
import type { Scrub, ScrubState } from '../../catalog/lifecycle.ts';
import { type ScrubRequest, type ScrubResult, scrubBackup } from '../../engine/scrub-backup.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeError, isDomainError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { recordBadBackup } from './bad-backup.ts';

export interface ScrubOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storageUrl: string;
  /** The keyring as text, for the worker thread. */
  readonly keyring: () => string;
  /** How old the last full read of a backup may be. */
  readonly intervalMs: number;
  readonly bytesPerSecond: number;
  /** Called with the end of each scrub that was recorded, for metrics. */
  readonly onScrub: (state: Exclude<ScrubState, 'unchecked'>) => void;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: EventKind) => void;
  /** Called with stored bytes as they are read, for metrics. */
  readonly onRead: (bytes: number) => void;
}

/** A backup that could not be read comes again after this time, where the interval is longer. */
const UNREADABLE_RETRY_MS = 3_600_000;

/**
 * Reads the stored bytes of the backup that nobody has read for the longest time, where that is the interval ago or longer, and records the
 * result. Returns it, or undefined where none is due. What it finds damaged is from then on as bad as a failed proof: the floor no longer
 * counts it, and nothing is removed. What was found damaged and is intact again counts as unproven again. There is no hold on the backup: where it has expired meanwhile, what was found says nothing and is not
 * recorded. A scrub that broke off has changed nothing and is made again.
 */
export async function scrubNext(options: ScrubOptions, signal: AbortSignal): Promise<ScrubState | undefined> {
  const { catalog, clock, log, intervalMs } = options;
  const backup = await catalog.lifecycle.nextScrub(clock.now() - intervalMs);
  if (backup === undefined) {
    return undefined;
  }
  const { state, reason } = await read(options, backup, signal);
  signal.throwIfAborted();
  const scrub = { state, at: clock.now(), message: reason };
  try {
    await catalog.transaction((tables) => record(tables, backup, scrub, options));
  } catch (error) {
    if (isDomainError(error, 'catalog-conflict')) {
      return 'unchecked';
    }
    throw error;
  }
  const fields = { backupId: backup.backupId, message: reason };
  if (state === 'intact') {
    log.info(fields, 'scrub.intact');
  } else {
    log.error(fields, `scrub.${state}`);
  }
  options.onScrub(state);
  return state;
}

async function read(
  options: ScrubOptions,
  { backupId, attempt }: Backup,
  signal: AbortSignal,
): Promise<{ state: ScrubResult['result'] | 'unreadable'; reason: string }> {
  let readBytes = 0;
  const request: ScrubRequest = {
    backup: { backupId, attempt: attempt ?? 0 },
    storageUrl: options.storageUrl,
    keyring: options.keyring(),
    bytesPerSecond: options.bytesPerSecond,
  };
  try {
    const { result, reason } = await scrubBackup(request, {
      signal,
      onProgress(progress) {
        options.onRead(progress.readBytes - readBytes);
        readBytes = progress.readBytes;
      },
    });
    return { state: result, reason };
  } catch (error) {
    return { state: 'unreadable', reason: describeError(error) };
  }
}

async function record(
  tables: CatalogTables,
  backup: Backup,
  scrub: Scrub & { at: number },
  { intervalMs, log, onAlarm }: ScrubOptions,
): Promise<void> {
  const isReadable = scrub.state !== 'unreadable';
  const checkedAt = isReadable ? scrub.at : scrub.at - Math.max(0, intervalMs - UNREADABLE_RETRY_MS);
  await tables.lifecycle.recordScrub(backup.backupId, scrub, checkedAt);
  if (scrub.state === 'intact' && (await tables.lifecycle.retractDamage(backup.backupId))) {
    log.warn({ backupId: backup.backupId }, 'backup.intact-again');
  }
  if (scrub.state === 'damaged') {
    const message = `its stored bytes are damaged: ${scrub.message}`;
    await recordBadBackup(tables, backup, { at: scrub.at, serverKind: '', serverVersion: '', message }, onAlarm);
  }
}
