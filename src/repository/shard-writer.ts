import { createHash } from 'node:crypto';
import type { ObjectWriter } from '../storage/object-storage.ts';
import { allocateFrameBuffer, encodeFrame, type FrameKey } from './frame.ts';
import { createFrameIndexBuilder } from './frame-index.ts';
import type { ShardFacts, StoredShard } from './types.ts';

/** Writes the frames of one shard into its data objects, one call after the other. Any failure is final. */
export interface ShardWriter {
  /** See `AttemptWriter.appendFrame`. */
  appendFrame(plain: Uint8Array, last: boolean): Promise<{ storedBytes: number }>;
  /** Makes the data objects durable. Returns what the manifest says of them, and the plaintext of the frame index. */
  finish(): Promise<{ stored: Omit<StoredShard, keyof ShardFacts>; plainBytes: number; index: Buffer }>;
  /** Throws away the data object that is being written, once the call that is under way has let go of it. */
  abort(): Promise<void>;
}

export interface DataObjects {
  /** Starts data object `number`. */
  create(number: number): Promise<ObjectWriter>;
  /** The object is durable. */
  finished(number: number): void;
  readonly maxBytes: number;
}

export function createShardWriter(frameKey: FrameKey, objects: DataObjects): ShardWriter {
  const index = createFrameIndexBuilder();
  const tags = createHash('sha256');
  const objectBytes: number[] = [];
  // Two, so that one frame is compressed while the one before it is still being stored.
  const buffers: Buffer[] = [];
  let writer: ObjectWriter | undefined;
  let storing: Promise<void> = Promise.resolve();
  let running: Promise<unknown> = Promise.resolve();
  let plainBytes = 0;
  let ended = false;
  let busy = false;
  let failure: unknown;

  function assertAlive(): void {
    if (failure !== undefined) {
      throw failure;
    }
  }

  async function exclusively<T>(work: () => Promise<T>): Promise<T> {
    assertAlive();
    if (busy) {
      throw new Error('calls on one shard are awaited one after the other');
    }
    busy = true;
    const call = work();
    // For `abort`, which may come while the call waits for the storage.
    running = call.catch(() => {});
    try {
      return await call;
    } catch (error) {
      // A nonce must never see a second plaintext, so a failed frame is not tried again.
      failure ??= error;
      throw error;
    } finally {
      busy = false;
    }
  }

  async function finishObject(): Promise<void> {
    await storing;
    if (writer !== undefined) {
      assertAlive();
      await writer.finish();
      writer = undefined;
      objects.finished(objectBytes.length - 1);
    }
  }

  /** The writer of the data object that has room for the frame. Its bytes are counted as soon as they are on their way. */
  async function writerFor(frameBytes: number): Promise<ObjectWriter> {
    const current = objectBytes.length - 1;
    if (writer === undefined || (objectBytes[current] ?? 0) + frameBytes > objects.maxBytes) {
      await finishObject();
      assertAlive();
      writer = await objects.create(objectBytes.length);
      objectBytes.push(0);
    }
    return writer;
  }

  return {
    appendFrame: (plain, last) =>
      exclusively(async () => {
        if (ended) {
          throw new Error('the last frame of the shard was appended already');
        }
        ended = last;
        const number = index.frames;
        const target = buffers[number % 2] ?? allocateFrameBuffer();
        buffers[number % 2] = target;
        const { frame, tag } = encodeFrame(frameKey, { number, last }, plain, target);
        const plainLength = plain.byteLength;
        // From here on `plain` is not touched: the caller may fill it again.
        await storing;
        assertAlive();
        const into = await writerFor(frame.length);
        assertAlive();
        const object = objectBytes.length - 1;
        objectBytes[object] = (objectBytes[object] ?? 0) + frame.length;
        index.add(object, plainLength, frame.length);
        tags.update(tag);
        plainBytes += plainLength;
        storing = into.append(frame);
        if (last) {
          await storing;
        } else {
          // Thrown at the next `await storing`; observed here so that it is no unhandled rejection until then.
          storing.catch(() => {});
        }
        return { storedBytes: frame.length };
      }),

    finish: () =>
      exclusively(async () => {
        if (!ended) {
          throw new Error('the last frame of the shard was not appended');
        }
        await finishObject();
        const storedBytes = objectBytes.reduce((sum, bytes) => sum + bytes, 0);
        const stored = { frames: index.frames, storedBytes, objectBytes, tagsSha256: tags.digest('hex') };
        return { stored, plainBytes, index: index.encode() };
      }),

    async abort() {
      failure ??= new Error('the attempt was aborted');
      await running;
      await storing.catch(() => {});
      await writer?.abort();
      writer = undefined;
    },
  };
}
