import type { Backup, CatalogTables, Task, TaskKind } from './catalog.ts';

/** Setting: until this instant (ms) no backup expires and no data are removed, because the catalog was rebuilt. */
export const EXPIRY_HELD_UNTIL = 'expiry-held-until';

/** How long that is. */
export const EXPIRY_HOLD_MS = 7 * 86_400_000;

/** Setting: number of the newest snapshot that this catalog has begun. A repository with a newer one has seen a newer catalog. */
export const SNAPSHOT_NUMBER = 'snapshot-number';

/** Settings, one for each attempt (`<BackupId>/<attempt>`) without a manifest whose backup no catalog knows: since when it is given up. */
export const ABANDONED_ATTEMPT = 'abandoned-attempt/';

/** Kinds of tasks that may simply run again after the catalog was rebuilt: they look, and change nothing outside the catalog. */
export const REPEATABLE_KINDS: readonly TaskKind[] = ['attach-instance', 'prove-backup'];

/** Failed tries of a task that was under way when the catalog was lost: more than any kind may have, so that its next claim fails it. */
export const GIVEN_UP_TRIES = 1_000_000;

/** Until when (ms) nothing is expired or removed; 0 unless the catalog was rebuilt. */
export async function readExpiryHold({ settings }: Pick<CatalogTables, 'settings'>): Promise<number> {
  return Number((await settings.get(EXPIRY_HELD_UNTIL)) ?? 0);
}

/** Whether an attempt that no row names was given up when the catalog was rebuilt: it has no manifest, and so nobody can ever read it. */
export async function isAbandoned({ settings }: Pick<CatalogTables, 'settings'>, backupId: string, attempt: number): Promise<boolean> {
  return (await settings.get(`${ABANDONED_ATTEMPT}${backupId}/${attempt}`)) !== undefined;
}

/** Changes that only the rebuilding of a lost catalog makes: they bring rows to what the repository was seen to hold. */
export interface RecoveryStore {
  /**
   * Ends every claim. Unfinished tasks of a repeatable kind wait again; the others wait to be failed by their own handler at their next
   * claim, as one whose tries are used up. Returns the latter.
   */
  giveUpTasks(): Promise<Task[]>;
  /** The task that takes a backup has succeeded with `attempt`; makes one where there is none. */
  settleTask(backup: Pick<Backup, 'backupId' | 'accountId' | 'region' | 'instanceId'>, attempt: number, at: number): Promise<void>;
  /** The task that takes a backup has made tries up to `attempt`, so that what they left is known to be theirs. */
  admitAttempt(backupId: string, attempt: number): Promise<void>;
  /**
   * A backup whose row promises bytes has lost its manifest: deleted where nothing is left of it, else expired and to be removed. One that
   * had not expired before it was gone names no attempt any more. Throws `catalog-conflict` where the row promises none.
   */
  loseBytes(backupId: string, left: { readonly isEmpty: boolean; readonly at: number }): Promise<void>;
}
