import { sql, type Transaction } from 'kysely';
import type { DialectSql } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import type { Migration } from './migrations.ts';

/** What keeps backups, how they were proven, how they go; when automatic ones are due; what somebody should hear of. */
export const lifecycleMigration: Migration = {
  name: '0003-lifecycle',
  async up(db, dialect) {
    await extendBackups(db, dialect);
    await createHolds(db, dialect);
    await createSchedules(db, dialect);
    await createEvents(db, dialect);
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

async function createSchedules(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('schedules')
    .addColumn('instance_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('week_days', 'text', (column) => column.notNull())
    .addColumn('hour', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('storage_days', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('active_from', dialect.wholeNumber, (column) => column.notNull())
    .addForeignKeyConstraint('schedules_of_instance', ['instance_id'], 'instances', ['instance_id'], (key) => key.onDelete('cascade'))
    .modifyEnd(dialect.plainTable)
    .execute();
  // The primary key makes each window fire once.
  await db.schema
    .createTable('schedule_runs')
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('local_date', 'text', (column) => column.notNull())
    .addColumn('hour', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('opens_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('catch_up', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('task_id', dialect.wholeNumber)
    .addColumn('decided_at', dialect.wholeNumber, (column) => column.notNull())
    .addPrimaryKeyConstraint('schedule_runs_key', ['instance_id', 'local_date', 'hour'])
    .addForeignKeyConstraint('runs_of_instance', ['instance_id'], 'instances', ['instance_id'], (key) => key.onDelete('cascade'))
    .modifyEnd(dialect.clusteredTable)
    .execute();
  await db.schema
    .createIndex('schedule_runs_started')
    .on('schedule_runs')
    .column('opens_at')
    .where(sql.ref('state'), '=', 'started')
    .execute();
}

async function createEvents(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('event_id', dialect.wholeNumber, (column) => dialect.identity(column.notNull()))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('event_key', 'text', (column) => column.notNull().unique())
    .addColumn('at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('delivered_at', dialect.wholeNumber)
    .addColumn('failed_tries', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('next_try_at', dialect.wholeNumber, (column) => column.notNull())
    .modifyEnd(dialect.plainTable)
    .execute();
  await db.schema.createIndex('events_undelivered').on('events').column('event_id').where(sql.ref('delivered_at'), 'is', null).execute();
}
