import { sql } from 'kysely';
import type { Scope } from '../scope.ts';
import { SEALED_COLUMNS, type SealedSecret, type SealedStore } from '../sealed-columns.ts';
import { expectOneRow } from './expect-one-row.ts';

export function createSealedStore({ db, reader }: Scope): SealedStore {
  return {
    async all(label) {
      const { table, id, column } = SEALED_COLUMNS[label];
      const query = sql<SealedSecret>`select ${sql.ref(id)} as "id", ${sql.ref(column)} as "sealed" from ${sql.table(table)} order by 1`;
      return (await reader.rows(query.compile(db))).map((row) => ({ ...row }));
    },

    async replace(label, secret, sealed) {
      const { table, id, column } = SEALED_COLUMNS[label];
      const update = sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sealed}
        where ${sql.ref(id)} = ${secret.id} and ${sql.ref(column)} = ${secret.sealed}`;
      const { numAffectedRows } = await update.execute(db);
      expectOneRow(numAffectedRows ?? 0n, `the secret of ${secret.id} in ${table} has changed`);
    },
  };
}
