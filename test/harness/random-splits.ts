/** A generator of repeatable random numbers in [0, 1) (mulberry32); print the seed with what fails. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Cuts `bytes` into pieces of random size up to `maxBytes`; small pieces are likelier, and some are empty. */
export function splitAtRandom(bytes: Uint8Array, random: () => number, maxBytes = 64): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Math.floor(random() ** 2 * (maxBytes + 1));
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
