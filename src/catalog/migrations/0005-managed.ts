import type { Transaction } from 'kysely';
import type { DialectSql } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import type { Migration } from './migrations.ts';

/** What a managed instance is ordered with, its tags, and who asked for a task. */
export const managedMigration: Migration = {
  name: '0005-managed',
  async up(db, dialect) {
    for (const column of ['zone_id', 'project_id', 'delete_protection']) {
      await db.schema
        .alterTable('instances')
        .addColumn(column, dialect.wholeNumber, (definition) => definition.notNull().defaultTo(0))
        .execute();
    }
    await createInstanceTags(db, dialect);
    await db.schema
      .alterTable('tasks')
      .addColumn('requested_by', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    await db.schema.createIndex('tasks_by_region').on('tasks').columns(['account_id', 'region', 'created_at', 'task_id']).execute();
  },
};

/** Tags of one instance lie side by side. */
async function createInstanceTags(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('instance_tags')
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('tag_key', 'text', (column) => column.notNull())
    .addColumn('tag_value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('instance_tags_key', ['instance_id', 'tag_key'])
    .addForeignKeyConstraint('tags_of_instance', ['instance_id'], 'instances', ['instance_id'], (key) => key.onDelete('cascade'))
    .modifyEnd(dialect.clusteredTable)
    .execute();
  await db.schema.createIndex('instance_tags_by_key').on('instance_tags').columns(['tag_key', 'tag_value']).execute();
}
