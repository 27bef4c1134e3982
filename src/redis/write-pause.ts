import { askIfAllowed } from './admin-client.ts';
import type { SourceAddress } from './source-address.ts';
import { withTarget } from './target-client.ts';

/** Writes of a server that wait. */
export interface WritePause {
  /** Lets them go on. Idempotent, never throws: a pause ends by itself. */
  end(): Promise<void>;
}

/** A pause that is not renewed ends by itself: a crash of this process holds up nobody for longer. */
const PAUSE_MS = 20_000;
const RENEW_MS = 5_000;

/**
 * Pauses writes with CLIENT PAUSE WRITE (Redis 6.2 and newer), renewed until its end; undefined where the server does not know it or the user
 * may not. Throws as `withTarget`.
 */
export async function pauseWrites(target: SourceAddress, signal: AbortSignal): Promise<WritePause | undefined> {
  const pause = (abort?: AbortSignal) =>
    withTarget(target, abort, (client) => askIfAllowed(client, 'CLIENT', 'PAUSE', String(PAUSE_MS), 'WRITE'));
  if ((await pause(signal)) === undefined) {
    return undefined;
  }
  let renewing = Promise.resolve<unknown>(undefined);
  const timer = setInterval(() => {
    renewing = pause(signal).catch(() => {});
  }, RENEW_MS);
  return {
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
