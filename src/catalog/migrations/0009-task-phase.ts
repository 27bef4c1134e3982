import type { Migration } from './migrations.ts';

/** What a running task is doing, and how much of it is done. */
export const taskPhaseMigration: Migration = {
  name: '0009-task-phase',
  async up(db, dialect) {
    await db.schema
      .alterTable('tasks')
      .addColumn('phase', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    for (const column of ['done_bytes', 'total_bytes']) {
      await db.schema
        .alterTable('tasks')
        .addColumn(column, dialect.wholeNumber, (definition) => definition.notNull().defaultTo(0))
        .execute();
    }
  },
};
