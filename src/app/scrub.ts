import { systemClock } from '../lib/clock.ts';
import { type ScrubOptions, scrubNext } from '../tasks/handlers/scrub-backups.ts';
import { repeat } from '../tasks/repeat.ts';
import type { Config } from './config.ts';

/** How long a backup that has become due may wait, and a storage that failed is left alone. */
const PAUSE_MS = 60_000;

/** Scrubs one backup after the other while any is due, and looks again every minute. `stop` breaks off the scrub under way. */
export function startScrubs(
  config: Config,
  site: Pick<ScrubOptions, 'catalog' | 'keyring' | 'log' | 'onScrub' | 'onRead' | 'onAlarm'>,
): { stop(): Promise<void> } {
  const { scrubIntervalMs, scrubRate, storageUrl } = config;
  const options = { ...site, clock: systemClock, storageUrl, intervalMs: scrubIntervalMs, bytesPerSecond: scrubRate };
  const stopping = new AbortController();

  async function scrubAllDue(): Promise<void> {
    for (let state = await scrubNext(options, stopping.signal); state !== undefined && state !== 'unreadable'; ) {
      state = await scrubNext(options, stopping.signal);
    }
  }

  const scrubs = repeat({
    look: () => scrubAllDue().catch((error: unknown) => (stopping.signal.aborted ? undefined : Promise.reject(error))),
    intervalMs: Math.min(PAUSE_MS, scrubIntervalMs),
    log: site.log,
    event: 'scrub.look-failed',
  });
  return {
    async stop() {
      stopping.abort();
      await scrubs.stop();
    },
  };
}
