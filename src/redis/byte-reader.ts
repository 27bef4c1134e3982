/**
 * Unchecked byte access for parsers that have compared the position with the length already: under `noUncheckedIndexedAccess` an
 * index yields `number | undefined`, and a default value in its place would hide a fault and cost a branch for each byte.
 */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/** Unsigned, most significant byte first. */
export function uint32BeAt(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)) >>> 0;
}

/** Unsigned, most significant byte first; above 2^53 the nearest number, which is good for comparing and for skipping. */
export function uint64BeAt(bytes: Uint8Array, at: number): number {
  return uint32BeAt(bytes, at) * 0x1_0000_0000 + uint32BeAt(bytes, at + 4);
}

/** A signed little-endian integer of 1, 2 or 4 bytes. */
export function intLeAt(bytes: Uint8Array, at: number, width: 1 | 2 | 4): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) {
    value = (value << 8) | byteAt(bytes, at + i);
  }
  const unused = 32 - 8 * width;
  return (value << unused) >> unused;
}
