import { DomainError } from '../lib/errors.ts';
import { createCrc64 } from '../redis/crc64.ts';
import { matchesGlob } from '../redis/glob.ts';
import { type KeyPipe, openKeyPipe } from '../redis/key-pipe.ts';
import { createRdbRecords, type RdbKey } from '../redis/rdb/records.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { withTarget } from '../redis/target-client.ts';
import type { AttemptReader } from '../repository/attempt-reader.ts';
import type { KeyFilter, RestoreCounts, TtlPolicy } from './restore-types.ts';

/** A key travels as one command and is held in memory whole; a larger one can only be restored over replication. */
export const MAX_VALUE_BYTES = 256 * 1024 ** 2;

export interface KeySelection {
  readonly reader: AttemptReader;
  readonly filter: KeyFilter;
  readonly signal: AbortSignal;
  readonly onRead: (readBytes: number) => void;
}

/** Reads a backup key by key; `onKey` and `onFunction` are awaited. Throws `value-too-large`, `rdb-not-readable` and what the reader throws. */
async function readKeys(
  { reader, filter, signal, onRead }: KeySelection,
  onKey: (key: RdbKey) => Promise<void> | void,
  onFunction: (code: Buffer) => Promise<void> | void = () => {},
): Promise<void> {
  const matches = createMatcher(filter);
  let found: Array<{ key: RdbKey } | { code: Buffer }> = [];
  const records = createRdbRecords(
    {
      key: (key) => {
        if (matches(key)) {
          found.push({ key });
        }
      },
      functionLibrary: (code) => found.push({ code }),
    },
    MAX_VALUE_BYTES,
  );
  let readBytes = 0;
  for await (const plain of reader.frames(0, { signal })) {
    records.write(plain);
    for (const each of found) {
      await ('key' in each ? onKey(each.key) : onFunction(each.code));
    }
    found = [];
    readBytes += plain.length;
    onRead(readBytes);
  }
  records.end();
}

function createMatcher({ pattern, databases, types }: KeyFilter): (key: RdbKey) => boolean {
  const glob = pattern === undefined ? undefined : Buffer.from(pattern);
  return ({ database, name, type }) =>
    (databases === undefined || databases.includes(database)) &&
    (types === undefined || types.includes(type)) &&
    (glob === undefined || matchesGlob(glob, name));
}

function createCounter(): { count(key: RdbKey): void; counts(): RestoreCounts } {
  let keys = 0;
  const byDatabase: Record<string, number> = {};
  const byType: Record<string, number> = {};
  return {
    count({ database, type }) {
      keys += 1;
      byDatabase[database] = (byDatabase[database] ?? 0) + 1;
      byType[type] = (byType[type] ?? 0) + 1;
    },
    counts: () => ({ keys, byDatabase, byType }),
  };
}

/** How many keys names in a message at most. */
const NAMED_KEYS = 3;

export interface KeyCount {
  readonly counts: RestoreCounts;
  /** Of their values, as the RDB has them: in memory they take more. */
  readonly valueBytes: number;
  /** Of the counted keys, those that the target holds. */
  readonly existing: number;
  /** Names of the first of them, for a message. */
  readonly existingNames: readonly string[];
}

/** Reads the whole backup and changes nothing: what a selection holds, that each key can be written, and which keys `target` has already. */
export async function countKeys(selection: KeySelection, target?: SourceAddress): Promise<KeyCount> {
  const counter = createCounter();
  const existingNames: string[] = [];
  let existing = 0;
  let valueBytes = 0;
  await using pipe = target === undefined ? undefined : await openPipe(target, selection.signal);
  await readKeys(selection, async (key) => {
    counter.count(key);
    valueBytes += key.value.length;
    await pipe?.send(
      key,
      (k) => encode('EXISTS', k.name),
      (line) => {
        if (line === ':1') {
          existing += 1;
          if (existingNames.length < NAMED_KEYS) {
            existingNames.push(JSON.stringify(key.name.toString()));
          }
        }
      },
    );
  });
  await pipe?.flush();
  return { counts: counter.counts(), valueBytes, existing, existingNames };
}

