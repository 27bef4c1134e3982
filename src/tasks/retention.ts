import { readClock } from './clock-guard.ts';
import { repeat } from './repeat.ts';
import { type RetentionSite, runRetention } from './run-retention.ts';

const INTERVAL_MS = 10 * 60_000;

/** Looks at what has expired now and every ten minutes, and wakes the worker where data are to be removed. */
export function startRetention(site: RetentionSite & { readonly wakeWorker: () => void }): { stop(): Promise<void> } {
  return repeat({
    look: async () => {
      if ((await runRetention(site, readClock())).removals > 0) {
        site.wakeWorker();
      }
    },
    intervalMs: INTERVAL_MS,
    log: site.log,
    event: 'retention.look-failed',
  });
}
