export interface ServerIdentity {
  readonly serverKind: 'redis' | 'valkey' | 'unknown';
  readonly serverVersion: string;
}

/** The newest RDB version that a server loads, by the first server version that does (`rdb.h` of each release). */
const NEWEST_RDB: Readonly<Record<'redis' | 'valkey', ReadonlyArray<readonly [major: number, minor: number, rdbVersion: number]>>> = {
  redis: [
    [7, 4, 12],
    [7, 2, 11],
    [7, 0, 10],
    [5, 0, 9],
    [4, 0, 8],
    [3, 2, 7],
    [2, 6, 6],
  ],
  valkey: [
    [9, 0, 80],
    [7, 2, 11],
  ],
};

/**
 * Whether a server loads an RDB that another wrote. A server that gets a newer version than it knows empties itself before it notices, so
 * what is not known to fit does not fit. One of the same kind and version as the writer, or a newer, always fits.
 */
export function acceptsRdb(server: ServerIdentity, rdb: ServerIdentity & { readonly rdbVersion: number }): boolean {
  if (server.serverKind === 'unknown') {
    return false;
  }
  const [major, minor] = parseVersion(server.serverVersion);
  const newest = NEWEST_RDB[server.serverKind].find(
    ([fromMajor, fromMinor]) => major > fromMajor || (major === fromMajor && minor >= fromMinor),
  );
  // From 12 on the two families count apart: Valkey 9 refuses what is between 12 and 79, Redis what Valkey 9 writes.
  const isShared = rdb.rdbVersion < 12 || (server.serverKind === 'valkey') === rdb.rdbVersion >= 80;
  if (newest !== undefined && isShared && rdb.rdbVersion <= newest[2]) {
    return true;
  }
  return server.serverKind === rdb.serverKind && rdb.serverVersion !== '' && compareVersions(server.serverVersion, rdb.serverVersion) >= 0;
}

/** Negative, zero or positive, as with `sort`; by major, minor and patch. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

function parseVersion(version: string): [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor, patch];
}
