import { DomainError } from '../lib/errors.ts';
import { Releasers } from '../lib/releasers.ts';
import { withoutKey } from '../repository/keyring.ts';
import { saveKeyringFile } from '../repository/keyring-file.ts';
import type { AttemptRef } from '../repository/types.ts';
import { type SnapshotSite, takeSnapshot } from './catalog-snapshots.ts';
import type { Config } from './config.ts';
import { recordRemovedKey } from './key-history.ts';
import { openKeySite } from './key-site.ts';
import { findKeyUses } from './key-uses.ts';
import { useKeyring } from './open-site-keyring.ts';
import { lockSite } from './site-lock.ts';

export interface RemovedKey {
  /** Backups that nobody can read any more. */
  readonly lostBackups: readonly AttemptRef[];
  /** True where the key must still be taken out of REDKEEP_MASTER_KEY. */
  readonly inEnvironment: boolean;
}

/**
 * Takes a key that only opens out of the keyring, and has it remembered as removed. Secrets of the catalog are sealed under the active key
 * first. Throws `master-key-in-use` while a backup needs it, or while a manifest does not tell its key, unless it is forced.
 */
export async function removeMasterKey(config: Config, keyId: string, options: { force: boolean }): Promise<RemovedKey> {
  await using releasers = new Releasers();
  await lockSite(config, releasers);
  const site = await openKeySite(config, releasers, { readOnly: false, incomplete: true });
  const { catalog, storage, repository } = site;
  const isLost = options.force && catalog !== undefined && !site.keyring.keyIds.includes(keyId);
  const keyring = isLost ? site.keyring : withoutKey(site.keyring, keyId);
  if (catalog !== undefined && repository !== undefined) {
    await useKeyring({ catalog, storage, keyring: site.keyring });
  }
  const uses = await findKeyUses(site);
  const backups = uses.backups.get(keyId) ?? [];
  if (!options.force && (backups.length > 0 || uses.unknown.length > 0)) {
    throw inUse(keyId, backups, uses.unknown);
  }
  if (catalog !== undefined) {
    await recordRemovedKey(catalog, keyId, Date.now());
  }
  if (catalog !== undefined && repository !== undefined) {
    await replaceSnapshots({ catalog, catalogUrl: config.catalogUrl, repository }, keyId);
  }
  if (config.masterKey === undefined) {
    await saveKeyringFile(config.dataDir.keyring, keyring, { replace: true });
  }
  return { lostBackups: backups, inEnvironment: config.masterKey !== undefined };
}

/** Snapshots of the catalog that need the key give way to a fresh one. */
async function replaceSnapshots(site: SnapshotSite, keyId: string): Promise<void> {
  const { snapshots } = site.repository;
  const old: number[] = [];
  for (const { number } of await snapshots.list()) {
    const opened = await snapshots.open(number).catch(() => undefined);
    if (opened?.keyId === keyId) {
      old.push(number);
    }
  }
  if (old.length > 0) {
    await takeSnapshot(site);
    for (const number of old) {
      await snapshots.remove(number);
    }
  }
}

function inUse(keyId: string, backups: readonly AttemptRef[], unknown: readonly string[]): DomainError {
  const named = backups.slice(0, 3).map(({ backupId }) => backupId);
  const what =
    backups.length > 0
      ? `${backups.length} backups need master key ${keyId}: ${named.join(', ')}${backups.length > 3 ? ', …' : ''}`
      : `${unknown.length} backups do not tell whether they need master key ${keyId}: ${unknown[0]}`;
  return new DomainError('master-key-in-use', what, {
    hint: 'wait until they have expired, or add --force, and they can never be read again',
  });
}
