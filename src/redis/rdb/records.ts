import { DomainError } from '../../lib/errors.ts';
import { decodeBytes, skipString } from './encoding.ts';
import { KEY_TYPES, NO_KEY_TYPE, OPCODE, REDIS_LAYOUTS, VALKEY_LAYOUTS } from './layouts.ts';
import { createRdbScanner, type RdbScan } from './scanner.ts';

/** One key of an RDB. Nothing else looks at its buffers any more. */
export interface RdbKey {
  readonly database: number;
  readonly name: Buffer;
  /** As `TYPE` names it, and `module`. */
  readonly type: string;
  /** The type byte and the value behind it, as DUMP gives them, without version and checksum. */
  readonly value: Buffer;
  /** In ms since the Unix epoch. */
  readonly expiresAt: number | undefined;
}

export interface RdbRecordSink {
  key(key: RdbKey): void;
  functionLibrary(code: Buffer): void;
}

/** Takes an RDB in pieces of any size and hands out its keys one by one, whole. */
export interface RdbRecords {
  /** Throws as the scanner does, and `value-too-large` where one record is larger than the limit. Keeps no reference to `chunk`. */
  write(chunk: Buffer): void;
  /** Throws as the scanner does, and `rdb-not-readable` where something unknown ended the scan. */
  end(): RdbScan;
}

const SELECT_DATABASE = 254;
const KEY_NAME_LIMIT = 512 * 1024 ** 2;

/** Memory is bounded by the largest record, of which at most `maxRecordBytes` are held. */
export function createRdbRecords(sink: RdbRecordSink, maxRecordBytes: number): RdbRecords {
  const records: Array<{ type: number; start: number; end: number }> = [];
  const scanner = createRdbScanner((type, start, end) => records.push({ type, start, end }));
  const slot = { value: 0 };
  let layouts = REDIS_LAYOUTS;
  let parts: Buffer[] = [];
  let heldStart = 0;
  let heldBytes = 0;
  let database = 0;
  let expiresAt: number | undefined;

  function takeKey(keyType: number, bytes: Buffer): void {
    const keyEnd = skipString(bytes, 1, bytes.length, slot);
    const name = decodeBytes(bytes, 1, keyEnd, KEY_NAME_LIMIT);
    if (name === undefined) {
      throw new DomainError('rdb-not-readable', `the name of a key at byte ${heldStart} cannot be decoded`);
    }
    // The type byte moves before the value, over the last byte of the name, which was taken out if it is a view.
    const ownName = Buffer.from(name);
    bytes[keyEnd - 1] = bytes[0] as number;
    sink.key({ database, name: ownName, type: KEY_TYPES[keyType] ?? 'module', value: bytes.subarray(keyEnd - 1), expiresAt });
    expiresAt = undefined;
  }

  function take(type: number, bytes: Buffer): void {
    const keyType = layouts.keyType[type] ?? NO_KEY_TYPE;
    if (keyType !== NO_KEY_TYPE) {
      takeKey(keyType, bytes);
    } else if (type === OPCODE.expireTimeMs) {
      expiresAt = Number(bytes.readBigUInt64LE(1));
    } else if (type === OPCODE.expireTime) {
      expiresAt = bytes.readUInt32LE(1) * 1000;
    } else if (type === SELECT_DATABASE) {
      skipLength(bytes);
      database = slot.value;
    } else if (type === OPCODE.function2) {
      const code = decodeBytes(bytes, 1, bytes.length, maxRecordBytes);
      if (code === undefined) {
        throw new DomainError('rdb-not-readable', `a function library at byte ${heldStart} cannot be decoded`);
      }
      sink.functionLibrary(Buffer.from(code));
    }
  }

  /** Leaves the length behind the opcode in the slot. */
  function skipLength(bytes: Buffer): void {
    const first = bytes[1] ?? 0;
    slot.value =
      first < 0x40
        ? first
        : first < 0x80
          ? bytes.readUInt16BE(1) & 0x3fff
          : first === 0x80
            ? bytes.readUInt32BE(2)
            : Number(bytes.readBigUInt64BE(2));
  }

  return {
    write(chunk) {
      if (heldStart === 0 && heldBytes === 0 && chunk[0] === 0x56) {
        layouts = VALKEY_LAYOUTS; // "VALKEY080"; every other magic starts with R
      }
      scanner.write(chunk);
      parts.push(Buffer.from(chunk));
      heldBytes += chunk.length;
      const received = heldStart + heldBytes;
      if (records[0] !== undefined && records[0].end <= received) {
        const held = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
        let done = heldStart;
        let count = 0;
        for (const { type, start, end } of records) {
          if (end > received) {
            break;
          }
          take(type, held.subarray(start - heldStart, end - heldStart));
          done = end;
          count += 1;
        }
        records.splice(0, count);
        const rest = Buffer.from(held.subarray(done - heldStart));
        parts = [rest];
        heldStart = done;
        heldBytes = rest.length;
      }
      if (heldBytes > maxRecordBytes) {
        throw new DomainError('value-too-large', `one key of the backup has more than ${maxRecordBytes} bytes`);
      }
    },
    end() {
      const scan = scanner.end();
      if (scan.incompleteReason !== undefined) {
        throw new DomainError('rdb-not-readable', `keys cannot be taken out of the backup one by one: ${scan.incompleteReason}`, {
          hint: 'restore the whole backup over replication',
        });
      }
      return scan;
    },
  };
}
