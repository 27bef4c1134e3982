import type { Migration } from './migrations.ts';

/** Whether backups of an instance may be read from its replicas. */
export const preferReplicaMigration: Migration = {
  name: '0008-prefer-replica',
  async up(db, dialect) {
    await db.schema
      .alterTable('instances')
      .addColumn('prefer_replica', dialect.wholeNumber, (definition) => definition.notNull().defaultTo(0))
      .execute();
  },
};
