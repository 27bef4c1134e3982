import { damage } from './damage.ts';
import { failingOperations } from './failing-operations.ts';
import { killAtMoments } from './kill-at-moments.ts';
import { killAtOperations } from './kill-at-operations.ts';
import { killAtSteps } from './kill-at-steps.ts';
import { clocks, interleavings, retentionModel } from './own-tests.ts';
import { powerCut } from './power-cut.ts';
import { restoresAtOnce } from './restores-at-once.ts';
import type { Scenario } from './scenario.ts';

/** In the order in which a soak runs them. */
export const SCENARIOS: readonly Scenario[] = [
  powerCut,
  damage,
  restoresAtOnce,
  failingOperations,
  killAtOperations,
  killAtSteps,
  killAtMoments,
  interleavings,
  retentionModel,
  clocks,
];
