import { byteAt, intLeAt, uint32BeAt, uint64BeAt } from '../byte-reader.ts';
import { decompressLzf } from './lzf.ts';

/** Answered in place of a position where the bytes do not suffice to tell. */
export const NEED_MORE = -1;
/** Answered in place of a position where the bytes are no such thing. */
export const MALFORMED = -2;

/** Where `readLength` leaves the value, so that the hot path allocates nothing. */
export interface LengthSlot {
  value: number;
}

/**
 * Reads a length at `at` into `slot` and answers the position after it. Two high bits choose the form: 6 bits, 14 bits, or one of 32 and
 * 64 bits, most significant byte first (`rdbLoadLenByRef` of Redis).
 */
export function readLength(bytes: Uint8Array, at: number, end: number, slot: LengthSlot): number {
  if (at >= end) {
    return NEED_MORE;
  }
  const first = byteAt(bytes, at);
  if (first < 0x40) {
    slot.value = first;
    return at + 1;
  }
  if (first < 0x80) {
    if (at + 2 > end) {
      return NEED_MORE;
    }
    slot.value = ((first & 0x3f) << 8) | byteAt(bytes, at + 1);
    return at + 2;
  }
  if (first === 0x80) {
    if (at + 5 > end) {
      return NEED_MORE;
    }
    slot.value = uint32BeAt(bytes, at + 1);
    return at + 5;
  }
  if (first === 0x81) {
    if (at + 9 > end) {
      return NEED_MORE;
    }
    slot.value = uint64BeAt(bytes, at + 1);
    return at + 9;
  }
  return MALFORMED;
}

/**
 * The position after the string at `at`, which may lie behind `end`: plain bytes after a length, an integer of 1, 2 or 4 bytes, or LZF
 * (compressed length, plain length, block), as in `rdbGenericLoadStringObject` of Redis. A head is 19 bytes at most.
 */
export function skipString(bytes: Uint8Array, at: number, end: number, slot: LengthSlot): number {
  if (at >= end) {
    return NEED_MORE;
  }
  const first = byteAt(bytes, at);
  if (first < 0x40) {
    return at + 1 + first;
  }
  if (first < 0xc0) {
    const body = readLength(bytes, at, end, slot);
    return body < 0 ? body : skipBytes(body, slot.value);
  }
  if (first < 0xc3) {
    return at + 1 + (1 << (first - 0xc0));
  }
  if (first > 0xc3) {
    return MALFORMED;
  }
  const plainLengthAt = readLength(bytes, at + 1, end, slot);
  if (plainLengthAt < 0) {
    return plainLengthAt;
  }
  const compressedBytes = slot.value;
  const body = readLength(bytes, plainLengthAt, end, slot);
  return body < 0 ? body : skipBytes(body, compressedBytes);
}

function skipBytes(at: number, sizeBytes: number): number {
  return Number.isSafeInteger(at + sizeBytes) ? at + sizeBytes : MALFORMED;
}

/**
 * The bytes of the string at `[at, next)`, `next` being what `skipString` answered; undefined where it is longer than `maxBytes` or no LZF
 * block. They may be a view of `bytes`.
 */
export function decodeBytes(bytes: Uint8Array, at: number, next: number, maxBytes: number): Buffer | undefined {
  const slot = { value: 0 };
  const first = byteAt(bytes, at);
  if (first === 0xc3) {
    const body = readLength(bytes, readLength(bytes, at + 1, next, slot), next, slot);
    return slot.value <= maxBytes ? decompressLzf(bytes.subarray(body, next), slot.value) : undefined;
  }
  if (first >= 0xc0) {
    return Buffer.from(String(intLeAt(bytes, at + 1, first === 0xc0 ? 1 : first === 0xc1 ? 2 : 4)));
  }
  const body = readLength(bytes, at, next, slot);
  return slot.value <= maxBytes ? Buffer.from(bytes.buffer, bytes.byteOffset + body, next - body) : undefined;
}

/** As `decodeBytes`, as text. */
export function decodeString(bytes: Uint8Array, at: number, next: number, maxBytes: number): string | undefined {
  return decodeBytes(bytes, at, next, maxBytes)?.toString();
}
