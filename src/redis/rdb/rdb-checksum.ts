import { createCrc64 } from '../crc64.ts';

/** How the checksum that was computed stands to the one that the RDB carries. */
export interface RdbChecksumResult {
  /** `disabled`: the trailer is all zero, which means that the source runs with `rdbchecksum no`. */
  readonly state: 'equal' | 'different' | 'disabled';
  /** CRC-64 over everything before the trailer, 16 lower-case hex digits. */
  readonly computed: string;
  /** What the trailer says, in the same form. */
  readonly trailer: string;
}

/** Compares an RDB of any number of pieces with its trailer: eight bytes at the very end, least significant first (since RDB version 5). */
export interface RdbChecksum {
  /** Takes the next bytes; keeps no reference to them. */
  update(bytes: Uint8Array): void;
  /** Call once, after the last byte. Fewer than eight bytes in all never compare as equal. */
  finish(): RdbChecksumResult;
}

const TRAILER_BYTES = 8;

/** The last eight bytes are held back at all times, so that it works without knowing where the RDB ends, whatever types it holds. */
export function createRdbChecksum(): RdbChecksum {
  const crc = createCrc64();
  const tail = Buffer.alloc(2 * TRAILER_BYTES);
  let tailBytes = 0;
  return {
    update(bytes) {
      if (bytes.length >= TRAILER_BYTES) {
        crc.update(tail, 0, tailBytes);
        const bodyEnd = bytes.length - TRAILER_BYTES;
        crc.update(bytes, 0, bodyEnd);
        tail.set(bytes.subarray(bodyEnd));
        tailBytes = TRAILER_BYTES;
        return;
      }
      tail.set(bytes, tailBytes);
      tailBytes += bytes.length;
      if (tailBytes > TRAILER_BYTES) {
        const settled = tailBytes - TRAILER_BYTES;
        crc.update(tail, 0, settled);
        tail.copyWithin(0, settled, tailBytes);
        tailBytes = TRAILER_BYTES;
      }
    },
    finish() {
      const computed = crc.digestHex();
      if (tailBytes < TRAILER_BYTES) {
        return { state: 'different', computed, trailer: '' };
      }
      const trailer = tail.readBigUInt64LE(0).toString(16).padStart(16, '0');
      if (trailer === '0'.repeat(16)) {
        // A real checksum of zero is possible once in 2^64 and reads as disabled, as in Redis itself.
        return { state: 'disabled', computed, trailer };
      }
      return { state: trailer === computed ? 'equal' : 'different', computed, trailer };
    },
  };
}
