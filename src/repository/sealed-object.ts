import { DomainError } from '../lib/errors.ts';
import { SEAL_OVERHEAD_BYTES, seal, unseal } from './encryption.ts';
import { assertFormatVersion, FORMAT_VERSION } from './format.ts';

/**
 * Envelope of a frame index and of a section: four letters that tell which, the format version (2 bytes), then nonce, ciphertext and tag
 * to the end of the object.
 */
export type SealedKind = 'RKIX' | 'RKSC';

const HEADER_BYTES = 6;
export const SEALED_OBJECT_OVERHEAD_BYTES = HEADER_BYTES + SEAL_OVERHEAD_BYTES;

/** Seals `plain` under a key that is used for this one object, bound to its attempt by `context`. */
export function encodeSealedObject(kind: SealedKind, key: Uint8Array, context: Uint8Array, plain: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(kind, 0, 'latin1');
  header.writeUInt16BE(FORMAT_VERSION, 4);
  return Buffer.concat([header, seal(key, plain, Buffer.concat([context, header]))]);
}

/** Throws `repository-format-unsupported` for another version, `sealed-data-damaged` where one bit differs. */
export function decodeSealedObject(kind: SealedKind, key: Uint8Array, context: Uint8Array, bytes: Buffer): Buffer {
  if (bytes.length < SEALED_OBJECT_OVERHEAD_BYTES || bytes.toString('latin1', 0, 4) !== kind) {
    throw new DomainError('sealed-data-damaged', `${bytes.length} bytes that do not begin with ${kind}`);
  }
  const header = bytes.subarray(0, HEADER_BYTES);
  assertFormatVersion(header.readUInt16BE(4), `object ${kind}`);
  return unseal(key, bytes.subarray(HEADER_BYTES), Buffer.concat([context, header]));
}
