import { createHash } from 'node:crypto';
import { isDomainError } from '../lib/errors.ts';
import { releaseMemory } from '../lib/release-memory.ts';
import type { ObjectStorage, StorageOptions } from '../storage/object-storage.ts';
import { deriveKey } from './encryption.ts';
import {
  attemptContext,
  backupDamaged,
  dataObject,
  indexObject,
  MAX_MANIFEST_BYTES,
  manifestMissing,
  manifestObject,
  sectionObject,
} from './format.ts';
import { authenticateFrame, decodeFrame } from './frame.ts';
import { type FrameIndex, type FrameLocation, INDEX_ENTRY_BYTES, parseFrameIndex } from './frame-index.ts';
import type { Keyring } from './keyring.ts';
import { decodeManifest } from './manifest.ts';
import { decodeSealedObject, SEALED_OBJECT_OVERHEAD_BYTES } from './sealed-object.ts';
import type { AttemptRef, Manifest, StoredShard } from './types.ts';

/**
 * Reads one backup. Every byte that it hands out was authenticated; what does not fit is `backup-damaged`, while a store that cannot be
 * reached stays `storage-unavailable`.
 */
export interface AttemptReader {
  readonly manifest: Manifest;
  /**
   * The plaintext of a shard, frame by frame, from `fromFrame` (0) on; each buffer is the caller's own. Fewer than FRAMES_AHEAD others are in
   * memory meanwhile. Nothing is handed out after an abort, and no read is under way once the iteration has ended, however it did.
   */
  frames(shard: number, options?: StorageOptions & { fromFrame?: number }): AsyncIterable<Buffer>;
  /** `length` bytes of a shard's plaintext from `offset` on, in pieces. Throws a RangeError where the shard has no such bytes. */
  readRange(shard: number, offset: number, length: number, options?: StorageOptions): AsyncIterable<Buffer>;
  /** The plaintext of a section; throws a RangeError where the backup has none of that name. */
  section(name: string, options?: StorageOptions): Promise<Buffer>;
  /** Reads the frame index of a shard; the frames can then be read in any order. */
  openShard(shard: number, options?: StorageOptions): Promise<ShardReader>;
  /** As `frames`, with what a verification needs beside the bytes. */
  decodedFrames(shard: number, options?: StorageOptions & { fromFrame?: number }): AsyncIterable<DecodedFrame>;
}

/** The frames of one shard, one at a time. */
export interface ShardReader {
  readonly facts: StoredShard;
  /** Throws a RangeError unless there is such a frame. */
  at(number: number): FrameLocation;
  /** The frame that holds a byte of the plaintext; throws a RangeError unless there is such a byte. */
  find(plainOffset: number): FrameLocation;
  /** The plaintext of a frame, authenticated; the buffer is the caller's own. Throws `backup-damaged`. */
  read(number: number, options?: StorageOptions): Promise<DecodedFrame>;
  /** Authenticates a frame as `read` does, without decompressing it, and answers its tag. Throws `backup-damaged`. */
  authenticate(number: number, options?: StorageOptions): Promise<Buffer>;
}

/** Two keep the disk, the cipher and the thread pool busy at once; more would only cost memory. */
const FRAMES_AHEAD = 2;

export interface DecodedFrame {
  readonly location: FrameLocation;
  readonly plain: Buffer;
  readonly tag: Buffer;
}

/**
 * Opens the manifest of an attempt. Throws `manifest-missing` where there is none, so that the attempt is no backup,
 * `repository-format-unsupported`, `master-key-missing`, or `backup-damaged`.
 */
