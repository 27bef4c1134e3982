import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib';
import { DomainError } from '../lib/errors.ts';
import { releaseMemory } from '../lib/release-memory.ts';

/** How the bytes of a frame are stored. The numbers are part of the format. */
export const CODEC_RAW = 0;
export const CODEC_ZSTD = 1;
export type Codec = typeof CODEC_RAW | typeof CODEC_ZSTD;

/** Below 5 % gain the bytes are stored as they are: reading them back is then free. */
const WORTHWHILE_RATIO = 0.95;

/** A decoder refuses frames that want a window above 4 MiB, the largest plaintext, so its memory is bounded whatever the bytes claim. */
const MAX_WINDOW_LOG = 22;

/**
 * Compresses a block with zstd level 1 (RFC 8878) and its content checksum, or returns the block itself where that gains too little. One
 * shot: the stream form of node:zlib appends an empty frame where writes are queued at its end (nodejs/node#66078), and with worker
 * threads it fails at random (nodejs/node#59899).
 */
export function compress(plain: Uint8Array): { codec: Codec; bytes: Uint8Array } {
  const packed = zstdCompressSync(plain, {
    // Room for the whole result at once (ZSTD_compressBound adds 1/256), so that node:zlib has nothing to concatenate.
    chunkSize: plain.byteLength + (plain.byteLength >>> 8) + 1024,
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  if (packed.length <= plain.byteLength * WORTHWHILE_RATIO) {
    return { codec: CODEC_ZSTD, bytes: packed };
  }
  releaseMemory(packed);
  return { codec: CODEC_RAW, bytes: plain };
}

/**
 * The `plainBytes` bytes that were compressed. Allocates no more than that. Throws `sealed-data-damaged` where the stored bytes are cut,
 * fail their checksum, hold more or less than was declared, or have something behind them, which node:zlib alone would ignore. It runs in
 * the thread pool, beside the decryption of the next frame.
 */
export async function decompress(codec: Codec, stored: Buffer, plainBytes: number): Promise<Buffer> {
  if (codec === CODEC_RAW) {
    if (stored.length !== plainBytes) {
      throw damaged(`${stored.length} raw bytes are stored where ${plainBytes} were declared`);
    }
    return stored;
  }
  const { plain, readBytes } = await inflate(stored, plainBytes);
  if (plain.length !== plainBytes || readBytes !== stored.length) {
    throw damaged(`${readBytes} of ${stored.length} stored bytes gave ${plain.length} bytes where ${plainBytes} were declared`);
  }
  return plain;
}

function inflate(stored: Buffer, plainBytes: number): Promise<{ plain: Buffer; readBytes: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ plain: Buffer; readBytes: number }>();
  const options = {
    // Room to spare: node:zlib takes an output buffer that is just full for one that needs a successor.
    chunkSize: plainBytes + constants.Z_MIN_CHUNK,
    maxOutputLength: Math.max(plainBytes, 1),
    params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
    info: true,
  };
  zstdDecompress(stored, options, (error, result) => {
    if (error !== null) {
      const reason = 'code' in error ? String(error.code) : String(error);
      reject(damaged(`stored bytes do not decompress to ${plainBytes} bytes: ${reason}`, error));
      return;
    }
    const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    resolve({ plain: buffer, readBytes: engine.bytesWritten });
  });
  return promise;
}

function damaged(message: string, cause?: unknown): DomainError {
  return new DomainError('sealed-data-damaged', message, { cause });
}
