import type { Backup, CatalogTables, NewTask } from './catalog.ts';

/** What a proof task is told. By hand: somebody asked for it, so that it is made whatever is known of the backup already. */
export interface ProofTaskPayload {
  readonly backupId: string;
  readonly byHand: boolean;
}

/**
 * The id of a proof task of that backup: the one of its kind (by hand or not) that is under way, else a new one. Inside a transaction. Its
 * subject stays empty: there the sweep and `check` look for the task that made the backup. It does not hold the instance, so that no
 * backup waits for it.
 */
export async function ensureProofTask(tables: CatalogTables, backup: Backup, order: { byHand: boolean; at: number }): Promise<number> {
  const { accountId, region, instanceId, backupId } = backup;
  const exclusiveKey = `${order.byHand ? 'verify' : 'prove'}:${backupId}`;
  const underWay = await tables.tasks.unfinished(exclusiveKey);
  if (underWay !== undefined) {
    return underWay.taskId;
  }
  const payload: ProofTaskPayload = { backupId, byHand: order.byHand };
  const task: NewTask = {
    accountId,
    region,
    instanceId,
    kind: 'prove-backup',
    subject: '',
    payload: JSON.stringify(payload),
    exclusiveKey,
    createdAt: order.at,
  };
  return tables.tasks.enqueue(task);
}
