/** Repeatable pseudo-random numbers: the same seed gives the same sequence on every machine and version. Not for secrets. */
export interface SeededRandom {
  /** A whole number from 0 to `limit` - 1; `limit` is at most 2^32. */
  below(limit: number): number;
  bytes(length: number): Buffer;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

/** Mulberry32 (public domain, Tommy Ettinger): 32 bits of state are plenty for test data. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
  return {
    below,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}
