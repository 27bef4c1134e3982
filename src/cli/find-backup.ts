import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCallError, type Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';

/** A backup, and the instance that it is of. */
export interface FoundBackup {
  readonly instanceId: string;
  readonly sizeBytes: number;
}

/** The windows of the limit of requests are this long. */
const LIMIT_PAUSE_MS = 1_000;
/** Detached ones too, whose backups can be restored. */
const ALL_STATUSES = [0, 1, 2, -2, -3];
const PAGE = 1000;

/**
 * Finds a backup by its id alone, which the API does not: looks at the instance `from`, or else at `near` and then at every other one of the region
 * that the caller may see. Throws `backup-not-found` where none has it.
 */
export async function findBackup(client: Client, backupId: string, where: { from?: string; near?: string }): Promise<FoundBackup> {
  const first = where.from ?? where.near;
  const found = first === undefined ? undefined : await look(client, first, backupId);
  if (found !== undefined) {
    return found;
  }
  for (const instanceId of where.from === undefined ? await listInstances(client) : []) {
    const other = instanceId === first ? undefined : await look(client, instanceId, backupId);
    if (other !== undefined) {
      return other;
    }
  }
  throw new DomainError(
    'backup-not-found',
    `no backup ${backupId} is found ${where.from === undefined ? 'in this region' : `of ${where.from}`}`,
    {
      hint: 'see `redkeep instance list` and `redkeep backup list`, and give the instance that it is of with --from',
    },
  );
}

async function listInstances(client: Client): Promise<string[]> {
  const ids: string[] = [];
  for (let more = true; more; ) {
    const { InstanceSet } = await client.call<{ InstanceSet: Array<{ InstanceId: string }> }>('redis', 'DescribeInstances', {
      Status: ALL_STATUSES,
      Limit: PAGE,
      Offset: ids.length,
    });
    ids.push(...InstanceSet.map(({ InstanceId }) => InstanceId));
    more = InstanceSet.length === PAGE;
  }
  return ids;
}

async function look(client: Client, instanceId: string, backupId: string): Promise<FoundBackup | undefined> {
  for (;;) {
    try {
      const { Backup } = await client.call<{ Backup: { BackupSize: number } }>('redkeep', 'DescribeBackup', {
        InstanceId: instanceId,
        BackupId: backupId,
      });
      return { instanceId, sizeBytes: Backup.BackupSize };
    } catch (error) {
      if (error instanceof ApiCallError && error.code === 'InvalidParameterValue.BackupNotExists') {
        return undefined;
      }
      if (!(error instanceof ApiCallError && error.code === 'RequestLimitExceeded')) {
        throw error;
      }
      await sleep(LIMIT_PAUSE_MS);
    }
  }
}
