import { sql } from 'kysely';
import type { Migration } from './migrations.ts';

/** Which server has proven a backup, and when its stored bytes were read last, with what result. */
export const proofsMigration: Migration = {
  name: '0006-proofs',
  async up(db, dialect) {
    // One statement for each: SQLite adds one column at a time.
    const table = () => db.schema.alterTable('backups');
    for (const name of ['proof_kind', 'scrub_message']) {
      await table()
        .addColumn(name, 'text', (column) => column.notNull().defaultTo(''))
        .execute();
    }
    await table()
      .addColumn('scrub_state', 'text', (column) => column.notNull().defaultTo('unchecked'))
      .execute();
    await table().addColumn('scrub_at', dialect.wholeNumber).execute();
    await table().addColumn('checked_at', dialect.wholeNumber).execute();
    await db
      .updateTable('backups')
      .set({ checked_at: sql.ref('ended_at') })
      .execute();
    await db.schema.createIndex('backups_by_check').on('backups').columns(['state', 'checked_at']).execute();
    await db.schema.createIndex('backups_by_proof').on('backups').columns(['proof_state', 'state', 'instance_id', 'started_at']).execute();
  },
};
