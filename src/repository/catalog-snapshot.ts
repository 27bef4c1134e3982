import { randomBytes } from 'node:crypto';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { releaseMemory } from '../lib/release-memory.ts';
import type { ObjectStorage, StorageOptions } from '../storage/object-storage.ts';
import { deriveKey, KEY_BYTES } from './encryption.ts';
import { assertFormatVersion, attemptContext, FORMAT_VERSION, FRAME_HEADER_BYTES, parseSnapshotObject, snapshotObject } from './format.ts';
import { allocateFrameBuffer, decodeFrame, encodeFrame, type FrameKey, parseFrameHeader } from './frame.ts';
import { KEY_ID_BYTES, type Keyring, WRAPPED_KEY_BYTES } from './keyring.ts';

/**
 * A sealed copy of the catalog: a header in the clear, then frames as those of a shard, to the end of the object.
 *
 * ```
 *  0   4  "RKCS"
 *  4   2  format version
 *  6   8  when it was taken, ms since the Unix epoch
 * 14   8  id of the master key
 * 22  60  data key, wrapped: nonce 12, ciphertext 32, tag 16
 * 82   …  frames
 * ```
 */
const MAGIC = 'RKCS';
const HEADER_BYTES = 4 + 2 + 8 + KEY_ID_BYTES + WRAPPED_KEY_BYTES;
/** Compressed and encrypted in one go on the thread that serves: about a millisecond. */
const SNAPSHOT_FRAME_BYTES = 256 * 1024;

export interface CatalogSnapshots {
  /** All that are there, by number. The number alone tells which is the newest. */
  list(options?: StorageOptions): Promise<ListedSnapshot[]>;
  /** Stores a snapshot, durable when it resolves. Throws `object-exists` where the number is taken. */
  write(snapshot: NewSnapshot, plain: AsyncIterable<Uint8Array>, options?: StorageOptions): Promise<void>;
  /**
   * Opens a snapshot. Here and while its plaintext is read: `snapshot-damaged` where a byte is missing or wrong, and `master-key-missing`,
   * `master-key-removed`, `repository-format-unsupported`, `object-not-found`.
   */
  open(number: number, options?: StorageOptions): Promise<OpenedSnapshot>;
  /** An absent one is success. */
  remove(number: number, options?: StorageOptions): Promise<void>;
}

export interface ListedSnapshot {
  readonly number: number;
  readonly sizeBytes: number;
}

export interface NewSnapshot {
  readonly number: number;
  readonly takenAt: number;
}

export interface OpenedSnapshot extends NewSnapshot {
  readonly keyId: string;
  /** In pieces, each authenticated; an iteration that ends without an error has seen all of it. */
  plain(): AsyncIterable<Buffer>;
}

