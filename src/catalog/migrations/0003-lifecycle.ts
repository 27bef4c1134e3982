import type { Transaction } from 'kysely';
import type { DialectSql } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import type { Migration } from './migrations.ts';

/** What keeps backups, how they were proven, and how they go. */
export const lifecycleMigration: Migration = {
  name: '0003-lifecycle',
  async up(db, dialect) {
    await extendBackups(db, dialect);
    await createHolds(db, dialect);
  },
};

async function extendBackups(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  // One statement for each: SQLite adds one column at a time.
  const table = () => db.schema.alterTable('backups');
  await table()
    .addColumn('held_until', dialect.wholeNumber, (column) => column.notNull().defaultTo(0))
    .execute();
  await table().addColumn('removable_at', dialect.wholeNumber).execute();
  await table().addColumn('deleted_at', dialect.wholeNumber).execute();
  await table()
    .addColumn('proof_state', 'text', (column) => column.notNull().defaultTo('unproven'))
    .execute();
  await table().addColumn('proof_at', dialect.wholeNumber).execute();
  await table()
    .addColumn('proof_version', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await table()
    .addColumn('proof_message', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await db.schema.createIndex('backups_by_expiry').on('backups').columns(['state', 'expires_at']).execute();
}

/** Few rows: holds that have run out go with the next hold or release of their backup. */
async function createHolds(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('backup_holds')
    .addColumn('backup_id', 'text', (column) => column.notNull())
    .addColumn('holder_kind', 'text', (column) => column.notNull())
    .addColumn('holder_id', 'text', (column) => column.notNull())
    .addColumn('held_until', dialect.wholeNumber, (column) => column.notNull())
    .addPrimaryKeyConstraint('backup_holds_key', ['backup_id', 'holder_kind', 'holder_id'])
    .addForeignKeyConstraint('holds_of_backup', ['backup_id'], 'backups', ['backup_id'], (key) => key.onDelete('cascade'))
    .modifyEnd(dialect.clusteredTable)
    .execute();
}
