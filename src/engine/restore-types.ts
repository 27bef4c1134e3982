import type { SourceAddress } from '../redis/source-address.ts';
import type { AttemptRef, BackupFacts } from '../repository/types.ts';
import type { ReplicationEndpoint } from './send-as-master.ts';
import type { BackupRequest } from './types.ts';

/** Everything that one restore needs; a plain message for its worker thread. */
export interface RestoreRequest {
  readonly backup: AttemptRef;
  readonly storageUrl: string;
  /** The keyring as text, as `Keyring.export` gives it. */
  readonly keyring: string;
  readonly target: SourceAddress;
  readonly endpoint: ReplicationEndpoint;
  /** Let the target fetch its data in plain text over a network; on loopback it always may. */
  readonly allowPlainText: boolean;
  /** The backup of the target that is taken before anything is changed, to go back to; absent where it was declined. */
  readonly safety?: { readonly ref: AttemptRef; readonly facts: BackupFacts; readonly memoryCheck: BackupRequest['memoryCheck'] };
  /** Absent: the backup takes the place of everything that the target holds. Present: its keys are merged into the target, key by key. */
  readonly filter?: KeyFilter;
  /** With a filter: let a key of the backup take the place of one of the target; otherwise the restore fails on such a key. */
  readonly replaceExisting: boolean;
  readonly ttl: TtlPolicy;
  /** Change nothing, and tell what would be restored. */
  readonly dryRun: boolean;
}

/** Which keys; what is absent lets all pass. An empty filter takes all keys and still merges. */
export interface KeyFilter {
  /** As in KEYS of Redis. */
  readonly pattern?: string;
  readonly databases?: readonly number[];
  /** As `TYPE` names them, and `module`. */
  readonly types?: readonly string[];
}

/** What becomes of expiries; `drop` removes them, so that the keys stay. */
export type TtlPolicy = { readonly kind: 'keep' } | { readonly kind: 'drop' } | { readonly kind: 'shift'; readonly byMs: number };

export interface RestoreProgress {
  readonly phase: 'verifying' | 'checking' | 'saving-target' | 'transferring' | 'writing-keys' | 'promoting' | 'rolling-back';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * What must be durable before the next step of a restore is taken, so that whoever comes after a crash can settle it. `settings` holds a
 * secret of the target: seal what is stored. Steps, in order:
 * - `save-target`: writes of the target are about to be paused for the safety backup;
 * - `set-credentials`: its password for its master, and how it loads what it gets, are about to be replaced; from here on `safety` names a whole backup, where there is one;
 * - `replicate`: it is about to be told to be our replica;
 * - `write-keys`: keys are about to be written one by one; `merges` tells whether all others were removed before;
 * - `promote`: it holds the new data and is about to be told to be a master again;
 * - `settled`: nothing is left to be done; `settled` says what the target holds. To be kept until the end of the restore is recorded, so that
 *   nobody begins it anew.
 */
export interface RestoreMark {
  readonly step: 'save-target' | 'set-credentials' | 'replicate' | 'write-keys' | 'promote' | 'settled';
  /** True where what is written is the safety backup, after a restore that went wrong. */
  readonly isRollback: boolean;
  readonly runId: string;
  readonly keysBefore: number;
  readonly merges: boolean;
  /** What the target has loaded was found to differ from the backup. */
  readonly isDataWrong?: boolean;
  readonly safety?: AttemptRef;
  /** Of a `settled` mark: the safety backup could not be gone back to, since its stored bytes are damaged so. */
  readonly safetyDamage?: string;
  /** What the target's configuration was and is to be again, by directive. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly master?: { readonly host: string; readonly port: number; readonly replicationId: string };
  /** Of a `settled` mark. */
  readonly settled?: SettleResult;
}

export interface RestoreOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RestoreProgress) => void;
  /** Resolves when the mark is durable; what it throws ends the restore before the step. */
  readonly mark: (mark: RestoreMark) => Promise<void>;
}

export interface RestoreCounts {
  readonly keys: number;
  readonly byDatabase: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
}

export interface RestoreResult {
  /** `none` after a dry run. */
  readonly way: 'replication' | 'keys' | 'none';
  /** What was restored or, after a dry run, would be. Keys that had expired by then are counted. */
  readonly counts: RestoreCounts;
  /** Keys of a dry run that the target holds already. */
  readonly existing: number;
  /** Whole and verified; absent where it was declined or nothing was replaced. */
  readonly safety?: AttemptRef & { readonly sizeBytes: number; readonly endedAt: number };
  /** What was odd, such as why keys were written one by one, one sentence each. */
  readonly report: readonly string[];
}

export interface SettleRequest {
  readonly storageUrl: string;
  readonly keyring: string;
  readonly target: SourceAddress;
  readonly endpoint: ReplicationEndpoint;
  readonly allowPlainText: boolean;
  /** The last mark that was recorded. */
  readonly mark: RestoreMark;
}

/**
 * - `restored`: the target holds the backup;
 * - `unchanged`: it holds what it held before, or what it loaded when it started anew before it was told anything;
 * - `rolled-back`: it holds the safety backup;
 * - `unsettled`: neither is certain, and `report` says what to do.
 */
export interface SettleResult {
  readonly outcome: 'restored' | 'unchanged' | 'rolled-back' | 'unsettled';
  readonly report: readonly string[];
}
