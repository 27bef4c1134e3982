import { releaseMemory } from '../lib/release-memory.ts';
import type { CachedShard, FrameCache } from './frame-cache.ts';
import type { WriteBudget } from './write-budget.ts';

/** Where the bytes of a download go. */
export interface Sink {
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** Resolves when the bytes are no longer looked at, because the kernel has them or the client is gone. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Frames that are decoded while another one is written: enough to keep two cores busy. */
const FRAMES_AHEAD = 2;

/**
 * Hands the bytes of a shard from `from` to `to`, exclusive, to a sink, each frame authenticated before anything of it goes out. Holds one
 * frame, or less where the budget is short: then the bytes are copied and the frame given back while the client takes them. Returns when
 * all is written; throws the signal's reason where the client is gone, and what `FrameCache.acquire` throws.
 */
export async function sendBytes(
  { frames, budget }: { readonly frames: FrameCache; readonly budget: WriteBudget },
  shard: CachedShard,
  { from, to }: { readonly from: number; readonly to: number },
  sink: Sink,
  onSent: (bytes: number) => void,
): Promise<void> {
  const { reader } = shard;
  for (let at = from; at < to; ) {
    const { number, plainBytes, plainOffset } = reader.find(at);
    const frame = await frames.acquire(shard, number, sink.signal);
    const start = at - plainOffset;
    const end = Math.min(plainBytes, to - plainOffset);
    const { share } = budget;
    const isWhole = share >= plainBytes;
    const bytes = isWhole ? frame.plain.subarray(start, end) : Buffer.from(frame.plain.subarray(start, Math.min(end, start + share)));
    const done = budget.hold(isWhole ? plainBytes : bytes.length);
    try {
      if (isWhole) {
        for (let next = number + 1; next <= number + FRAMES_AHEAD && plainOffset + plainBytes < to; next++) {
          frames.prepare(shard, next);
        }
      } else {
        frame.release();
      }
      await sink.write(bytes);
      sink.signal.throwIfAborted();
      onSent(bytes.length);
      at += bytes.length;
    } finally {
      done();
      if (isWhole) {
        frame.release();
      } else {
        releaseMemory(bytes);
      }
    }
  }
}
