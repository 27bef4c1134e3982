import { createSeededRandom, type SeededRandom } from '../../src/managed/seeded-random.ts';

/** What has to hold whatever happened. */
export const INVARIANTS = {
  I1: 'Each backup that is said to be usable is there, byte for byte, with the length, SHA-256, CRC-64 and counts that were found when it was taken.',
  I2: 'Nothing is said to be under way that nobody works at: after a start, what was under way comes to its end.',
  I3: 'No stored object is without a row, beyond the grace of the sweep, and no row of a usable backup without its objects.',
  I4: 'The newest backup of each instance that can be relied on is there.',
  I5: 'The total that a list tells is the number of rows that paging reaches; none comes twice.',
  I6: 'No unfinished file, throw-away server, process or replication link is left.',
  I7: 'A source holds the same data and the same configuration as before and follows nobody; a target of a restore holds what it held or what the backup holds, digest and each expiry, and is a master with its own settings. Where neither can be had, because keys were merged or a backup of the target was declined, the task says so.',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** One part of the soak. It throws at the first thing that is not as it must be, and leaves nothing behind. */
export interface Scenario {
  readonly name: string;
  /** What it does and what has to hold, in sentences for docs/reliability.md. */
  readonly about: string;
  /** Those of docs/reliability.md that it looks at. */
  readonly invariants: readonly Invariant[];
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
