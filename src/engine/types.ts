import type { SourceAddress } from '../redis/source-address.ts';
import type { BackupFacts } from '../repository/types.ts';

/** Everything that one try at a backup needs; a plain message for its worker thread. */
export interface BackupRequest {
  readonly backupId: string;
  readonly attempt: number;
  readonly source: SourceAddress;
  /** Opt-in: where the source is a master with a fit replica, read that; its address gets the same user and password. */
  readonly preferReplica?: boolean;
  readonly facts: BackupFacts;
  readonly storageUrl: string;
  /** The keyring as text, as `Keyring.export` gives it. */
  readonly keyring: string;
  /** Opt-in: set the source's diskless delay to 0 until the RDB begins, and back afterwards. */
  readonly skipDisklessDelay: boolean;
  /** What becomes of a source whose machine has hardly any memory left: refused, or backed up with a warning. */
  readonly memoryCheck: 'refuse' | 'warn';
}

/** Where a running backup stands. `phase` only moves forward. */
export interface BackupProgress {
  readonly phase: 'connecting' | 'waiting-for-source' | 'transferring' | 'verifying';
  readonly receivedBytes: number;
}

export interface BackupOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}
