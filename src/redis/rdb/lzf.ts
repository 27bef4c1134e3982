import { byteAt } from '../byte-reader.ts';

/**
 * Decompresses an LZF block (LibLZF's format: a control byte below 32 starts a literal run, any other a back reference) into exactly
 * `sizeBytes` bytes; undefined where the block is malformed. The caller bounds `sizeBytes`.
 */
export function decompressLzf(block: Uint8Array, sizeBytes: number): Buffer | undefined {
  const out = Buffer.alloc(sizeBytes);
  let written = 0;
  let at = 0;
  while (at < block.length) {
    const control = byteAt(block, at++);
    if (control < 32) {
      const run = control + 1;
      if (at + run > block.length || written + run > sizeBytes) {
        return undefined;
      }
      out.set(block.subarray(at, at + run), written);
      at += run;
      written += run;
      continue;
    }
    let length = (control >>> 5) + 2;
    if (length === 9) {
      if (at >= block.length) {
        return undefined;
      }
      length += byteAt(block, at++);
    }
    if (at >= block.length) {
      return undefined;
    }
    let from = written - ((control & 31) << 8) - byteAt(block, at++) - 1;
    if (from < 0 || written + length > sizeBytes) {
      return undefined;
    }
    // Byte by byte: source and target may overlap, which is how a run is repeated.
    for (const stop = written + length; written < stop; ) {
      out[written++] = byteAt(out, from++);
    }
  }
  return written === sizeBytes ? out : undefined;
}
