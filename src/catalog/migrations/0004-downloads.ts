import type { Migration } from './migrations.ts';

/** From where backups may be downloaded. */
export const downloadsMigration: Migration = {
  name: '0004-downloads',
  async up(db, dialect) {
    await db.schema
      .createTable('download_restrictions')
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('region', 'text', (column) => column.notNull())
      .addColumn('rule', 'text', (column) => column.notNull())
      .addColumn('updated_at', dialect.wholeNumber, (column) => column.notNull())
      .addPrimaryKeyConstraint('download_restrictions_key', ['account_id', 'region'])
      .modifyEnd(dialect.clusteredTable)
      .execute();
  },
};
