import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../lib/errors.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { withPatience } from '../redis/target-client.ts';
import { readSetting, readTargetState, type TargetState } from '../redis/target-state.ts';
import type { RestoreMark } from './restore-types.ts';

/** A target that was told to be our replica may be loading, or starting again. */
const PATIENCE_MS = 60_000;
const POLL_MS = 200;
/** An earlier failure is still shown until the next rewrite has ended. */
const FAILED_REWRITE_MS = 30_000;

/**
 * Makes the target a master again where it follows us, and puts its settings back; safe to repeat. Waits while it loads.
 * Answers its state then. A target that follows somebody else was told so by somebody else, and is left alone.
 */
export async function endReplication(
  target: SourceAddress,
  mark: RestoreMark,
  { patienceMs = PATIENCE_MS, signal }: { patienceMs?: number; signal?: AbortSignal } = {},
): Promise<TargetState> {
  return withPatience(target, { patienceMs, signal }, async (client) => {
    let state = await readTargetState(client);
    if (state.isLoading) {
      throw new DomainError('target-loading', `${formatAddress(target)} is still loading its data`, { retryable: true });
    }
    if (state.role === 'replica' && state.masterHost === mark.master?.host && state.masterPort === mark.master.port) {
      await client.command('REPLICAOF', 'NO', 'ONE');
      state = await readTargetState(client);
    }
    for (const [directive, value] of Object.entries(mark.settings ?? {})) {
      if ((await readSetting(client, directive)) !== value) {
        await client.command('CONFIG', 'SET', directive, value);
      }
    }
    return state;
  });
}

/** Throws `target-restarted` where the server has started anew since it was looked at, and holds what its disk held, or is another one. */
export function requireSameRun(target: SourceAddress, runId: string, state: TargetState): void {
  if (state.runId !== runId) {
    const hint = 'see the log of the target for why it ended, then ask for the restore again';
    throw new DomainError('target-restarted', `${formatAddress(target)} started anew in mid-restore, or is another server by now`, {
      hint,
    });
  }
}

/**
 * Waits until an append-only file holds the new data: before, a crash of the target would lose all of it. Throws `target-aof-failed` where
 * the target cannot write it, and `target-restarted` where it is not the run that got the data any more.
 */
export async function waitForAppendOnlyFile(target: SourceAddress, runId: string, signal: AbortSignal): Promise<void> {
  let failingSince: number | undefined;
  for (;;) {
    const { state, isSwitchedOff } = await withPatience(target, { patienceMs: PATIENCE_MS, signal }, async (client) => ({
      state: await readTargetState(client),
      // While it copies its new data its log is off for a time, but not its setting.
      isSwitchedOff: (await readSetting(client, 'appendonly')) === 'no',
    }));
    requireSameRun(target, runId, state);
    if (isSwitchedOff) {
      return;
    }
    if (state.aofEnabled && !state.aofRewriteRunning) {
      if (state.aofRewriteOk) {
        return;
      }
      failingSince ??= performance.now();
      if (performance.now() - failingSince > FAILED_REWRITE_MS) {
        const hint = 'see the log and the disk of the target, then run BGREWRITEAOF; until then its new data is in memory only';
        throw new DomainError('target-aof-failed', `${formatAddress(target)} could not write its append-only file`, { hint });
      }
    }
    await delay(POLL_MS, undefined, { signal });
  }
}
