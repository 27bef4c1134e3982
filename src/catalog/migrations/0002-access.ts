import type { Transaction } from 'kysely';
import type { DialectSql } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import type { Migration } from './migrations.ts';

/** Users, their keys, and the policies that say what they may do. */
export const accessMigration: Migration = {
  name: '0002-access',
  async up(db, dialect) {
    await createUsers(db, dialect);
    await createAccessKeys(db, dialect);
    await createPolicies(db, dialect);
    await createAttachments(db, dialect);
    await insertPresets(db);
  },
};

const USER_COLUMNS: Array<'account_id' | 'uin'> = ['account_id', 'uin'];

async function createUsers(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('uid', dialect.wholeNumber, (column) => dialect.identity(column.notNull()))
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('uin', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('remark', 'text', (column) => column.notNull())
    .addColumn('phone', 'text', (column) => column.notNull())
    .addColumn('country_code', 'text', (column) => column.notNull())
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('created_at', dialect.wholeNumber, (column) => column.notNull())
    .modifyEnd(dialect.plainTable)
    .execute();
  await db.schema.createIndex('users_by_name').unique().on('users').columns(['account_id', 'name']).execute();
  await db.schema.createIndex('users_by_owner').unique().on('users').columns(USER_COLUMNS).execute();
}

async function createAccessKeys(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('access_keys')
    .addColumn('secret_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('uin', 'text', (column) => column.notNull())
    .addColumn('sealed_secret_key', dialect.bytes, (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('created_at', dialect.wholeNumber, (column) => column.notNull())
    .addForeignKeyConstraint('access_keys_of_user', USER_COLUMNS, 'users', USER_COLUMNS, (key) => key.onDelete('cascade'))
    .modifyEnd(dialect.clusteredTable)
    .execute();
  await db.schema.createIndex('access_keys_by_user').on('access_keys').columns(['account_id', 'uin', 'created_at']).execute();
}

async function createPolicies(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('policies')
    .addColumn('policy_id', dialect.wholeNumber, (column) => column.primaryKey().notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_folded', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('created_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('updated_at', dialect.wholeNumber, (column) => column.notNull())
    .modifyEnd(dialect.plainTable)
    .execute();
  await db.schema.createIndex('policies_by_name').unique().on('policies').columns(['account_id', 'name']).execute();
}

/** Attachments of one user lie side by side: they are read at each of its calls. */
async function createAttachments(db: Transaction<Schema>, dialect: DialectSql): Promise<void> {
  await db.schema
    .createTable('policy_attachments')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('uin', 'text', (column) => column.notNull())
    .addColumn('policy_id', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('attached_at', dialect.wholeNumber, (column) => column.notNull())
    .addColumn('attached_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_attachments_key', ['account_id', 'uin', 'policy_id'])
    .addForeignKeyConstraint('attachments_of_user', USER_COLUMNS, 'users', USER_COLUMNS, (key) => key.onDelete('cascade'))
    .addForeignKeyConstraint('attachments_of_policy', ['policy_id'], 'policies', ['policy_id'], (key) => key.onDelete('cascade'))
    .modifyEnd(dialect.clusteredTable)
    .execute();
  await db.schema.createIndex('policy_attachments_by_policy').on('policy_attachments').column('policy_id').execute();
}

/** Ids of the first two are the vendor's; custom policies have eight digits or more. */
const PRESETS: ReadonlyArray<readonly [policyId: number, name: string, description: string, actions: readonly string[]]> = [
  [1, 'AdministratorAccess', 'Everything, users and permissions among it.', ['*']],
  [
    2,
    'ReadOnlyAccess',
    'Reading everything, without creating or changing anything.',
    ['*:Describe*', '*:List*', 'redis:InquiryPrice*', 'cam:Get*', 'redkeep:SimulatePolicy'],
  ],
  [3, 'QcloudRedisFullAccess', 'All actions of product redis.', ['redis:*']],
  [4, 'QcloudRedisReadOnlyAccess', 'The reading actions of product redis.', ['redis:Describe*', 'redis:InquiryPrice*']],
];

async function insertPresets(db: Transaction<Schema>): Promise<void> {
  const at = Date.UTC(2026, 10, 24);
  const rows = PRESETS.map(([policyId, name, description, action]) => ({
    policy_id: policyId,
    account_id: '',
    name,
    name_folded: name.toLowerCase(),
    kind: 'preset' as const,
    description,
    document: JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action, resource: ['*'] }] }),
    created_at: at,
    updated_at: at,
  }));
  await db.insertInto('policies').values(rows).execute();
}
