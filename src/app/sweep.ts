import { describeError } from '../lib/errors.ts';
import { sweepAttempts } from '../tasks/handlers/sweep-attempts.ts';

const INTERVAL_MS = 10 * 60_000;

/** Sweeps at the start and then every ten minutes, never twice at a time. `stop` waits for a sweep under way. */
export function startSweep(site: Parameters<typeof sweepAttempts>[0]): { stop(): Promise<void> } {
  let sweeping: Promise<void> | undefined;
  const sweep = () => {
    sweeping ??= sweepAttempts(site)
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
