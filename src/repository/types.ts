/** Which try at which backup. `attempt` is the fencing token of the task that makes it; only the attempt that the catalog row names counts. */
export interface AttemptRef {
  readonly backupId: string;
  readonly attempt: number;
}

/** The immutable facts of a catalog row that a manifest carries, so that a lost catalog can be rebuilt from manifests alone. Times in ms since the Unix epoch. */
export interface BackupFacts {
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly type: 'manual' | 'automatic' | 'specification-change';
  readonly remark: string;
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** What one shard's RDB is, as it was received. */
export interface ShardFacts {
  /** Exact bytes of the RDB, from the magic to the end of its checksum. */
  readonly sizeBytes: number;
  /** Lower-case hex, over exactly those bytes. */
  readonly sha256: string;
  /** CRC-64 that was computed over the RDB, 16 lower-case hex digits; equal to its trailer unless the source switched checksums off. */
  readonly crc64: string;
  /** The number in the RDB's magic, such as 10 for `REDIS0010`. */
  readonly rdbVersion: number;
  /** `redis_version` or `valkey_version` of the source, `` where it could not be learnt. */
  readonly serverVersion: string;
  readonly serverKind: 'redis' | 'valkey' | 'unknown';
  /** Replication id and offset of the FULLRESYNC that the RDB belongs to. */
  readonly replicationId: string;
  readonly replicationOffset: number;
  readonly keys: KeyCounts;
}

/** Counts of a structural scan. `complete` is false where an unknown type ended the scan early: the counts then cover what lay before it. */
export interface KeyCounts {
  readonly complete: boolean;
  /** Keys in all databases. */
  readonly total: number;
  readonly withExpiry: number;
  readonly byDatabase: Readonly<Record<string, { keys: number; withExpiry: number }>>;
  /** `string`, `list`, `set`, `zset`, `hash`, `stream`, `module`. */
  readonly byType: Readonly<Record<string, number>>;
  readonly functions: number;
}

/** One shard as the repository holds it. */
export interface StoredShard extends ShardFacts {
  readonly frames: number;
  /** Bytes of all its data objects. */
  readonly storedBytes: number;
  /** Sizes of its data objects, in order. */
  readonly objectBytes: readonly number[];
  /** SHA-256 over the authentication tags of all frames in order, lower-case hex: no frame can be left out, added or exchanged. */
  readonly tagsSha256: string;
}

/** A small sealed object beside the shards, such as what neither RDB nor stream carries. */
export interface StoredSection {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of the plaintext, lower-case hex. */
  readonly sha256: string;
}

/** What makes a backup: written last, sealed, never changed. */
export interface Manifest extends AttemptRef {
  readonly facts: BackupFacts;
  readonly endedAt: number;
  readonly shards: readonly StoredShard[];
  readonly sections: readonly StoredSection[];
  /** What the backup lacks or what was odd about it, one sentence each. */
  readonly report: readonly string[];
}
