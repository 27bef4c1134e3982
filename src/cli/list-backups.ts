import type { Client } from '../api/client.ts';

export interface BackupRow {
  readonly BackupId: string;
  readonly StartTime: string;
  readonly Status: number;
  readonly BackupSize: number;
  readonly Remark: string;
}

export interface BackupPage {
  readonly TotalCount: number;
  readonly BackupSet: readonly BackupRow[];
}

/** The largest page of DescribeInstanceBackups. */
export const PAGE = 100;

/** All backups of an instance that `filter`, parameters of DescribeInstanceBackups, leaves, oldest first. */
export async function listBackups(client: Client, instanceId: string, filter: object = {}): Promise<BackupRow[]> {
  const rows: BackupRow[] = [];
  for (let more = true; more; ) {
    const page = await client.call<BackupPage>('redis', 'DescribeInstanceBackups', {
      InstanceId: instanceId,
      Limit: PAGE,
      Offset: rows.length,
      ...filter,
    });
    rows.push(...page.BackupSet);
    more = page.BackupSet.length === PAGE;
  }
  return rows;
}
