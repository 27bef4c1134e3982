/**
 * Every column that holds secrets sealed by the master key, by the label under which they are sealed; each secret is bound to its row's
 * `id`. What is not named here is not sealed anew at a rotation, is not counted as needing its key, and is not opened by `check`.
 */
export const SEALED_COLUMNS = {
  'instance-secrets': { table: 'instances', id: 'instance_id', column: 'sealed_secrets' },
  'access-key': { table: 'access_keys', id: 'secret_id', column: 'sealed_secret_key' },
  'restore-mark': { table: 'restore_marks', id: 'instance_id', column: 'sealed_mark' },
} as const;

export type SealedLabel = keyof typeof SEALED_COLUMNS;

export const SEALED_LABELS = Object.keys(SEALED_COLUMNS) as readonly SealedLabel[];

/** Sealed secrets of any row, without a look at the rest of the row. */
export interface SealedStore {
  /** All secrets under one label, in order of their rows' ids. */
  all(label: SealedLabel): Promise<SealedSecret[]>;
  /** Puts `sealed` in the place of what was read; throws `catalog-conflict` where the row holds something else by now. */
  replace(label: SealedLabel, secret: SealedSecret, sealed: Uint8Array): Promise<void>;
}

export interface SealedSecret {
  /** Id of its row, to which it is bound. */
  readonly id: string;
  readonly sealed: Uint8Array;
}
