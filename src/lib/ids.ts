import { randomBytes, randomInt } from 'node:crypto';

/** 100-nanosecond intervals between the start of the Gregorian calendar (UUID epoch) and the Unix epoch, RFC 9562 section 5.1. */
const UUID_EPOCH_OFFSET = 122_192_928_000_000_000n;

/**
 * A version-1 UUID of the instant `atMs`, with a random clock sequence and a random node whose multicast bit is set (RFC 9562 section
 * 6.10), so that it names no machine. Sub-millisecond ticks are random, which keeps ids of one millisecond apart.
 */
export function createTimeUuid(atMs: number): string {
  const ticks = BigInt(atMs) * 10_000n + BigInt(randomInt(10_000)) + UUID_EPOCH_OFFSET;
  const bytes = randomBytes(16);
  bytes.writeUInt32BE(Number(ticks & 0xffff_ffffn), 0);
  bytes.writeUInt16BE(Number((ticks >> 32n) & 0xffffn), 4);
  bytes.writeUInt16BE(Number((ticks >> 48n) & 0x0fffn) | 0x1000, 6);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  bytes[10] = (bytes[10] ?? 0) | 0x01;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const INSTANCE_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh instance id in the vendor's form, `crs-` and eight lower-case letters or digits. */
export function createInstanceId(): string {
  let id = 'crs-';
  for (let i = 0; i < 8; i++) {
    id += INSTANCE_ALPHABET[randomInt(INSTANCE_ALPHABET.length)];
  }
  return id;
}

/** A fresh uin of an account or user, twelve digits in the vendor's form. */
export function createUin(): string {
  return `1000${randomInt(10_000_000, 100_000_000)}`;
}

/** A fresh key: `AKID` and 32 letters or digits, with a secret of 32, the alphabet and lengths of the vendor's. */
export function createAccessKeyPair(): { secretId: string; secretKey: string } {
  return { secretId: `AKID${createToken(32)}`, secretKey: createToken(32) };
}

/** `length` random letters and digits, each with equal chance. */
function createToken(length: number): string {
  let token = '';
  while (token.length < length) {
    token += randomBytes(64).toString('base64').replace(/[+/=]/g, '');
  }
  return token.slice(0, length);
}