export interface WriteOptions extends KeySelection {
  readonly target: SourceAddress;
  readonly ttl: TtlPolicy;
  readonly rdbVersion: number;
  readonly replaceExisting: boolean;
  readonly withFunctions: boolean;
}

/**
 * Writes the keys of a selection with RESTORE, but those that have expired by now: they would remove what the target holds under their names.
 * Throws as `countKeys` and the pipe; keys may have been written then.
 */
export async function writeKeys(options: WriteOptions): Promise<{ counts: RestoreCounts; expired: number }> {
  const { target, signal, ttl, rdbVersion, replaceExisting, withFunctions } = options;
  const counter = createCounter();
  let expired = 0;
  await using pipe = await openPipe(target, signal);
  await readKeys(
    options,
    async (key) => {
      counter.count(key);
      const expiresAt = toExpiry(key.expiresAt, ttl);
      if (expiresAt !== 0 && expiresAt <= Date.now()) {
        expired += 1;
        return;
      }
      await pipe.send(key, () => encodeRestore(key, expiresAt, rdbVersion, replaceExisting));
    },
    async (code) => {
      if (withFunctions) {
        await withTarget(target, signal, (client) => client.command('FUNCTION', 'LOAD', 'REPLACE', code));
      }
    },
  );
  await pipe.flush();
  return { counts: counter.counts(), expired };
}

/** Refuses before anything is written where the target holds keys of the selection. */
export function requireNoneExists({ existing, existingNames }: KeyCount, target: SourceAddress): void {
  if (existing > 0) {
    throw new DomainError(
      'target-key-exists',
      `${formatAddress(target)} holds ${existing} of the keys already, such as ${existingNames.join(', ')}`,
      {
        hint: 'restore with replacing, which lets keys of the backup take the place of those of the target; nothing was changed',
      },
    );
  }
}

/** A pipe that goes to the database of each key. */
async function openPipe(target: SourceAddress, signal: AbortSignal) {
  const pipe: KeyPipe = await openKeyPipe(target, { signal });
  let database = 0;
  return {
    async send(key: RdbKey, encodeKey: (key: RdbKey) => Buffer, onReply?: (line: string) => void): Promise<void> {
      if (key.database !== database) {
        await pipe.select(key.database);
        database = key.database;
      }
      await pipe.send(encodeKey(key), onReply);
    },
    flush: () => pipe.flush(),
    [Symbol.asyncDispose]: () => pipe[Symbol.asyncDispose](),
  };
}

/** `RESTORE key expiry payload [REPLACE] ABSTTL`; the payload is as DUMP makes it: value, RDB version, CRC-64 (redis.io RESTORE command). */
function encodeRestore(key: RdbKey, expiresAt: number, rdbVersion: number, replace: boolean): Buffer {
  const version = Buffer.alloc(2);
  version.writeUInt16LE(rdbVersion);
  const crc = createCrc64();
  crc.update(key.value);
  crc.update(version);
  const payload = [key.value, version, Buffer.from(crc.digestHex(), 'hex').reverse()];
  const expiry = Buffer.from(String(expiresAt));
  return encode('RESTORE', key.name, expiry, payload, ...(replace ? [Buffer.from('REPLACE')] : []), Buffer.from('ABSTTL'));
}

/** In ms since the Unix epoch; 0 means none, so that what would come before 1970 becomes 1. */
function toExpiry(expiresAt: number | undefined, ttl: TtlPolicy): number {
  if (expiresAt === undefined || ttl.kind === 'drop') {
    return 0;
  }
  return Math.max(1, ttl.kind === 'shift' ? expiresAt + ttl.byMs : expiresAt);
}

function encode(name: string, ...args: ReadonlyArray<Buffer | readonly Buffer[]>): Buffer {
  const pieces: Buffer[] = [Buffer.from(`*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`)];
  for (const arg of args) {
    const parts = Array.isArray(arg) ? (arg as readonly Buffer[]) : [arg as Buffer];
    pieces.push(Buffer.from(`$${parts.reduce((sum, part) => sum + part.length, 0)}\r\n`), ...parts, Buffer.from('\r\n'));
  }
  return Buffer.concat(pieces);
}
