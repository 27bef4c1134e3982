import { failingOperations } from './failing-operations.ts';
import { killAtMoments } from './kill-at-moments.ts';
import { killAtOperations } from './kill-at-operations.ts';
import { powerCut } from './power-cut.ts';
import type { Scenario } from './scenario.ts';

/** In the order in which a soak runs them. */
export const SCENARIOS: readonly Scenario[] = [powerCut, failingOperations, killAtOperations, killAtMoments];
