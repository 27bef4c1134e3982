/** What a restore task is told. Without a filter the backup takes the place of everything that the instance holds. */
export interface RestorePayload {
  readonly backupId: string;
  readonly filter?: {
    readonly pattern?: string;
    readonly databases?: readonly number[];
    readonly types?: readonly string[];
  };
  /** With a filter: let keys of the backup take the place of those that the instance has. */
  readonly replaceExisting: boolean;
  readonly ttl: { readonly kind: 'keep' } | { readonly kind: 'drop' } | { readonly kind: 'shift'; readonly byMs: number };
  /** Change nothing and count. */
  readonly dryRun: boolean;
  /** Of the backup of the instance that is taken first, whose id is the subject of the task; null where it was declined. */
  readonly safety: { readonly remark: string; readonly expiresAt: number } | null;
}

/** What an ended restore task did, or a dry run would do. */
export interface RestoreOutcome {
  /** `none` after a dry run; `unknown` where the service ended meanwhile and the next found it done. */
  readonly way: 'replication' | 'keys' | 'none' | 'unknown';
  /** Null where `way` is unknown. */
  readonly counts: {
    readonly keys: number;
    readonly byDatabase: Readonly<Record<string, number>>;
    readonly byType: Readonly<Record<string, number>>;
  } | null;
  /** Keys of a dry run that the instance has already. */
  readonly existing: number;
  /** What was odd, one sentence each. */
  readonly report: readonly string[];
}

/** The step before which a restore stands, so that whoever comes after a crash can settle it. */
export interface StoredMark {
  readonly instanceId: string;
  readonly taskId: number;
  /** Sealed by the master key, bound to the instance: it holds a secret of the server. */
  readonly sealedMark: Uint8Array;
}

export interface RestoreStore {
  /** The mark of an instance whose restore is not settled. */
  mark(instanceId: string): Promise<StoredMark | undefined>;
  /** All marks, in order of their instances. */
  marks(): Promise<StoredMark[]>;
  /** Takes the place of the instance's earlier mark. */
  setMark(mark: StoredMark): Promise<void>;
  /** The restore is settled; no mark is success. */
  clearMark(instanceId: string): Promise<void>;
  setOutcome(taskId: number, outcome: RestoreOutcome): Promise<void>;
  /** Undefined until the task has succeeded. */
  outcome(taskId: number): Promise<RestoreOutcome | undefined>;
}
