import { describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';

/** Runs `look` at once and then `intervalMs` after each end, never twice at a time; a look that throws is logged as `event`. */
export function repeat(options: {
  readonly look: () => Promise<unknown>;
  readonly intervalMs: number;
  readonly log: Logger;
  readonly event: string;
}): { stop(): Promise<void> } {
  const { look, intervalMs, log, event } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let looking = run();

  async function run(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.error({ error: describeError(error) }, event);
    }
    if (!stopped) {
      timer = setTimeout(() => {
        looking = run();
      }, intervalMs);
    }
  }

  return {
    /** Waits for a look that is under way. */
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
      clearTimeout(timer);
    },
  };
}
