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
const VALKEY_TYPES: typeof REDIS_TYPES = [
  [8, 0, 19],
  [9, 0, 21],
];
const MOST_KEPT = 1000;

/** How the wire names an engine. */
export interface EngineVersion {
  /** InstanceType, or Type; 0 until the instance has been looked at. */
  readonly type: number;
  /** `Redis` or `Valkey`; `` until then. */
  readonly engine: string;
  /** `RDB-Redis 7.0`; `RDB` until then. */
  readonly fileType: string;
  /** `Redis-7.0`; `` until then. */
  readonly name: string;
}

/** What was worked out before: a site has few versions, and a page asks for each row's. */
const kept = new Map<string, EngineVersion>();

export function toEngineVersion(serverKind: string, serverVersion: string): EngineVersion {
  const name = `${serverKind} ${serverVersion}`;
  let version = kept.get(name);
  if (version === undefined) {
    version = readVersion(serverKind, serverVersion);
    if (kept.size >= MOST_KEPT) {
      kept.clear();
    }
    kept.set(name, version);
  }
  return version;
}

function readVersion(serverKind: string, serverVersion: string): EngineVersion {
  if (serverVersion === '') {
    return { type: 0, engine: '', fileType: 'RDB', name: '' };
  }
  const engine = serverKind === 'valkey' ? 'Valkey' : 'Redis';
  const [major = '', minor = '0'] = serverVersion.split('.');
  const type = toType(serverKind === 'valkey' ? VALKEY_TYPES : REDIS_TYPES, Number(major), Number(minor));
  return { type, engine, fileType: `RDB-${engine} ${major}.${minor}`, name: `${engine}-${major}.${minor}` };
}

function toType(types: typeof REDIS_TYPES, major: number, minor: number): number {
  let found = 0;
  for (const [leastMajor, leastMinor, type] of types) {
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
      found = type;
    }
  }
  return found;
}
