import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';

/** A seed for what a test makes up, printed with its result; `REDKEEP_SEED` repeats one. */
export function pickSeed(t: TestContext): number {
  const seed = Number(process.env['REDKEEP_SEED'] ?? randomInt(2 ** 31));
  t.diagnostic(`REDKEEP_SEED=${seed}`);
  return seed;
}