export async function openAttemptReader(
  { storage, keyring, repositoryId }: { storage: ObjectStorage; keyring: Keyring; repositoryId: string },
  ref: AttemptRef,
  options: StorageOptions,
): Promise<AttemptReader> {
  const context = attemptContext(repositoryId, ref);
  const { manifest, dataKey } = await readManifest();

  async function readManifest(): Promise<{ manifest: Manifest; dataKey: Buffer }> {
    const name = manifestObject(ref);
    const status = await storage.stat(name, options);
    if (status === undefined) {
      throw manifestMissing(ref);
    }
    if (status.sizeBytes > MAX_MANIFEST_BYTES) {
      throw backupDamaged(name, `it has ${status.sizeBytes} bytes, at most ${MAX_MANIFEST_BYTES} are allowed`);
    }
    return damageOf(name, async () => decodeManifest(keyring, context, ref, await storage.read(name, options)));
  }

  function shardOf(shard: number): StoredShard {
    const found = manifest.shards[shard];
    if (found === undefined) {
      throw new RangeError(`shard ${shard} is not one of 0 to ${manifest.shards.length - 1}`);
    }
    return found;
  }

  /** Reads a sealed object whose exact plaintext size the manifest told. */
  async function readSealed(kind: 'RKIX' | 'RKSC', name: string, label: string, plainBytes: number, storageOptions: StorageOptions) {
    const sizeBytes = (await storage.stat(name, storageOptions))?.sizeBytes;
    if (sizeBytes !== plainBytes + SEALED_OBJECT_OVERHEAD_BYTES) {
      throw backupDamaged(name, `it has ${sizeBytes ?? 'no'} bytes, ${plainBytes + SEALED_OBJECT_OVERHEAD_BYTES} are expected`);
    }
    return damageOf(name, async () =>
      decodeSealedObject(kind, deriveKey(dataKey, label), context, await storage.read(name, { ...storageOptions, length: sizeBytes })),
    );
  }

  async function readIndex(shard: number, storageOptions: StorageOptions): Promise<FrameIndex> {
    const facts = shardOf(shard);
    const name = indexObject(ref, shard);
    const index = parseFrameIndex(await readSealed('RKIX', name, `index/${shard}`, facts.frames * INDEX_ENTRY_BYTES, storageOptions));
    if (index === undefined || index.plainBytes !== facts.sizeBytes || index.objectBytes.join() !== facts.objectBytes.join()) {
      throw backupDamaged(name, 'it does not fit the manifest');
    }
    return index;
  }

  async function openShard(shard: number, storageOptions: StorageOptions = {}): Promise<ShardReader> {
    const index = await readIndex(shard, storageOptions);
    const frameKey = { key: deriveKey(dataKey, `frames/${shard}`), context, shard };

    async function readFrame(
      number: number,
      readOptions: StorageOptions,
    ): Promise<{ location: FrameLocation; name: string; frame: Buffer }> {
      const location = index.at(number);
      const name = dataObject(ref, shard, location.object);
      const frame = await damageOf(name, () =>
        storage.read(name, { ...readOptions, offset: location.offset, length: location.frameBytes }),
      );
      return { location, name: `${name}, frame ${number} at byte ${location.offset}`, frame };
    }

    return {
      facts: shardOf(shard),
      at: index.at,
      find: index.find,
      async read(number, readOptions = {}) {
        const { location, name, frame } = await readFrame(number, readOptions);
        const decoded = await damageOf(name, () => decodeFrame(frameKey, location, frame));
        releaseMemory(frame);
        return { location, ...decoded };
      },
      async authenticate(number, readOptions = {}) {
        const { location, name, frame } = await readFrame(number, readOptions);
        const tag = await damageOf(name, async () => authenticateFrame(frameKey, location, frame));
        releaseMemory(frame);
        return tag;
      },
    };
  }

  async function* decode(reader: ShardReader, from: number, to: number, { signal }: StorageOptions): AsyncGenerator<DecodedFrame> {
    const storageOptions = signal === undefined ? {} : { signal };
    // Frames are read, decrypted and decompressed ahead of the one that the caller is busy with.
    const ahead: Array<Promise<DecodedFrame>> = [];
    let number = from;
    try {
      for (;;) {
        while (number < to && ahead.length < FRAMES_AHEAD) {
          const decoding = reader.read(number++, storageOptions);
          // It may fail before anybody waits for it, or after the caller has lost interest.
          decoding.catch(() => {});
          ahead.push(decoding);
        }
        const first = ahead.shift();
        if (first === undefined) {
          return;
        }
        const frame = await first;
        signal?.throwIfAborted();
        yield frame;
      }
    } finally {
      // A caller that stops early may remove or close what these still read.
      await Promise.allSettled(ahead);
    }
  }

  async function* decodedFrames(shard: number, { fromFrame = 0, ...storageOptions }: StorageOptions & { fromFrame?: number } = {}) {
    const reader = await openShard(shard, storageOptions);
    yield* decode(reader, fromFrame, reader.facts.frames, storageOptions);
  }

  return {
    manifest,
    openShard,
    decodedFrames,

    async *frames(shard, frameOptions = {}) {
      for await (const { plain } of decodedFrames(shard, frameOptions)) {
        yield plain;
      }
    },

    async *readRange(shard, offset, length, storageOptions = {}) {
      const { sizeBytes } = shardOf(shard);
      const end = offset + length;
      if (!(offset >= 0 && length >= 0 && end <= sizeBytes)) {
        throw new RangeError(`bytes ${offset} to ${end} are not inside the ${sizeBytes} bytes of shard ${shard}`);
      }
      if (length === 0) {
        return;
      }
      const reader = await openShard(shard, storageOptions);
      const from = reader.find(offset).number;
      const to = reader.find(end - 1).number + 1;
      for await (const { location, plain } of decode(reader, from, to, storageOptions)) {
        const { plainOffset } = location;
        yield plain.subarray(Math.max(0, offset - plainOffset), Math.min(plain.length, end - plainOffset));
      }
    },

    async section(name, storageOptions = {}) {
      const facts = manifest.sections.find((section) => section.name === name);
      if (facts === undefined) {
        throw new RangeError(`the backup has no section ${name}`);
      }
      const object = sectionObject(ref, name);
      const plain = await readSealed('RKSC', object, `section/${name}`, facts.sizeBytes, storageOptions);
      if (createHash('sha256').update(plain).digest('hex') !== facts.sha256) {
        throw backupDamaged(object, 'its SHA-256 is not the one in the manifest');
      }
      return plain;
    },
  };
}

/** Runs `work` on an object; bytes that are missing or do not authenticate are damage to the backup, other errors stay what they are. */
async function damageOf<T>(object: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDomainError(error, 'sealed-data-damaged', 'object-not-found', 'object-truncated')) {
      throw backupDamaged(object, error.message, error);
    }
    throw error;
  }
}
