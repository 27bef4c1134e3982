import { describeError, isDomainError } from '../lib/errors.ts';
import type { SourceAddress } from '../redis/source-address.ts';
import type { TargetState } from '../redis/target-state.ts';
import { endPause } from '../redis/write-pause.ts';
import { isDamage } from '../repository/is-damage.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository, type Repository } from '../repository/repository.ts';
import { openStorage } from '../storage/registry.ts';
import { checkTarget } from './check-target.ts';
import { endReplication, waitForAppendOnlyFile } from './end-replication.ts';
import { readNeeds } from './read-needs.ts';
import { replaceData } from './replace-data.ts';
import { distrustDamage } from './require-damage.ts';
import type { RestoreMark, RestoreOptions, RestoreProgress, SettleRequest, SettleResult } from './restore-types.ts';

export const RESTORED: SettleResult = { outcome: 'restored', report: ['the target holds the backup'] };

/** What a restore that was interrupted, by a crash or an error, has left the target with, as far as it can be proven. */
type Verdict = 'new' | 'old' | 'unknown';

/**
 * Settles a restore that was interrupted after `request.mark`: ends the target's being our replica, puts its settings back,
 * finds out what it holds and, where that is neither the old nor the new for certain, goes back to the safety backup, once and never again.
 * The last mark is `settled`, unless it throws; then it can be called again with the mark that was recorded last.
 */
export async function runSettle(request: SettleRequest, options: RestoreOptions): Promise<SettleResult> {
  const repository = await openRepository(await openStorage(request.storageUrl), importKeyring(request.keyring));
  return settle(repository, request, options);
}

/** As `runSettle`. */
export async function settle(repository: Repository, request: SettleRequest, options: RestoreOptions): Promise<SettleResult> {
  const { target, mark } = request;
  await endPause(target);
  const state = await endReplication(target, mark, { signal: options.signal });
  const { safetyDamage, ...result } = await toResult(judge(mark, state), state, repository, request, options);
  await options.mark({ ...mark, step: 'settled', settled: result, ...(safetyDamage === undefined ? {} : { safetyDamage }) });
  return result;
}

/**
 * A replica takes over the replication id of its master when it has loaded everything, and keeps it as its second one when it is a master
 * again; ours was made for this restore, so that it proves the load. Without it the old data are still there, since a replica removes them
 * only when all bytes have come; except where it lost them to a failed load, or started anew from its disk.
 */
function judge(mark: RestoreMark, state: TargetState): Verdict {
  // Not yet told to be our replica: whatever it holds by now, it has none of it from us.
  if (mark.step === 'save-target' || mark.step === 'set-credentials') {
    return 'old';
  }
  if (mark.step === 'write-keys' || state.runId !== mark.runId || mark.isDataWrong) {
    return 'unknown';
  }
  if (mark.master !== undefined && state.replicationIds.includes(mark.master.replicationId)) {
    return 'new';
  }
  return mark.keysBefore > 0 && state.totalKeys === 0 ? 'unknown' : 'old';
}

type Settled = SettleResult & Pick<RestoreMark, 'safetyDamage'>;

async function toResult(
  verdict: Verdict,
  state: TargetState,
  repository: Repository,
  request: SettleRequest,
  options: RestoreOptions,
): Promise<Settled> {
  const { target, mark } = request;
  if (verdict === 'new') {
    if (state.aofEnabled) {
      await waitForAppendOnlyFile(target, mark.runId, options.signal);
    }
    return mark.isRollback ? { outcome: 'rolled-back', report: ['the target holds what it held before the restore'] } : RESTORED;
  }
  if (verdict === 'old' && !mark.isRollback) {
    return {
      outcome: 'unchanged',
      report: [state.runId === mark.runId ? 'the target holds what it held before the restore' : tellRestart(mark)],
    };
  }
  if (mark.merges) {
    const report = ['a part of the keys was written to the target: restore again with replacing to write all of them'];
    return { outcome: 'unsettled', report };
  }
  if (mark.isRollback || mark.safety === undefined) {
    return { outcome: 'unsettled', report: [adviseOn(mark)] };
  }
  return rollBack(mark, repository, request, options);
}

async function rollBack(mark: RestoreMark, repository: Repository, request: SettleRequest, options: RestoreOptions): Promise<Settled> {
  const { target, endpoint, allowPlainText } = request;
  const { signal } = options;
  const { safety } = mark;
  if (safety === undefined) {
    return { outcome: 'unsettled', report: [adviseOn(mark)] };
  }
  let last: RestoreMark | undefined;
  const report = (phase: RestoreProgress['phase'], doneBytes: number, totalBytes: number) =>
    options.onProgress({ phase: phase === 'promoting' ? phase : 'rolling-back', doneBytes, totalBytes });
  try {
    await repository.authenticateAttempt(safety, { signal });
    const reader = await repository.openAttempt(safety, { signal });
    const needs = await readNeeds(reader, signal);
    const checked = await checkTarget(target, needs, { endpoint, allowPlainText, merges: false, isRollback: true, signal });
    // What is to be put back in the end is what was there before the restore.
    const way = await replaceData({
      reader,
      target,
      endpoint,
      checked: mark.settings === undefined ? checked : { ...checked, settings: { ...checked.settings, ...mark.settings } },
      ttl: { kind: 'keep' },
      isRollback: true,
      safety,
      signal,
      onProgress: report,
      async mark(next) {
        await options.mark(next);
        last = next;
      },
    });
    return { outcome: 'rolled-back', report: ['the target holds what it held before the restore', ...way.report] };
  } catch (thrown) {
    const error = await distrustDamage(thrown, request);
    const damage = isDamage(error) ? { safetyDamage: error.message } : {};
    const failed = [`going back to the safety backup failed: ${describeError(error)}`, adviseOn({ ...mark, ...damage })];
    if (isDamage(error) && last === undefined) {
      // No other try can do better.
      return { outcome: 'unsettled', report: failed, ...damage };
    }
    if (signal.aborted || last === undefined || !isDomainError(error)) {
      throw error;
    }
    const state = await endReplication(target, last, { signal });
    if (!isDomainError(error, 'restored-data-differs') && judge(last, state) === 'new') {
      return { outcome: 'rolled-back', report: ['the target holds what it held before the restore'] };
    }
    return { outcome: 'unsettled', report: failed, ...damage };
  }
}

/** What it held in memory alone is gone, but not by us; whether its disk had all of it is not known. */
function tellRestart({ safety }: RestoreMark): string {
  const kept = safety === undefined ? '' : `; what it held before is in the safety backup ${safety.backupId}`;
  return `nothing of the restore has reached the target, which started anew, or is another server by now, and holds what it loaded then${kept}`;
}

function adviseOn({ safety, safetyDamage }: RestoreMark): string {
  const advice =
    safety === undefined || safetyDamage !== undefined
      ? 'restore it, or another backup,'
      : `restore it, or the safety backup ${safety.backupId},`;
  return `what the target holds is not certain: ${advice} to the target again`;
}

/** For the hint of an error. */
export function describeSettled({ report }: SettleResult): string {
  return report.join('; ');
}

export async function endAfterAbort(target: SourceAddress, mark: RestoreMark): Promise<void> {
  await endPause(target);
  await endReplication(target, mark, { patienceMs: ABORT_PATIENCE_MS });
}

/** An aborted thread is ended soon; what is not settled by then is settled by the next. */
const ABORT_PATIENCE_MS = 3_000;
