/**
 * How many bytes all downloads together may have handed to their sockets and not yet got rid of. Each write may take a quarter of what is
 * left, so that few readers get whole frames and many get little, and always `LEAST_BYTES`, so that none starves.
 */
export interface WriteBudget {
  /** The most that the next write may hold. */
  readonly share: number;
  /** Counts bytes until the returned function is called. */
  hold(bytes: number): () => void;
  readonly heldBytes: number;
}

export const LEAST_BYTES = 64 * 1024;
const TOTAL_BYTES = 32 * 1024 * 1024;

export function createWriteBudget(totalBytes = TOTAL_BYTES): WriteBudget {
  let heldBytes = 0;
  return {
    get share() {
      return Math.max(LEAST_BYTES, Math.floor((totalBytes - heldBytes) / 4));
    },
    get heldBytes() {
      return heldBytes;
    },
    hold(bytes) {
      heldBytes += bytes;
      return () => {
        heldBytes -= bytes;
      };
    },
  };
}
