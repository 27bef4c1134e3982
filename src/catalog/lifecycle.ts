import type { Backup } from './catalog.ts';

/**
 * What keeps a backup, and how it goes. `backup-state.ts` has the states.
 *
 *   lock    an operator's, until it is taken off again
 *   hold    of one use of the bytes (a download, a restore, a proof, a clone): ends by itself after a day at the latest
 *   floor   the newest backups of an instance that may be relied on; nobody puts it on, it follows from the rows
 *
 * None of them keeps a backup from being read. A backup expires only where all three are absent, and is removed only after that; a hold is
 * refused from then on, so that whoever has one reads bytes that stay.
 */

/** A hold lasts no longer; whoever needs more prolongs it in time. */
export const LONGEST_HOLD_MS = 86_400_000;

export type HolderKind = 'download' | 'restore' | 'proof' | 'clone';

/** Who holds a backup; `id` tells those of one kind apart, such as a task's id. */
export interface Holder {
  readonly kind: HolderKind;
  readonly id: string;
}

export interface Hold {
  readonly holder: Holder;
  readonly until: number;
}

/** unproven: never tried. not_provable: no server here can load it, which says nothing against it. Only `failed` is an alarm. */
export type ProofState = 'unproven' | 'proven' | 'failed' | 'not_provable';

export interface Proof {
  readonly state: ProofState;
  /** When it was tried; null while unproven. */
  readonly at: number | null;
  /** Of the server that was to load it, `redis` or `valkey`; `` where none was, such as where its stored bytes were found damaged. */
  readonly serverKind: string;
  /** Of the server that loaded it; `` where none did. */
  readonly serverVersion: string;
  /** What was compared, what went wrong or what is lacking; `` while unproven. */
  readonly message: string;
}

/** unchecked: not since it was taken, when everything was read back. unreadable: the storage failed, which says nothing of the bytes. */
export type ScrubState = 'unchecked' | 'intact' | 'damaged' | 'unreadable';

/** The last time that all stored bytes of a backup were read in the background. */
export interface Scrub {
  readonly state: ScrubState;
  /** Null while unchecked. */
  readonly at: number | null;
  /** What is wrong; `` where nothing is. */
  readonly message: string;
}

/** What became of a backup since its row was written; a new row has none of it. */
export interface BackupLife {
  /** End of the last of its holds, 0 without one. It is held while that lies ahead. */
  readonly heldUntil: number;
  /** From when on its data may be removed; null unless it is expired or deleted. */
  readonly removableAt: number | null;
  /** When its data were seen to be gone; null unless it is deleted. */
  readonly deletedAt: number | null;
  readonly proof: Proof;
  readonly scrub: Scrub;
}

/** What keeps a backup from expiring; `state` where it is neither available nor converted. */
export type Obstacle = 'state' | 'locked' | 'held' | 'floor';

export interface Expiry {
  readonly at: number;
  /** End of the grace. */
  readonly removableAt: number;
  /** How many of the newest backups, whose proof did not fail, the floor has; at least 1. */
  readonly keepMin: number;
  /** Expires what only the floor keeps. */
  readonly force?: boolean;
}

/**
 * Each verb changes a backup only from the states that it names and throws `catalog-conflict` where it is in another one: whoever loses a
 * race is told. All may be called inside a transaction and outside.
 */
export interface LifecycleStore {
  /**
   * Puts a hold on an available, converting or converted backup, or prolongs the holder's; never shortens it. `until` may lie at most
   * `LONGEST_HOLD_MS` after `at` (RangeError).
   */
  hold(backupId: string, holder: Holder, span: { readonly at: number; readonly until: number }): Promise<void>;
  /** Takes a hold off; no hold is success. */
  release(backupId: string, holder: Holder): Promise<void>;
  /** The holds that last beyond `at`, the longest first. */
  holds(backupId: string, at: number): Promise<Hold[]>;
  /** All holds of all backups that last beyond `at`, in order of backup and holder. */
  allHolds(at: number): Promise<Array<Hold & { readonly backupId: string }>>;
  /** Locks a running, available, converting or converted backup; locked already is success. */
  lock(backupId: string): Promise<void>;
  /** Takes the lock off a backup in those states; no lock is success. */
  unlock(backupId: string): Promise<void>;
  /** available → converting. */
  beginConversion(backupId: string): Promise<void>;
  /** converting → converted. */
  finishConversion(backupId: string): Promise<void>;
  /** converting → available, where the conversion failed. */
  abandonConversion(backupId: string): Promise<void>;
  /**
   * Records how a proof of an available, converting or converted backup ended. `not_provable` never replaces `proven` or `failed`: a server
   * that is missing today takes nothing away from what one has shown.
   */
  recordProof(backupId: string, proof: Proof & { readonly at: number }): Promise<void>;
  /**
   * The stored bytes of a backup were all read and are right: `failed` turns to `unproven` where it was damage that was found, and not a server
   * that could not load it. Returns whether it did.
   */
  retractDamage(backupId: string): Promise<boolean>;
  /** Usable backups that were never tried to be proven, the newest first; `newestOnly`: of each instance its newest usable one, and those that are only older than one dated later than `at`. */
  unproven(query: { readonly newestOnly: boolean; readonly limit: number; readonly at: number }): Promise<Backup[]>;
  /** Whether an instance has a usable backup that started after this one and by `at`. */
  isOutdated(backup: Backup, at: number): Promise<boolean>;
  /** How many usable backups there are whose proof failed. */
  countBad(): Promise<number>;
  /**
   * Records how a scrub of an available, converting or converted backup ended. `checkedAt` is what the order of scrubs goes by from now on:
   * `at`, or an earlier instant for a backup that shall come again sooner.
   */
  recordScrub(backupId: string, scrub: Scrub & { readonly at: number }, checkedAt: number): Promise<void>;
  /** The usable backup whose stored bytes were not read for the longest time, where that is `checkedUntil` or longer ago. */
  nextScrub(checkedUntil: number): Promise<Backup | undefined>;
  /**
   * The ids that nothing may remove of an instance: its newest proven backup, and the `keepMin` newest whose proof did not fail; both of all,
   * and of those that started by `at`. So one that a clock which was ahead has dated keeps no backup of the present from being kept.
   */
  floor(instanceId: string, keepMin: number, at: number): Promise<string[]>;
  /**
   * For each instance that is online, being restored or changed, in the order of ids, when its newest backup started whose proof did not fail, and its
   * newest proven one, of those that started by `at`; null without.
   */
  newest(at: number): Promise<Array<{ instanceId: string; any: number | null; proven: number | null }>>;
  /** How many available, converting and converted backups an instance has. */
  countUsable(instanceId: string): Promise<number>;
  /** available or converted → expired, unless something keeps it; returns what does, undefined where it has expired. */
  expire(backupId: string, expiry: Expiry): Promise<Obstacle | undefined>;
  /** Ends the grace of an expired backup at `at`, where it ends later. */
  endGrace(backupId: string, at: number): Promise<void>;
  /** expired → deleted, once its data are seen to be gone. */
  markDeleted(backupId: string, at: number): Promise<void>;
  /**
   * The available and converted backups whose time has come by `at` and that neither a lock nor a hold keeps, without those of detached
   * instances; that which expires first at the head.
   */
  due(at: number): Promise<Backup[]>;
  /** The expired backups whose data may be removed by `at`. */
  removable(at: number): Promise<Backup[]>;
  /** Drops the rows of backups that were deleted or failed by those instants; returns how many. */
  prune(until: { readonly deletedAt: number; readonly failedAt: number }): Promise<number>;
}
