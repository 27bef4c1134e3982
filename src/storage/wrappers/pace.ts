import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectStorage } from '../object-storage.ts';

export interface PaceOptions {
  readonly bytesPerSecond: number;
  /** Called after each read with its bytes. */
  readonly onRead: (bytes: number) => void;
}

/**
 * The same storage, whose reads wait for each other so that on average no more than `bytesPerSecond` are read, however many are asked for at
 * once. A read that waits ends with its signal; everything but reads passes through.
 */
export function withPace(storage: ObjectStorage, { bytesPerSecond, onRead }: PaceOptions): ObjectStorage {
  /** When the reads that were let through so far will have had their time. */
  let busyUntilMs = 0;
  const take = (bytes: number) => {
    busyUntilMs += (bytes / bytesPerSecond) * 1000;
  };
  return {
    ...storage,
    async read(name, options = {}) {
      const nowMs = performance.now();
      busyUntilMs = Math.max(busyUntilMs, nowMs);
      const waitMs = busyUntilMs - nowMs;
      take(options.length ?? 0);
      const { signal } = options;
      await delay(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
      const bytes = await storage.read(name, options);
      if (options.length === undefined) {
        take(bytes.length);
      }
      onRead(bytes.length);
      return bytes;
    },
  };
}
