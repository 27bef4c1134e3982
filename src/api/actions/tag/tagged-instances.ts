import type { CatalogTables } from '../../../catalog/catalog.ts';

/** Those of the ids that are instances of the account in that region and may be seen at all. */
export async function readInstances(
  instanceIds: readonly string[],
  region: string,
  tables: CatalogTables,
  accountId: string,
): Promise<readonly string[]> {
  const instances = await Promise.all(instanceIds.map((id) => tables.instances.get(id)));
  return instances.flatMap((instance) =>
    instance?.accountId === accountId && instance.region === region && instance.state !== 'failed' ? [instance.instanceId] : [],
  );
}

/** An instance as the tag product names it: `qcs::redis:<region>:uin/<account>:instance/<id>`, the account or all but `uin/` left out at will. */
export function parseInstanceResource(resource: string, accountId: string): { region: string; instanceId: string } | undefined {
  const [, region = '', account = '', instanceId = ''] =
    /^qcs::redis:([a-z0-9-]*):((?:uin\/\d*)?):instance\/(crs-[a-z0-9]{8})$/.exec(resource) ?? [];
  const isMine = account === '' || account === 'uin/' || account === `uin/${accountId}`;
  return instanceId === '' || !isMine ? undefined : { region, instanceId };
}
