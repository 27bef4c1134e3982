import type { BackupState } from './catalog.ts';

/**
 * Which state may follow which. A backup runs, and is then available or failed. Conversion is a second full read of an available backup;
 * where it breaks off, the backup is as available as before. Expired backups are deleted after a grace; deleted and failed rows only
 * vanish. `failed` is internal, no API lists it.
 */
export const BACKUP_TRANSITIONS = {
  running: ['available', 'failed'],
  available: ['converting', 'expired'],
  converting: ['converted', 'available'],
  converted: ['expired'],
  expired: ['deleted'],
  deleted: [],
  failed: [],
} as const satisfies Record<BackupState, readonly BackupState[]>;

/** Every state, in the order of a backup's life. */
export const BACKUP_STATES = Object.keys(BACKUP_TRANSITIONS) as readonly BackupState[];

/** The states whose bytes may be read, held and proven. */
export const USABLE_STATES = ['available', 'converting', 'converted'] as const satisfies readonly BackupState[];

export function canFollow(from: BackupState, to: BackupState): boolean {
  const followers: readonly BackupState[] = BACKUP_TRANSITIONS[from];
  return followers.includes(to);
}
