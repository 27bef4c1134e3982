import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCallError, type Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';
import { suggestBackup } from './describe-failure.ts';
import { listBackups } from './list-backups.ts';
import { listInstances } from './list-instances.ts';

/** A backup, and the instance that it is of. */
export interface FoundBackup {
  readonly instanceId: string;
  readonly sizeBytes: number;
}

/** The windows of the limit of requests are this long. */
const LIMIT_PAUSE_MS = 1_000;
/** Of so many instances the backups are listed to say which one was meant. */
const MOST_SUGGESTING = 20;

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
  const others = where.from === undefined ? (await listInstances(client)).map(({ InstanceId }) => InstanceId) : [];
  for (const instanceId of others) {
    const other = instanceId === first ? undefined : await look(client, instanceId, backupId);
    if (other !== undefined) {
      return other;
    }
  }
  throw new DomainError(
    'backup-not-found',
    `no backup ${backupId} is found ${where.from === undefined ? 'in this region' : `of ${where.from}`}`,
    {
      hint:
        (await suggest(client, backupId, where.from === undefined ? others : [where.from])) ??
        'see `redkeep instance list` and `redkeep backup list`, and give the instance that it is of with --from',
    },
  );
}

/** Of the backups of these instances the one that was meant. It is no more than a help: what cannot be listed is left out. */
async function suggest(client: Client, backupId: string, instanceIds: readonly string[]): Promise<string | undefined> {
  const ids: string[] = [];
  for (const instanceId of instanceIds.slice(0, MOST_SUGGESTING)) {
    ids.push(...(await listBackups(client, instanceId).catch(() => [])).map((row) => row.BackupId));
  }
  return suggestBackup(backupId, ids);
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