export function createCatalogSnapshots(storage: ObjectStorage, keyring: Keyring, repositoryId: string): CatalogSnapshots {
  const contextOf = (number: number) => attemptContext(repositoryId, { backupId: '', attempt: number });

  function frameKeyOf(number: number, header: Buffer, dataKey: Uint8Array): FrameKey {
    return { key: deriveKey(dataKey, 'snapshot'), context: Buffer.concat([contextOf(number), header]), shard: 0 };
  }

  return {
    async list(options = {}) {
      const found: ListedSnapshot[] = [];
      for await (const { name, sizeBytes } of storage.list('catalog/', options)) {
        const number = parseSnapshotObject(name);
        if (number !== undefined) {
          found.push({ number, sizeBytes });
        }
      }
      return found;
    },

    async write({ number, takenAt }, plain, options = {}) {
      const dataKey = randomBytes(KEY_BYTES);
      const { keyId, wrapped } = keyring.wrap(dataKey, contextOf(number));
      const header = Buffer.alloc(HEADER_BYTES);
      header.write(MAGIC, 0, 'latin1');
      header.writeUInt16BE(FORMAT_VERSION, 4);
      header.writeBigUInt64BE(BigInt(takenAt), 6);
      header.write(keyId, 14, 'hex');
      header.set(wrapped, 14 + KEY_ID_BYTES);
      const frameKey = frameKeyOf(number, header, dataKey);
      const target = allocateFrameBuffer();
      const writer = await storage.create(snapshotObject(number), options);
      try {
        await writer.append(header);
        let frame = 0;
        for await (const { piece, last } of pieces(plain)) {
          await writer.append(encodeFrame(frameKey, { number: frame++, last }, piece, target).frame);
        }
        await writer.finish();
      } catch (error) {
        // The first error tells what went wrong; what a failing abort leaves behind is swept later.
        await writer.abort().catch(() => {});
        throw error;
      }
      releaseMemory(target);
    },

    async open(number, options = {}) {
      const name = snapshotObject(number);
      const header = await damageOf(name, () => storage.read(name, { ...options, offset: 0, length: HEADER_BYTES }));
      if (header.toString('latin1', 0, 4) !== MAGIC) {
        throw damaged(name, `it does not begin with ${MAGIC}`);
      }
      assertFormatVersion(header.readUInt16BE(4), 'the catalog snapshot');
      const takenAt = Number(header.readBigUInt64BE(6));
      const keyId = header.toString('hex', 14, 14 + KEY_ID_BYTES);
      const wrapped = header.subarray(14 + KEY_ID_BYTES);
      const dataKey = await damageOf(name, async () => keyring.unwrap({ keyId, wrapped }, contextOf(number)));
      return {
        number,
        takenAt,
        keyId,
        plain: () => readFrames(storage, name, frameKeyOf(number, header, dataKey), options),
      };
    },

    remove: (number, options = {}) => storage.delete(snapshotObject(number), options),
  };
}

async function* readFrames(storage: ObjectStorage, name: string, frameKey: FrameKey, options: StorageOptions): AsyncGenerator<Buffer> {
  const sizeBytes = (await storage.stat(name, options))?.sizeBytes ?? 0;
  let offset = HEADER_BYTES;
  for (let number = 0; ; number++) {
    const at = offset;
    const head = await damageOf(name, () => storage.read(name, { ...options, offset: at, length: FRAME_HEADER_BYTES }));
    const header = parseFrameHeader(head);
    if (header === undefined) {
      throw damaged(name, `no frame begins at byte ${at}`);
    }
    const { last, plainBytes, frameBytes } = header;
    const frame = await damageOf(name, () => storage.read(name, { ...options, offset: at, length: frameBytes }));
    const { plain } = await damageOf(name, () => decodeFrame(frameKey, { number, last, plainBytes }, frame));
    offset += frameBytes;
    if (last && offset !== sizeBytes) {
      throw damaged(name, `its last frame ends at byte ${offset}, and it has ${sizeBytes}`);
    }
    yield plain;
    if (last) {
      return;
    }
  }
}

/** Regroups bytes into pieces of one frame each; the last one, which may be empty, says so. */
async function* pieces(plain: AsyncIterable<Uint8Array>): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  const buffer = Buffer.allocUnsafeSlow(SNAPSHOT_FRAME_BYTES);
  let filled = 0;
  for await (const bytes of plain) {
    for (let from = 0; from < bytes.byteLength; ) {
      if (filled === buffer.length) {
        yield { piece: buffer, last: false };
        filled = 0;
      }
      const taken = Math.min(bytes.byteLength - from, buffer.length - filled);
      buffer.set(bytes.subarray(from, from + taken), filled);
      filled += taken;
      from += taken;
    }
  }
  yield { piece: buffer.subarray(0, filled), last: true };
}

async function damageOf<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDomainError(error, 'sealed-data-damaged', 'object-truncated')) {
      throw damaged(name, error.message, error);
    }
    throw error;
  }
}

function damaged(name: string, what: string, cause?: unknown): DomainError {
  return new DomainError('snapshot-damaged', `${name}: ${what}`, { cause });
}
