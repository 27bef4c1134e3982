import { createSeededRandom, type SeededRandom } from '../../src/managed/seeded-random.ts';

/** One part of the soak. It throws at the first thing that is not as it must be, and leaves nothing behind. */
export interface Scenario {
  readonly name: string;
  /** How much of it is enough for a look in between, and for a run whose figures are written down. */
  readonly counts: { readonly short: number; readonly long: number };
  run(soak: Soak): Promise<Figures>;
}

export interface Soak {
  readonly seed: number;
  readonly count: number;
  /** Aborted when the time of the run is over: what is under way is ended, nothing new is begun. */
  readonly signal: AbortSignal;
}

/** What was done and found, by what a reader of the result calls it. */
export type Figures = Readonly<Record<string, number | string>>;

/** Different parts of a soak draw different numbers from the same seed. */
export function randomOf({ seed }: Soak, part: string): SeededRandom {
  let mixed = seed;
  for (const letter of part) {
    mixed = Math.imul(mixed, 31) + letter.charCodeAt(0);
  }
  return createSeededRandom(mixed);
}

/** Largest of several times, for figures. */
export function longest(times: readonly number[]): string {
  return `${Math.round(Math.max(0, ...times))} ms`;
}
