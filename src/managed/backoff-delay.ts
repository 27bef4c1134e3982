const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait before restart number `failures` (0 is the first): half a second, doubling up to 30 s, and up to a quarter more by chance,
 * so that servers that died together do not start together.
 */
export function backoffDelayMs(failures: number, random: () => number = Math.random): number {
  const steady = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  return Math.min(LONGEST_MS, Math.round(steady * (1 + random() / 4)));
}
