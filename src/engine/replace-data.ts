import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import type { SourceAddress } from '../redis/source-address.ts';
import { withPatience, withTarget } from '../redis/target-client.ts';
import { readTargetState } from '../redis/target-state.ts';
import { endPause } from '../redis/write-pause.ts';
import type { AttemptReader } from '../repository/attempt-reader.ts';
import type { AttemptRef } from '../repository/types.ts';
import type { CheckedTarget } from './check-target.ts';
import { endReplication, requireSameRun, waitForAppendOnlyFile } from './end-replication.ts';
import { countKeys, writeKeys } from './restore-by-keys.ts';
import type { RestoreMark, RestoreProgress, TtlPolicy } from './restore-types.ts';
import { type ReplicationEndpoint, sendAsMaster } from './send-as-master.ts';
import { memoryShort } from './target-memory.ts';

export interface ReplaceOptions {
  /** Every stored byte of it is authenticated. */
  readonly reader: AttemptReader;
  readonly target: SourceAddress;
  readonly endpoint: ReplicationEndpoint;
  readonly checked: CheckedTarget;
  readonly ttl: TtlPolicy;
  readonly isRollback: boolean;
  readonly safety?: AttemptRef;
  readonly signal: AbortSignal;
  readonly mark: (mark: RestoreMark) => Promise<void>;
  readonly onProgress: (phase: RestoreProgress['phase'], doneBytes: number, totalBytes: number) => void;
}

/** Before the target follows us: it cannot, and nothing has reached it. */
const NOT_BEGUN = ['target-did-not-connect', 'target-permission-denied', 'target-refused', 'listen-failed'];

/**
 * Puts a backup in the place of everything that the target holds: over replication where that works, else key by key. Answers which and
 * why. When it resolves, the target is a master again, its settings are as before, and its append-only file holds the data. When it throws,
 * the last mark tells what is to be settled.
 */
export async function replaceData(options: ReplaceOptions): Promise<{ way: 'replication' | 'keys'; report: readonly string[] }> {
  const { target, checked, ttl, signal } = options;
  let reason = checked.noReplication ?? (ttl.kind === 'keep' ? undefined : 'expiries are to be changed');
  if (reason === undefined) {
    try {
      await replicate(options);
      return { way: 'replication', report: [] };
    } catch (error) {
      if (!(error instanceof NotBegunError)) {
        throw error;
      }
      reason = describeError(error.cause);
    }
  }
  if (checked.memoryShort !== undefined) {
    throw memoryShort(`keys would have to be written one by one (${reason}), and ${checked.memoryShort}`, 'raise maxmemory of the target');
  }
  await replaceByKeys(options);
  const report = [`keys were written one by one, since the target could not be made a replica: ${reason}`];
  if (checked.state.aofEnabled) {
    signal.throwIfAborted();
    await waitForAppendOnlyFile(target, checked.state.runId, signal);
  }
  return { way: 'keys', report };
}

/** One that has just taken everything may be busy, or have no connection left, for a moment. */
const LOOK_PATIENCE_MS = 30_000;

/** Thrown when everything is as before. */
class NotBegunError extends Error {}

async function replicate(options: ReplaceOptions): Promise<void> {
  const { reader, target, endpoint, checked, signal, onProgress } = options;
  const totalBytes = reader.manifest.shards[0]?.sizeBytes ?? 0;
  let last: RestoreMark = toMark(options, 'set-credentials');
  const mark = async (next: RestoreMark) => {
    await options.mark(next);
    last = next;
  };
  let follows = false;
  onProgress('transferring', 0, totalBytes);
  try {
    await sendAsMaster({
      reader,
      target,
      endpoint,
      runId: checked.state.runId,
      useTls: checked.useTls,
      loadsAtOnce: checked.loadsAtOnce,
      signal,
      onSent: (sentBytes) => onProgress('transferring', sentBytes, totalBytes),
      before: (step, { replicationId }, port) =>
        mark({ ...toMark(options, step), master: { host: endpoint.advertise ?? endpoint.listen, port, replicationId } }),
      // As a replica it refuses writes by itself, and paused ones would wait in vain.
      onFollowing() {
        follows = true;
        return endPause(target);
      },
    });
  } catch (error) {
    if (!follows && isDomainError(error, ...NOT_BEGUN)) {
      await endReplication(target, last, { signal });
      throw new NotBegunError('the target cannot be made a replica', { cause: error });
    }
    if (isDomainError(error, 'target-restarted')) {
      // Known before it was told anything, so that nothing of it is ours to undo.
      await mark({ ...last, step: 'set-credentials' });
    }
    throw error;
  }
  onProgress('promoting', totalBytes, totalBytes);
  await mark({ ...last, step: 'promote' });
  const { runId, aofEnabled } = checked.state;
  requireSameRun(target, runId, await endReplication(target, last, { signal }));
  if (aofEnabled) {
    await waitForAppendOnlyFile(target, runId, signal);
  }
}

/** A run of the target that ended in between would have brought old keys back. */
async function replaceByKeys(options: ReplaceOptions): Promise<void> {
  const { reader, target, checked, ttl, signal, onProgress } = options;
  const [shard] = reader.manifest.shards;
  if (shard === undefined) {
    throw new DomainError('backup-has-many-shards', `backup ${reader.manifest.backupId} has no shard`);
  }
  // Every value is looked at before the first key of the target is removed.
  const selection = { reader, filter: {}, signal };
  await countKeys({ ...selection, onRead: (readBytes) => onProgress('checking', readBytes, shard.sizeBytes) });
  await options.mark(toMark(options, 'write-keys'));
  await endPause(target);
  onProgress('writing-keys', 0, shard.sizeBytes);
  const { runId } = checked.state;
  try {
    await withTarget(target, signal, async (client) => {
      requireSameRun(target, runId, await readTargetState(client));
      await client.command('FLUSHALL', 'ASYNC');
    });
  } catch (error) {
    if (isDomainError(error, 'target-permission-denied', 'target-refused', 'target-restarted')) {
      // Nothing was removed for certain.
      await options.mark(toMark(options, 'save-target'));
    }
    throw error;
  }
  if (checked.hasFunctions) {
    await withTarget(target, signal, (client) => client.command('FUNCTION', 'FLUSH'));
  }
  await writeKeys({
    ...selection,
    target,
    ttl,
    rdbVersion: shard.rdbVersion,
    replaceExisting: true,
    withFunctions: true,
    onRead: (readBytes) => onProgress('writing-keys', readBytes, shard.sizeBytes),
  });
  requireSameRun(target, runId, await withPatience(target, { patienceMs: LOOK_PATIENCE_MS, signal }, readTargetState));
}

function toMark({ checked, isRollback, safety }: ReplaceOptions, step: RestoreMark['step']): RestoreMark {
  return {
    step,
    isRollback,
    runId: checked.state.runId,
    keysBefore: checked.state.totalKeys,
    merges: false,
    ...(safety === undefined ? {} : { safety }),
    ...(checked.settings === undefined ? {} : { settings: checked.settings }),
  };
}
