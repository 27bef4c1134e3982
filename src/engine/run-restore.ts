import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import { formatAddress } from '../redis/source-address.ts';
import { pauseWrites, type WritePause } from '../redis/write-pause.ts';
import type { AttemptReader } from '../repository/attempt-reader.ts';
import { isDamage } from '../repository/is-damage.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository, type Repository } from '../repository/repository.ts';
import type { StoredShard } from '../repository/types.ts';
import { openStorage } from '../storage/registry.ts';
import { addHints } from './add-hints.ts';
import { type CheckedTarget, checkTarget } from './check-target.ts';
import { readNeeds } from './read-needs.ts';
import { replaceData } from './replace-data.ts';
import { distrustDamage } from './require-damage.ts';
import { countKeys, requireNoneExists, writeKeys } from './restore-by-keys.ts';
import type { RestoreMark, RestoreOptions, RestoreProgress, RestoreRequest, RestoreResult } from './restore-types.ts';
import { runBackup } from './run-backup.ts';
import { describeSettled, endAfterAbort, RESTORED, settle } from './run-settle.ts';
import { requireRoom } from './target-memory.ts';
import type { BackupProgress } from './types.ts';

/**
 * One try at a restore. All stored bytes are authenticated before the target is looked at, and the target before anything is changed. When it
 * throws, it has settled what it had begun, and the hint of the error says what the target holds; only after an abort, or where even that
 * failed, the last mark is not `settled`, and `runSettle` has to be called with it. `backup-damaged` and `manifest-missing` always speak of the
 * backup that is restored.
 */
export async function runRestore(request: RestoreRequest, options: RestoreOptions): Promise<RestoreResult> {
  const { signal } = options;
  const repository = await openRepository(await openStorage(request.storageUrl), importKeyring(request.keyring));
  const onProgress = (phase: RestoreProgress['phase'], doneBytes = 0, totalBytes = 0) =>
    options.onProgress({ phase, doneBytes, totalBytes });
  onProgress('verifying');
  // Its loading takes as long as a small backup's verification.
  void import('../redis/redis-client.ts');
  const { reader, needs } = await readBackup(repository, request, signal, () => onProgress('checking'));
  const merges = request.filter !== undefined;
  const { target, endpoint, allowPlainText } = request;
  const checked = await checkTarget(target, needs, { endpoint, allowPlainText, merges, signal });

  let last: RestoreMark | undefined;
  const mark = async (next: RestoreMark) => {
    await options.mark(next);
    last = next;
  };
  const run = { request, options: { ...options, mark }, repository, reader, shard: needs.shard, checked, onProgress };
  try {
    if (request.dryRun) {
      return await countOnly(request, reader, checked, signal);
    }
    const result = merges ? await merge(run) : await replace(run);
    if (last !== undefined) {
      await mark({ ...last, step: 'settled', settled: RESTORED });
    }
    return result;
  } catch (thrown) {
    const error = await distrustDamage(thrown, request);
    if (last === undefined || last.step === 'settled') {
      throw error;
    }
    throw await settleAfter(error, last, run);
  }
}

/** Authenticates every stored byte of the backup, and opens it. */
async function readBackup(repository: Repository, request: RestoreRequest, signal: AbortSignal, onVerified: () => void) {
  try {
    await repository.authenticateAttempt(request.backup, { signal });
    const reader = await repository.openAttempt(request.backup, { signal });
    onVerified();
    return { reader, needs: await readNeeds(reader, signal) };
  } catch (error) {
    throw await distrustDamage(error, request);
  }
}

interface Run {
  readonly request: RestoreRequest;
  readonly options: RestoreOptions;
  readonly repository: Repository;
  readonly reader: AttemptReader;
  readonly shard: StoredShard;
  readonly checked: CheckedTarget;
  readonly onProgress: (phase: RestoreProgress['phase'], doneBytes?: number, totalBytes?: number) => void;
}

async function replace(run: Run): Promise<RestoreResult> {
  const { request, options, reader, shard, checked, onProgress } = run;
  const { target, endpoint, ttl } = request;
  const { signal, mark } = options;
  const report = [...checked.report];
  let pause: WritePause | undefined;
  try {
    if (request.safety !== undefined) {
      await mark(toFirstMark(checked, false));
      pause = await pauseWrites(target, signal);
      if (pause === undefined) {
        report.push('writes to the target could not be paused: those made after its safety backup began are not in it');
      }
    }
    const safety = await saveTarget(run, report);
    if (pause?.isWhole() === false) {
      report.push('the pause of writes to the target could not be renewed: those made after its safety backup began may not be in it');
    }
    const replaced = await replaceData({
      reader,
      target,
      endpoint,
      checked,
      ttl,
      isRollback: false,
      ...(safety === undefined ? {} : { safety: { backupId: safety.backupId, attempt: safety.attempt } }),
      signal,
      mark,
      onProgress,
    });
    report.push(...replaced.report);
    return { way: replaced.way, counts: toCounts(shard), existing: 0, ...(safety === undefined ? {} : { safety }), report };
  } finally {
    await pause?.end();
  }
}

