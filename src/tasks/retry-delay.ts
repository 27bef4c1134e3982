const BASE_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;

/**
 * How long to wait after `failedTries` (at least 1) failed tries: doubled each time from one second to one minute, and of that between a
 * half and all by `random` (0 to 1, without 1), so that tasks which failed together do not come back together.
 */
export function calculateDelayMs(failedTries: number, random: number): number {
  const ceilingMs = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (failedTries - 1));
  return Math.round(ceilingMs * (0.5 + random / 2));
}
