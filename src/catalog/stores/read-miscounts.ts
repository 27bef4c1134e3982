import type { Miscount } from '../catalog.ts';
import type { Scope } from '../scope.ts';

/** Compares the counters with the rows, in one statement and so on one state of the catalog. */
export async function readMiscounts({ db, reader }: Scope): Promise<Miscount[]> {
  const counters = db
    .selectFrom('backup_counts')
    .select(['account_id', 'region', 'instance_id', 'state', 'backups as counted', (eb) => eb.lit<number>(0).as('rows')]);
  const present = db
    .selectFrom('backups')
    .select(['account_id', 'region', 'instance_id', 'state'])
    .select((eb) => [eb.lit<number>(0).as('counted'), eb.fn.countAll<number>().as('rows')])
    .groupBy(['account_id', 'region', 'instance_id', 'state']);
  const compared = db
    .selectFrom(counters.unionAll(present).as('both'))
    .select(['account_id as accountId', 'region', 'instance_id as instanceId', 'state'])
    .select((eb) => [eb.fn.sum<number>('counted').as('counted'), eb.fn.sum<number>('rows').as('rows')])
    .groupBy(['account_id', 'region', 'instance_id', 'state'])
    .having((eb) => eb(eb.fn.sum('counted'), '!=', eb.fn.sum('rows')))
    .orderBy('account_id')
    .orderBy('region')
    .orderBy('instance_id')
    .orderBy('state');
  const rows = await reader.rows(compared.compile());
  return rows.map((row) => ({ ...row }));
}
