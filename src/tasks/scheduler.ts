import type { Clock } from '../lib/clock.ts';
import { repeat } from './repeat.ts';
import { runSchedules, type ScheduledSite } from './run-schedules.ts';

const INTERVAL_MS = 5_000;

/** Looks at the schedules now and every five seconds, and wakes the worker where a backup is due. */
export function startScheduler(
  site: ScheduledSite & { readonly clock: Clock; readonly wakeWorker: () => void; readonly intervalMs?: number },
): { stop(): Promise<void> } {
  const { clock, wakeWorker, log, intervalMs = INTERVAL_MS } = site;
  return repeat({
    look: async () => {
      if ((await runSchedules(site, clock.now())) > 0) {
        wakeWorker();
      }
    },
    intervalMs,
    log,
    event: 'schedule.looks-failed',
  });
}
