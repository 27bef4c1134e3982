import type { Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';
import { findNear } from './find-near.ts';
import { type InstanceName, listInstances } from './list-instances.ts';

/** What to do where none is near. */
export const NO_INSTANCE = '`redkeep instance list` shows those of the region, and --region names another one';

/**
 * The id of the instance that somebody named by its id or by its name; an id is not looked up. Of one name those that are not detached go first.
 * Throws `instance-not-found`, with the near one, and `instance-ambiguous`.
 */
export async function findInstance(client: Client, given: string): Promise<string> {
  if (/^crs-[a-z0-9]{8}$/.test(given)) {
    return given;
  }
  const isNamed = ({ InstanceName: name }: InstanceName) => name === given;
  const present = await listInstances(client, {});
  const all = present.some(isNamed) ? present : await listInstances(client);
  const [first, ...others] = all.filter(isNamed);
  if (first === undefined) {
    throw new DomainError('instance-not-found', `no instance has the id or the name ${JSON.stringify(given)}`, {
      hint: suggestInstance(given, all) ?? NO_INSTANCE,
    });
  }
  if (others.length > 0) {
    const ids = [first, ...others].map(({ InstanceId }) => InstanceId).join(', ');
    throw new DomainError('instance-ambiguous', `several instances are called ${given}: ${ids}`, { hint: 'give the id of one' });
  }
  return first.InstanceId;
}

/** `did you mean …?` where an id or a name is near. */
export function suggestInstance(given: string, all: readonly InstanceName[]): string | undefined {
  const near = findNear(
    given,
    all.flatMap(({ InstanceId, InstanceName: name }) => [InstanceId, name]),
  );
  const row = all.find(({ InstanceId, InstanceName: name }) => InstanceId === near || name === near);
  return row === undefined ? undefined : `did you mean ${row.InstanceId} (${row.InstanceName})?`;
}
