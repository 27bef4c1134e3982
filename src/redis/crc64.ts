/** A running CRC-64. It holds no reference to the bytes that it was given. */
export interface Crc64 {
  /** Takes `bytes[start, end)`, by default all of it. */
  update(bytes: Uint8Array, start?: number, end?: number): void;
  /** The checksum of everything so far, 16 lower-case hex digits, most significant first. May be asked at any time. */
  digestHex(): string;
}

/** 0x95ac9329ac4bc9b5, the polynomial of CRC-64 "Jones" in reflected form (`crc64.c` of Redis), as two halves. */
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;

/**
 * Slicing by eight: entry `256 * k + b` is the effect of byte `b` followed by `k` zero bytes. Signed halves, because values above 2^31
 * would leave the small-integer representation of V8. Byte loads rather than an Int32Array view: as fast, and free of alignment.
 */
const HIGH = new Int32Array(2048);
const LOW = new Int32Array(2048);

for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd === 1) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  HIGH[byte] = high;
  LOW[byte] = low;
}
for (let index = 256; index < 2048; index++) {
  const high = HIGH[index - 256] ?? 0;
  const low = LOW[index - 256] ?? 0;
  const reduced = low & 0xff;
  HIGH[index] = (high >>> 8) ^ (HIGH[reduced] ?? 0);
  LOW[index] = ((low >>> 8) | (high << 24)) ^ (LOW[reduced] ?? 0);
}

/** The CRC-64 of the RDB trailer: initial value 0, no final inversion; "123456789" gives e9c6d914c4b8d9ca. */
export function createCrc64(): Crc64 {
  let high = 0;
  let low = 0;
  return {
    update(bytes: Uint8Array, start = 0, end = bytes.length): void {
      // Locals, and an index made by `|` of a constant and a masked byte: V8 then needs no bounds check for the tables.
      const lows = LOW;
      const highs = HIGH;
      let h = high;
      let l = low;
      let at = start;
      const lastWhole = end - 8;
      for (; at <= lastWhole; at += 8) {
        const i7 = 1792 | ((l ^ (bytes[at] as number)) & 0xff);
        const i6 = 1536 | (((l >>> 8) ^ (bytes[at + 1] as number)) & 0xff);
        const i5 = 1280 | (((l >>> 16) ^ (bytes[at + 2] as number)) & 0xff);
        const i4 = 1024 | (((l >>> 24) ^ (bytes[at + 3] as number)) & 0xff);
        const i3 = 768 | ((h ^ (bytes[at + 4] as number)) & 0xff);
        const i2 = 512 | (((h >>> 8) ^ (bytes[at + 5] as number)) & 0xff);
        const i1 = 256 | (((h >>> 16) ^ (bytes[at + 6] as number)) & 0xff);
        const i0 = ((h >>> 24) ^ (bytes[at + 7] as number)) & 0xff;
        l =
          (lows[i7] as number) ^
          (lows[i6] as number) ^
          (lows[i5] as number) ^
          (lows[i4] as number) ^
          (lows[i3] as number) ^
          (lows[i2] as number) ^
          (lows[i1] as number) ^
          (lows[i0] as number);
        h =
          (highs[i7] as number) ^
          (highs[i6] as number) ^
          (highs[i5] as number) ^
          (highs[i4] as number) ^
          (highs[i3] as number) ^
          (highs[i2] as number) ^
          (highs[i1] as number) ^
          (highs[i0] as number);
      }
      for (; at < end; at++) {
        const index = (l ^ (bytes[at] as number)) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ (lows[index] as number);
        h = (h >>> 8) ^ (highs[index] as number);
      }
      high = h;
      low = l;
    },
    digestHex() {
      return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
    },
  };
}
