import { sql, type Transaction } from 'kysely';
import type { DialectSql } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import type { Migration } from './migrations.ts';

export const initialMigration: Migration = {
  name: '0001-initial',
  async up(db, dialect) {
    await createSettings(db, dialect);
    await createInstances(db, dialect);
    await createBackups(db, dialect);
    await createTasks(db, dialect);
  },
};

/** A backup has the account and region of its instance. */
const OWNER_COLUMNS: Array<'account_id' | 'region' | 'instance_id'> = ['account_id', 'region', 'instance_id'];

async function createSettings(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .modifyEnd(dialect.plainTable)
    .execute();
}

async function createInstances(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('instances')
    .addColumn('instance_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_folded', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('port', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('user', 'text', (column) => column.notNull())
    .addColumn('sealed_secrets', dialect.bytes, (column) => column.notNull())
    .addColumn('tls', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('server_kind', 'text', (column) => column.notNull())
    .addColumn('server_version', 'text', (column) => column.notNull())
    .addColumn('used_memory_bytes', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('max_memory_bytes', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('replicas', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('created_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('detached_at', dialect.wholeNumber)
    .modifyEnd(dialect.plainTable)
    .execute();
  await db.schema
    .createIndex('instances_by_region')
    .on('instances')
    .columns(['account_id', 'region', 'created_at', 'instance_id'])
    .execute();
  await db.schema.createIndex('instances_by_owner').unique().on('instances').columns(OWNER_COLUMNS).execute();
}

/** Backups of one instance lie side by side in the order in which they are listed, so a page is one short read. */
async function createBackups(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('backups')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('started_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('backup_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('instance_name', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('remark', 'text', (column) => column.notNull())
    .addColumn('locked', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('ended_at', dialect.wholeNumber)
    .addColumn('expires_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('size_bytes', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('server_kind', 'text', (column) => column.notNull())
    .addColumn('server_version', 'text', (column) => column.notNull())
    .addColumn('attempt', dialect.wholeNumber)
    .addPrimaryKeyConstraint('backups_in_listing_order', ['account_id', 'region', 'instance_id', 'started_at', 'backup_id'])
    .addForeignKeyConstraint('backups_of_instance', OWNER_COLUMNS, 'instances', OWNER_COLUMNS)
    .modifyEnd(dialect.clusteredTable)
    .execute();
  await db.schema.createIndex('backups_by_id').unique().on('backups').column('backup_id').execute();
  await db.schema
    .createIndex('backups_by_region')
    .on('backups')
    .columns(['account_id', 'region', 'started_at', 'backup_id', 'state', 'instance_id'])
    .execute();
  await db.schema
    .createTable('backup_counts')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('backups', dialect.wholeNumber, (column) => column.notNull())
    .addPrimaryKeyConstraint('backup_counts_key', ['account_id', 'region', 'instance_id', 'state'])
    .modifyEnd(dialect.clusteredTable)
    .execute();
  for (const statement of dialect.countBackups) {
    await statement.execute(db);
  }
}

async function createTasks(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('tasks')
    .addColumn('task_id', dialect.wholeNumber, (column) => dialect.identity(column.notNull()))
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('exclusive_key', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('progress', 'real', (column) => column.notNull())
    .addColumn('created_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('started_at', dialect.wholeNumber)
    .addColumn('ended_at', dialect.wholeNumber)
    .addColumn('token', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('failed_tries', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('due_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('owner', 'text')
    .addColumn('lease_until', dialect.wholeNumber)
    .modifyEnd(dialect.plainTable)
    .execute();
  // Only unfinished tasks are in these two, so that a claim stays cheap however long the history grows.
  await db.schema.createIndex('tasks_unfinished').on('tasks').column('task_id').where(sql.ref('ended_at'), 'is', null).execute();
  await db.schema
    .createIndex('tasks_exclusive')
    .unique()
    .on('tasks')
    .column('exclusive_key')
    .where(sql.ref('ended_at'), 'is', null)
    .execute();
  await db.schema.createIndex('tasks_by_subject').on('tasks').columns(['subject', 'task_id']).execute();
}
