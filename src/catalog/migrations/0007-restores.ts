import type { Migration } from './migrations.ts';

/** Where restores that are under way stand, and what ended ones did. */
export const restoresMigration: Migration = {
  name: '0007-restores',
  async up(db, dialect) {
    await db.schema
      .createTable('restore_marks')
      .addColumn('instance_id', 'text', (column) => column.primaryKey())
      .addColumn('task_id', dialect.wholeNumber, (column) => column.notNull())
      .addColumn('sealed_mark', dialect.bytes, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('restore_results')
      .addColumn('task_id', dialect.wholeNumber, (column) => column.primaryKey())
      .addColumn('result', 'text', (column) => column.notNull())
      .execute();
  },
};
