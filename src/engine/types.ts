import type { BackupFacts, Manifest } from '../repository/types.ts';

/** Where and how a source is reached. A plain message: it is posted to worker threads. */
export interface SourceAddress {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  /** PEM texts; present means TLS. `ca` absent: the system's roots. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string };
}

/** Everything that one try at a backup needs; a plain message for the worker thread. */
export interface BackupRequest {
  readonly backupId: string;
  readonly attempt: number;
  readonly source: SourceAddress;
  readonly facts: BackupFacts;
  readonly storageUrl: string;
  /** Keyring content as `Keyring.export()` gives it. */
  readonly keyring: string;
  /** Opt-in: set the source's diskless delay to 0 while the backup starts, and back afterwards. */
  readonly skipDisklessDelay?: boolean;
}

/** Where a running backup stands. `phase` only moves forward. */
export interface BackupProgress {
  readonly phase: 'connecting' | 'waiting-for-source' | 'transferring' | 'verifying';
  readonly receivedBytes: number;
  readonly storedBytes: number;
}

/** A backup whose manifest is durable and whose stored bytes were read back. */
export interface BackupResult {
  readonly manifest: Manifest;
}

export interface BackupOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** What a look at a source tells, for attaching it and before each backup. Empty strings and undefined where the user may not ask. */
export interface SourceInfo {
  readonly serverKind: 'redis' | 'valkey' | 'unknown';
  readonly serverVersion: string;
  readonly role: 'master' | 'replica' | 'unknown';
  readonly clusterEnabled: boolean;
  readonly usedMemoryBytes: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly replicas: number | undefined;
  /** Why a backup of this source would be less than whole or risky, one sentence each. */
  readonly warnings: readonly string[];
}
