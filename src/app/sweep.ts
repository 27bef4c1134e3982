import { describeError } from '../lib/errors.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { sweepAttempts } from '../tasks/handlers/sweep-attempts.ts';

const INTERVAL_MS = 10 * 60_000;
/** A live writer appends far more often than this. */
const UNFINISHED_AGE_MS = 60 * 60_000;

/** Sweeps at the start and then every ten minutes, never twice at a time. `stop` waits for a sweep under way. */
export function startSweep(site: Parameters<typeof sweepAttempts>[0] & { storage: ObjectStorage }): { stop(): Promise<void> } {
  let sweeping: Promise<void> | undefined;
  const sweep = () => {
    sweeping ??= site.storage
      .sweepUnfinished(UNFINISHED_AGE_MS)
      .then(() => sweepAttempts(site))
      .catch((error: unknown) => site.log.error({ error: describeError(error) }, 'sweep.failed'))
      .finally(() => {
        sweeping = undefined;
      });
  };
  sweep();
  const timer = setInterval(sweep, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
