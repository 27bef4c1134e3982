import { DomainError } from '../lib/errors.ts';
import { deriveKey, seal, unseal } from './encryption.ts';
import { assertFormatVersion, FORMAT_VERSION } from './format.ts';
import { KEY_ID_BYTES, type Keyring, WRAPPED_KEY_BYTES } from './keyring.ts';
import { isManifest } from './manifest-shape.ts';
import type { AttemptRef, Manifest } from './types.ts';

/**
 * The object that makes a backup. In the clear: how to get the data key. Sealed under the data key: everything else, as JSON.
 *
 * ```
 *  0   4  "RKMF"
 *  4   2  format version
 *  6   8  id of the master key
 * 14  60  data key, wrapped: nonce 12, ciphertext 32, tag 16
 * 74   …  manifest, sealed: nonce 12, ciphertext, tag 16, to the end of the object
 * ```
 */
const MAGIC = 'RKMF';
const HEADER_BYTES = 4 + 2 + KEY_ID_BYTES + WRAPPED_KEY_BYTES;

/** Wraps the data key and seals the manifest under it, both bound to the attempt by `context`. */
export function encodeManifest(keyring: Keyring, dataKey: Uint8Array, context: Uint8Array, manifest: Manifest): Buffer {
  const { keyId, wrapped } = keyring.wrap(dataKey, context);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt16BE(FORMAT_VERSION, 4);
  header.write(keyId, 6, 'hex');
  header.set(wrapped, 6 + KEY_ID_BYTES);
  const sealed = seal(deriveKey(dataKey, 'manifest'), Buffer.from(JSON.stringify(manifest)), Buffer.concat([context, header]));
  return Buffer.concat([header, sealed]);
}

/**
 * Opens a manifest. Throws `repository-format-unsupported` before anything else, `master-key-missing` where the keyring lacks its key, and
 * `sealed-data-damaged` where one bit differs or it belongs to another attempt.
 */
export function decodeManifest(
  keyring: Keyring,
  context: Uint8Array,
  ref: AttemptRef,
  bytes: Buffer,
): { manifest: Manifest; dataKey: Buffer } {
  if (bytes.length < HEADER_BYTES) {
    throw new DomainError('sealed-data-damaged', `${bytes.length} bytes that are no manifest`);
  }
  const header = bytes.subarray(0, HEADER_BYTES);
  const keyId = readManifestKeyId(header);
  const dataKey = keyring.unwrap({ keyId, wrapped: header.subarray(6 + KEY_ID_BYTES) }, context);
  const text = unseal(deriveKey(dataKey, 'manifest'), bytes.subarray(HEADER_BYTES), Buffer.concat([context, header])).toString();
  const manifest: unknown = JSON.parse(text);
  if (!isManifest(manifest) || manifest.backupId !== ref.backupId || manifest.attempt !== ref.attempt) {
    throw new DomainError('sealed-data-damaged', 'the manifest is authentic but not of the shape that format 1 describes');
  }
  return { manifest, dataKey };
}

/** How much of a manifest tells the id of its master key. */
export const MANIFEST_KEY_ID_BYTES = 6 + KEY_ID_BYTES;

/** The id of the master key from the first bytes of a manifest. Throws `repository-format-unsupported` or `sealed-data-damaged`. */
export function readManifestKeyId(bytes: Buffer): string {
  if (bytes.length < MANIFEST_KEY_ID_BYTES || bytes.toString('latin1', 0, 4) !== MAGIC) {
    throw new DomainError('sealed-data-damaged', `${bytes.length} bytes that are no manifest`);
  }
  assertFormatVersion(bytes.readUInt16BE(4), 'the manifest');
  return bytes.toString('hex', 6, MANIFEST_KEY_ID_BYTES);
}