async function merge(run: Run): Promise<RestoreResult> {
  const { request, options, reader, shard, checked, onProgress } = run;
  const { target, filter = {}, replaceExisting, ttl } = request;
  const { signal, mark } = options;
  const report = [...checked.report];
  const selection = { reader, filter, signal, onRead: (readBytes: number) => onProgress('checking', readBytes, shard.sizeBytes) };
  const count = await countKeys(selection, replaceExisting ? undefined : target);
  requireNoneExists(count, target);
  requireRoom(checked.state, count.valueBytes, { replaces: replaceExisting, name: formatAddress(target) });
  if (request.safety !== undefined) {
    await mark(toFirstMark(checked, true));
  }
  const safety = await saveTarget(run, report);
  await mark({
    ...toFirstMark(checked, true),
    step: 'write-keys',
    ...(safety === undefined ? {} : { safety: { backupId: safety.backupId, attempt: safety.attempt } }),
  });
  const { counts, expired } = await writeKeys({
    ...selection,
    target,
    ttl,
    rdbVersion: shard.rdbVersion,
    replaceExisting,
    withFunctions: false,
    onRead: (readBytes) => onProgress('writing-keys', readBytes, shard.sizeBytes),
  });
  if (expired > 0) {
    report.push(`${expired} of the keys had expired by then and were left out`);
  }
  if (shard.keys.functions > 0) {
    report.push('functions of the backup were left out: only a restore of everything brings them back');
  }
  return { way: 'keys', counts, existing: 0, ...(safety === undefined ? {} : { safety }), report };
}

/** The safety backup, whole and read back; undefined where it was declined. */
async function saveTarget({ request, options, onProgress }: Run, report: string[]): Promise<RestoreResult['safety']> {
  const { safety, target, storageUrl, keyring } = request;
  if (safety === undefined) {
    return undefined;
  }
  onProgress('saving-target');
  const { ref, facts, memoryCheck } = safety;
  const backup = { ...ref, source: target, facts, storageUrl, keyring, skipDisklessDelay: false, memoryCheck };
  const onReceived = ({ receivedBytes }: BackupProgress) => onProgress('saving-target', receivedBytes);
  const manifest = await runBackup(backup, { signal: options.signal, onProgress: onReceived }).catch((error: unknown) => {
    const advice =
      'what the target holds could not be backed up first: mend that, or restore without a safety backup, which cannot be undone';
    throw options.signal.aborted ? error : addHints(nameSafety(error), [advice]);
  });
  report.push(...manifest.report.map((sentence) => `safety backup: ${sentence}`));
  const sizeBytes = manifest.shards.reduce((sum, shard) => sum + shard.sizeBytes, 0);
  return { ...safety.ref, sizeBytes, endedAt: manifest.endedAt };
}

/** Damage is that of the safety backup, which does not read back as it was stored, and not of the backup that is restored. */
function nameSafety(error: unknown): unknown {
  return isDamage(error) ? new DomainError('safety-backup-damaged', error.message, { cause: error }) : error;
}

async function countOnly(
  request: RestoreRequest,
  reader: AttemptReader,
  checked: CheckedTarget,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const selection = { reader, filter: request.filter ?? {}, signal, onRead: () => {} };
  const { counts, existing } = await countKeys(selection, request.target);
  return { way: 'none', counts, existing, report: checked.report };
}

/** The error to throw: the same, with what the target holds now in its hint. */
async function settleAfter(error: unknown, last: RestoreMark, run: Run): Promise<unknown> {
  const { request, options, repository } = run;
  const { target, storageUrl, keyring, endpoint, allowPlainText } = request;
  try {
    if (options.signal.aborted) {
      await endAfterAbort(target, last);
      return error;
    }
    const mark = { ...last, isDataWrong: isDomainError(error, 'restored-data-differs') };
    if (mark.isDataWrong) {
      await options.mark(mark);
    }
    const settled = await settle(repository, { storageUrl, keyring, target, endpoint, allowPlainText, mark }, options);
    return addHints(toFinal(error), [describeSettled(settled)]);
  } catch (second) {
    return addHints(error, [`what the target holds is still to be settled: ${describeError(second)}`]);
  }
}

/** Whether to try again is no longer a matter of course: the target has been touched, and what it holds is said. */
function toFinal(error: unknown): unknown {
  if (!isDomainError(error)) {
    return error;
  }
  const { code, message, hint, cause } = error;
  return new DomainError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}

function toFirstMark({ state, settings }: CheckedTarget, merges: boolean): RestoreMark {
  const { runId, totalKeys } = state;
  return {
    step: 'save-target',
    isRollback: false,
    runId,
    keysBefore: totalKeys,
    merges,
    ...(settings === undefined ? {} : { settings }),
  };
}

function toCounts({ keys }: StoredShard): RestoreResult['counts'] {
  const byDatabase = Object.fromEntries(Object.entries(keys.byDatabase).map(([database, count]) => [database, count.keys]));
  return { keys: keys.total, byDatabase, byType: keys.byType };
}
