/**
 * Type numbers of the vendor's standard-architecture products (SDK model, InstanceSet.Type), lowest first. A server of a version that
 * the vendor does not sell takes the number of the next lower one.
 */
const REDIS_TYPES: ReadonlyArray<readonly [major: number, minor: number, type: number]> = [
  [2, 8, 2],
  [4, 0, 6],
  [5, 0, 8],
  [6, 2, 15],
  [7, 0, 17],
];
const VALKEY_TYPE = 19;

/** The wire's number for an engine; 0 until the instance has been looked at. */
export function toInstanceType(serverKind: string, serverVersion: string): number {
  if (serverKind === 'valkey') {
    return VALKEY_TYPE;
  }
  const [major = 0, minor = 0] = serverVersion.split('.').map(Number);
  let found = 0;
  for (const [leastMajor, leastMinor, type] of REDIS_TYPES) {
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
      found = type;
    }
  }
  return found;
}

/** `Redis 7.0`; `` until the instance has been looked at. */
export function toEngineName(serverKind: string, serverVersion: string): string {
  if (serverVersion === '') {
    return '';
  }
  return `${serverKind === 'valkey' ? 'Valkey' : 'Redis'} ${serverVersion.split('.').slice(0, 2).join('.')}`;
}
