import { USABLE_STATES } from '../../catalog/backup-state.ts';
import type { Backup, BackupState, CatalogTables } from '../../catalog/catalog.ts';
import type { EventKind } from '../../catalog/events.ts';
import type { Proof } from '../../catalog/lifecycle.ts';
import type { Clock } from '../../lib/clock.ts';

/**
 * Records that a backup is bad and that somebody should hear of it, inside a transaction. The backup stays, but the floor no longer counts it,
 * and no proof that cannot be made takes that back.
 */
export async function recordBadBackup(
  tables: CatalogTables,
  { backupId, accountId, region, instanceId, instanceName }: Backup,
  proof: Omit<Proof, 'state'> & { readonly at: number },
  onAlarm: (kind: EventKind) => void,
): Promise<void> {
  const { at, message } = proof;
  await tables.lifecycle.recordProof(backupId, { ...proof, state: 'failed' });
  const isNews = await tables.events.record({
    kind: 'proof-failed',
    key: `proof-failed ${backupId} ${at}`,
    at,
    accountId,
    region,
    instanceId,
    message: `backup ${backupId} of ${instanceId} (${instanceName}) is bad: ${message}; take another backup now, and look after the storage`,
  });
  if (isNews) {
    onAlarm('proof-failed');
  }
}

/** Where damage that somebody met is told. */
export interface AlarmSite {
  readonly clock: Clock;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: EventKind) => void;
}

/**
 * Records that whoever read a backup met damage, such as a restore or a download. That a backup is bad is recorded and told once: where it is
 * known, or there is no such usable backup any more, nothing is done. Before it somebody has made sure that the repository is there (`requireDamage`).
 */
export async function recordDamage(tables: CatalogTables, backupId: string, what: string, { clock, onAlarm }: AlarmSite): Promise<void> {
  const backup = await tables.backups.get(backupId);
  const isUsable = backup !== undefined && (USABLE_STATES as readonly BackupState[]).includes(backup.state);
  if (isUsable && backup.proof.state !== 'failed') {
    const message = `it cannot be read: ${what}`;
    await recordBadBackup(tables, backup, { at: clock.now(), serverKind: '', serverVersion: '', message }, onAlarm);
  }
}
