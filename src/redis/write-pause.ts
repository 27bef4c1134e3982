import { askIfAllowed } from './admin-client.ts';
import type { SourceAddress } from './source-address.ts';
import { withTarget } from './target-client.ts';

/** Writes of a server that wait. */
export interface WritePause {
  /** False where it may have ended by itself in between, since it could not be renewed in time. */
  isWhole(): boolean;
  /** Lets them go on. Idempotent, never throws: a pause ends by itself. */
  end(): Promise<void>;
}

export interface PauseTimes {
  /** One that is not renewed ends by itself: a crash of this process holds up nobody for longer. */
  readonly pauseMs: number;
  readonly renewMs: number;
}

const TIMES: PauseTimes = { pauseMs: 20_000, renewMs: 5_000 };

/**
 * Pauses writes with CLIENT PAUSE WRITE (Redis 6.2 and newer), renewed until its end; undefined where the server does not know it or the user
 * may not. Throws as `withTarget`.
 */
export async function pauseWrites(
  target: SourceAddress,
  signal: AbortSignal,
  { pauseMs, renewMs }: PauseTimes = TIMES,
): Promise<WritePause | undefined> {
  let pausedUntil = 0;
  let isWhole = true;
  const pause = async () => {
    const askedAt = performance.now();
    const answer = await withTarget(target, signal, (client) => askIfAllowed(client, 'CLIENT', 'PAUSE', String(pauseMs), 'WRITE'));
    if (answer !== undefined) {
      isWhole &&= pausedUntil === 0 || performance.now() <= pausedUntil;
      pausedUntil = askedAt + pauseMs;
    }
    return answer;
  };
  if ((await pause()) === undefined) {
    return undefined;
  }
  let renewing = Promise.resolve<unknown>(undefined);
  const timer = setInterval(() => {
    renewing = pause().catch(() => {});
  }, renewMs);
  return {
    isWhole: () => isWhole && performance.now() <= pausedUntil,
    async end() {
      clearInterval(timer);
      await renewing;
      await endPause(target);
    },
  };
}

/** Never throws. */
export async function endPause(target: SourceAddress): Promise<void> {
  await withTarget(target, undefined, (client) => askIfAllowed(client, 'CLIENT', 'UNPAUSE')).catch(() => {});
}
