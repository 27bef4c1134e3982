import type { Client } from '../api/client.ts';

export interface InstanceName {
  readonly InstanceId: string;
  readonly InstanceName: string;
  readonly Status: number;
}

/** Those of detached ones too, whose backups can be listed and restored. */
const ALL_STATUSES = [0, 1, 2, -2, -3];
const PAGE = 1000;

/** Every instance of the region that the caller may see, detached ones too unless `filter`, parameters of DescribeInstances, says otherwise. */
export async function listInstances<Row extends InstanceName>(client: Client, filter: object = { Status: ALL_STATUSES }): Promise<Row[]> {
  const rows: Row[] = [];
  for (let more = true; more; ) {
    const { InstanceSet } = await client.call<{ InstanceSet: Row[] }>('redis', 'DescribeInstances', {
      Limit: PAGE,
      Offset: rows.length,
      ...filter,
    });
    rows.push(...InstanceSet);
    more = InstanceSet.length === PAGE;
  }
  return rows;
}
