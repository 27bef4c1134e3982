import { KEY_TYPES } from './layouts.ts';

/**
 * Counts of a structural scan. `complete` is false where something unknown ended the scan early: the counts then cover what lay before it.
 */
export interface RdbKeyCounts {
  readonly complete: boolean;
  /** Keys in all databases, expired ones that the server still holds included, as in INFO keyspace. */
  readonly total: number;
  readonly withExpiry: number;
  readonly byDatabase: Readonly<Record<string, { keys: number; withExpiry: number }>>;
  /** `string`, `list`, `set`, `zset`, `hash`, `stream`, `module`; types without a key are absent. */
  readonly byType: Readonly<Record<string, number>>;
  readonly functions: number;
}

export interface KeyCounter {
  /** Later keys lie in this database. */
  selectDatabase(number: number): void;
  /** The next key has an expiry. */
  expectExpiry(): void;
  /** Counts a key by the index of its type in KEY_TYPES. False where it would be one database too many to hold. */
  countKey(typeIndex: number): boolean;
  countFunction(): void;
  result(complete: boolean): RdbKeyCounts;
}

/** Far above any real `databases` setting; it bounds what a stranger can make us hold. */
export const MAX_DATABASES = 16_384;

export function createKeyCounter(): KeyCounter {
  const databases = new Map<number, { keys: number; withExpiry: number }>();
  const types = new Float64Array(KEY_TYPES.length);
  let number = 0;
  let database: { keys: number; withExpiry: number } | undefined;
  let hasExpiry = false;
  let functions = 0;
  return {
    selectDatabase(next) {
      number = next;
      database = databases.get(next);
    },
    expectExpiry() {
      hasExpiry = true;
    },
    countKey(typeIndex) {
      if (database === undefined) {
        if (databases.size >= MAX_DATABASES) {
          return false;
        }
        database = { keys: 0, withExpiry: 0 };
        databases.set(number, database);
      }
      database.keys += 1;
      if (hasExpiry) {
        database.withExpiry += 1;
        hasExpiry = false;
      }
      types[typeIndex] = (types[typeIndex] ?? 0) + 1;
      return true;
    },
    countFunction() {
      functions += 1;
    },
    result(complete) {
      const sorted = [...databases].sort(([a], [b]) => a - b);
      return {
        complete,
        total: sorted.reduce((sum, [, count]) => sum + count.keys, 0),
        withExpiry: sorted.reduce((sum, [, count]) => sum + count.withExpiry, 0),
        byDatabase: Object.fromEntries(sorted.map(([index, count]) => [String(index), { ...count }])),
        byType: Object.fromEntries(KEY_TYPES.map((name, index) => [name, types[index] ?? 0] as const).filter(([, count]) => count > 0)),
        functions,
      };
    },
  };
}
