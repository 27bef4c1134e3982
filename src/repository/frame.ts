import { DomainError } from '../lib/errors.ts';
import { releaseMemory } from '../lib/release-memory.ts';
import { type Codec, compress, decompress } from './compression.ts';
import { authenticate, decrypt, encrypt, NONCE_BYTES, TAG_BYTES } from './encryption.ts';
import { FRAME_BYTES, FRAME_HEADER_BYTES, MAX_STORED_FRAME_BYTES } from './format.ts';

/**
 * A frame: header in the clear, ciphertext, tag. The nonce is the frame's number, counted from 0 over all data objects of the shard: each
 * shard of each attempt has a key of its own, so no nonce is used twice. The header and the attempt are authenticated with it.
 *
 * ```
 *  0  4  "RKFR"
 *  4  1  codec: 0 raw, 1 zstd
 *  5  1  flags: bit 0 set on the last frame of the shard, the others 0
 *  6  2  shard
 *  8  4  frame number
 * 12  4  plaintext bytes
 * 16  4  ciphertext bytes
 * 20  …  ciphertext, then 16 bytes of tag
 * ```
 */
const MAGIC = 'RKFR';
const LAST_FLAG = 1;

/** What a frame is bound to beside its own header. */
export interface FrameKey {
  readonly key: Uint8Array;
  /** `attemptContext` of its attempt. */
  readonly context: Uint8Array;
  readonly shard: number;
}

export interface FramePosition {
  readonly number: number;
  readonly last: boolean;
}

/** A buffer that holds the largest frame, for `encodeFrame` to write into. */
export function allocateFrameBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(MAX_STORED_FRAME_BYTES);
}

/**
 * Compresses and encrypts `plain`, synchronously, into the front of `target`. Returns the frame there and its tag; `plain` may be used
 * again at once, `target` when the frame is stored.
 */
export function encodeFrame(
  frameKey: FrameKey,
  { number, last }: FramePosition,
  plain: Uint8Array,
  target: Buffer,
): { frame: Buffer; tag: Buffer } {
  if (plain.byteLength > FRAME_BYTES) {
    throw new RangeError(`a frame of ${plain.byteLength} bytes is above ${FRAME_BYTES}`);
  }
  const { codec, bytes } = compress(plain);
  const header = target.subarray(0, FRAME_HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt8(codec, 4);
  header.writeUInt8(last ? LAST_FLAG : 0, 5);
  header.writeUInt16BE(frameKey.shard, 6);
  header.writeUInt32BE(number, 8);
  header.writeUInt32BE(plain.byteLength, 12);
  header.writeUInt32BE(bytes.byteLength, 16);
  const { ciphertext, tag } = encrypt(frameKey.key, toNonce(number), bytes, Buffer.concat([frameKey.context, header]));
  target.set(ciphertext, FRAME_HEADER_BYTES);
  target.set(tag, FRAME_HEADER_BYTES + ciphertext.length);
  const frame = target.subarray(0, FRAME_HEADER_BYTES + ciphertext.length + TAG_BYTES);
  releaseMemory(ciphertext);
  if (bytes !== plain) {
    releaseMemory(bytes);
  }
  return { frame, tag };
}

/** Whether a frame is what it should be, and how long it is when read from the front of a data object. */
export interface FrameHeader extends FramePosition {
  readonly codec: Codec;
  readonly shard: number;
  readonly plainBytes: number;
  /** Header, ciphertext and tag. */
  readonly frameBytes: number;
}

/** Reads a header; undefined where it is none that format 1 allows. Nothing in it can be trusted before the frame is authenticated. */
export function parseFrameHeader(bytes: Buffer): FrameHeader | undefined {
  if (bytes.length < FRAME_HEADER_BYTES || bytes.toString('latin1', 0, 4) !== MAGIC) {
    return undefined;
  }
  const codec = bytes.readUInt8(4);
  const flags = bytes.readUInt8(5);
  const plainBytes = bytes.readUInt32BE(12);
  const cipherBytes = bytes.readUInt32BE(16);
  if ((codec !== 0 && codec !== 1) || flags > LAST_FLAG || plainBytes > FRAME_BYTES || cipherBytes > FRAME_BYTES) {
    return undefined;
  }
  return {
    codec,
    last: flags === LAST_FLAG,
    shard: bytes.readUInt16BE(6),
    number: bytes.readUInt32BE(8),
    plainBytes,
    frameBytes: FRAME_HEADER_BYTES + cipherBytes + TAG_BYTES,
  };
}

/** Where the parts of a frame lie, once its header is what `expected` says; throws `sealed-data-damaged`. */
function takeApart({ context, shard }: FrameKey, expected: FramePosition & { readonly plainBytes: number }, frame: Buffer) {
  const header = parseFrameHeader(frame);
  if (header === undefined || header.frameBytes !== frame.length) {
    throw damaged(`its header is not that of a frame of ${frame.length} bytes`);
  }
  if (
    header.shard !== shard ||
    header.number !== expected.number ||
    header.last !== expected.last ||
    header.plainBytes !== expected.plainBytes
  ) {
    throw damaged(
      `its header says frame ${header.number}${header.last ? ', the last,' : ''} of shard ${header.shard} with ${header.plainBytes} bytes`,
    );
  }
  const tagAt = frame.length - TAG_BYTES;
  return {
    header,
    nonce: toNonce(header.number),
    ciphertext: frame.subarray(FRAME_HEADER_BYTES, tagAt),
    tag: frame.subarray(tagAt),
    aad: Buffer.concat([context, frame.subarray(0, FRAME_HEADER_BYTES)]),
  };
}

/**
 * Authenticates exactly one frame as a whole, and answers its tag. Throws `sealed-data-damaged` where it is not the frame that `expected`
 * says, or one bit of it differs.
 */
export function authenticateFrame(frameKey: FrameKey, expected: FramePosition & { readonly plainBytes: number }, frame: Buffer): Buffer {
  const { nonce, ciphertext, tag, aad } = takeApart(frameKey, expected, frame);
  authenticate(frameKey.key, nonce, ciphertext, tag, aad);
  return Buffer.from(tag);
}

/** The plaintext of exactly one frame, authenticated before anything of it is decompressed. Throws as `authenticateFrame`. */
export async function decodeFrame(
  frameKey: FrameKey,
  expected: FramePosition & { readonly plainBytes: number },
  frame: Buffer,
): Promise<{ plain: Buffer; tag: Buffer }> {
  const { header, nonce, ciphertext, tag, aad } = takeApart(frameKey, expected, frame);
  const stored = decrypt(frameKey.key, nonce, ciphertext, tag, aad);
  const tagCopy = Buffer.from(tag);
  const plain = await decompress(header.codec, stored, header.plainBytes);
  if (plain !== stored) {
    releaseMemory(stored);
  }
  return { plain, tag: tagCopy };
}

function toNonce(number: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(number, NONCE_BYTES - 4);
  return nonce;
}

function damaged(message: string): DomainError {
  return new DomainError('sealed-data-damaged', message);
}
