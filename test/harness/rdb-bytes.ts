import { createCrc64 } from '../../src/redis/crc64.ts';

/** Pieces of an RDB, written by hand so that tests can have types that no server at hand produces. */

export function rdbLength(value: number): Buffer {
  if (value < 0x40) {
    return Buffer.from([value]);
  }
  if (value < 0x4000) {
    return Buffer.from([0x40 | (value >> 8), value & 0xff]);
  }
  const long = Buffer.alloc(value <= 0xffff_ffff ? 5 : 9);
  if (long.length === 5) {
    long[0] = 0x80;
    long.writeUInt32BE(value, 1);
  } else {
    long[0] = 0x81;
    long.writeBigUInt64BE(BigInt(value), 1);
  }
  return long;
}

export function rdbString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([rdbLength(bytes.length), bytes]);
}

/** A key of value type `type`; the value as its bytes. */
export function rdbKey(type: number, name: string, ...value: Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([type]), rdbString(name), ...value]);
}

export function rdbExpiryMs(atMs: number): Buffer {
  const field = Buffer.alloc(9);
  field[0] = 252;
  field.writeBigUInt64LE(BigInt(atMs), 1);
  return field;
}

export function rdbAuxiliary(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([250]), rdbString(name), rdbString(value)]);
}

/** Magic, `parts`, the end-of-file opcode and the right checksum. */
export function rdbFile(magic: string, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from(magic), ...parts, Buffer.from([255])]);
  const crc = createCrc64();
  crc.update(body);
  return Buffer.concat([body, Buffer.from(crc.digestHex(), 'hex').reverse()]);
}
