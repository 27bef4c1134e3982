import type { Backup, CatalogTables } from '../../catalog/catalog.ts';
import type { EventKind } from '../../catalog/events.ts';
import type { Proof } from '../../catalog/lifecycle.ts';

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
