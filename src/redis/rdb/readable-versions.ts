/** What a server runs. */
export interface ServerVersion {
  readonly kind: 'redis' | 'valkey';
  /** Such as `7.0.15`. */
  readonly version: string;
}

/**
 * The newest RDB version that each series reads, oldest first; a series counts from its number up to the next. From `rdb.h` of Redis and of
 * Valkey; the support matrix is made by trying.
 */
const NEWEST_READABLE = {
  redis: [
    ['5.0', 9],
    ['7.0', 10],
    ['7.2', 11],
    ['7.4', 12],
  ],
  valkey: [
    ['7.2', 11],
    ['9.0', 80],
  ],
} as const satisfies Record<ServerVersion['kind'], ReadonlyArray<readonly [series: string, newest: number]>>;

/** From this number on Valkey counts its own versions; those between belong to a Redis that it parted from (`RDB_FOREIGN_VERSION_MIN`). */
const FIRST_FOREIGN_VERSION = 12;
const FIRST_VALKEY_VERSION = 80;

/** An RDB by its version, and the server that wrote it where that is known. */
export interface WrittenRdb {
  readonly rdbVersion: number;
  readonly writer?: ServerVersion;
}

/**
 * Whether the server reads the RDB: a server reads what its own kind of no later version wrote, and else what the table says; undefined where
 * its version is older than the table. A server that is handed an RDB which it does not read has emptied itself before it finds out.
 */
export function canReadRdb({ kind, version }: ServerVersion, { rdbVersion, writer }: WrittenRdb): boolean | undefined {
  if (writer?.kind === kind && compareVersions(version, writer.version) >= 0) {
    return true;
  }
  const newest = NEWEST_READABLE[kind].findLast(([series]) => compareVersions(version, series) >= 0)?.[1];
  if (newest === undefined) {
    return undefined;
  }
  const isForeign = kind === 'valkey' && rdbVersion >= FIRST_FOREIGN_VERSION && rdbVersion < FIRST_VALKEY_VERSION;
  return rdbVersion <= newest && !isForeign;
}

/** By the numbers between the dots; negative where `a` is the older one. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
