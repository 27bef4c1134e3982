import { FRAME_BYTES, MAX_STORED_FRAME_BYTES } from './format.ts';

/**
 * Where the frames of one shard lie, so that any byte of it is found without reading what lies before. Twelve bytes a frame, in order:
 * number of the data object, plaintext bytes, bytes of the whole frame.
 */
export const INDEX_ENTRY_BYTES = 12;

export interface FrameLocation {
  readonly number: number;
  readonly last: boolean;
  /** Number of the data object. */
  readonly object: number;
  /** Offset of the frame in its data object. */
  readonly offset: number;
  readonly frameBytes: number;
  readonly plainBytes: number;
  /** Offset of its first byte in the plaintext of the shard. */
  readonly plainOffset: number;
}

/** Collects entries while frames are written. */
export interface FrameIndexBuilder {
  readonly frames: number;
  add(object: number, plainBytes: number, frameBytes: number): void;
  encode(): Buffer;
}

export function createFrameIndexBuilder(): FrameIndexBuilder {
  let bytes = Buffer.alloc(64 * INDEX_ENTRY_BYTES);
  let frames = 0;
  return {
    get frames() {
      return frames;
    },
    add(object, plainBytes, frameBytes) {
      const at = frames * INDEX_ENTRY_BYTES;
      if (at === bytes.length) {
        bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)]);
      }
      bytes.writeUInt32BE(object, at);
      bytes.writeUInt32BE(plainBytes, at + 4);
      bytes.writeUInt32BE(frameBytes, at + 8);
      frames += 1;
    },
    encode: () => bytes.subarray(0, frames * INDEX_ENTRY_BYTES),
  };
}

export interface FrameIndex {
  readonly frames: number;
  readonly plainBytes: number;
  /** Bytes of frames in each data object. */
  readonly objectBytes: readonly number[];
  /** Throws a RangeError unless 0 <= number < frames. */
  at(number: number): FrameLocation;
  /** The frame that holds byte `plainOffset` of the plaintext. Throws a RangeError unless there is such a byte. */
  find(plainOffset: number): FrameLocation;
}

/** Reads an authenticated index. Undefined where its data objects are not numbered 0, 0, …, 1, … in order, or a length is over its limit. */
export function parseFrameIndex(bytes: Buffer): FrameIndex | undefined {
  const frames = bytes.length / INDEX_ENTRY_BYTES;
  // Doubles, because offsets pass 4 GiB.
  const offsets = new Float64Array(frames);
  const plainOffsets = new Float64Array(frames + 1);
  const objectBytes: number[] = [];
  let plainBytes = 0;
  for (let number = 0; number < frames; number++) {
    const at = number * INDEX_ENTRY_BYTES;
    const object = bytes.readUInt32BE(at);
    if (bytes.readUInt32BE(at + 4) > FRAME_BYTES || bytes.readUInt32BE(at + 8) > MAX_STORED_FRAME_BYTES) {
      return undefined;
    }
    if (object === objectBytes.length) {
      objectBytes.push(0);
    } else if (object !== objectBytes.length - 1) {
      return undefined;
    }
    const offset = objectBytes[object] ?? 0;
    offsets[number] = offset;
    plainOffsets[number] = plainBytes;
    objectBytes[object] = offset + bytes.readUInt32BE(at + 8);
    plainBytes += bytes.readUInt32BE(at + 4);
  }
  plainOffsets[frames] = plainBytes;

  function at(number: number): FrameLocation {
    if (!Number.isInteger(number) || number < 0 || number >= frames) {
      throw new RangeError(`frame ${number} is not one of 0 to ${frames - 1}`);
    }
    const entry = number * INDEX_ENTRY_BYTES;
    return {
      number,
      last: number === frames - 1,
      object: bytes.readUInt32BE(entry),
      offset: offsets[number] ?? 0,
      plainBytes: bytes.readUInt32BE(entry + 4),
      frameBytes: bytes.readUInt32BE(entry + 8),
      plainOffset: plainOffsets[number] ?? 0,
    };
  }

  return {
    frames,
    plainBytes,
    objectBytes,
    at,
    find(plainOffset) {
      if (!(plainOffset >= 0 && plainOffset < plainBytes)) {
        throw new RangeError(`byte ${plainOffset} is not one of 0 to ${plainBytes - 1}`);
      }
      // The last frame that begins at or before the byte; an empty frame never does so last, since the byte exists.
      let low = 0;
      let high = frames - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((plainOffsets[middle] ?? 0) <= plainOffset) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return at(low);
    },
  };
}
