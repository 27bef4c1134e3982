import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Dialect } from '../dialect.ts';
import { openSqliteDialect } from '../dialects/sqlite.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { type Migration, migrations } from './migrations.ts';

let directory: string;
let dialect: Dialect;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-migrate-'));
  dialect = openSqliteDialect(join(directory, 'catalog.db'), { readOnly: false });
});
afterEach(async () => {
  await dialect.close();
  await rm(directory, { recursive: true });
});

const addColumn: Migration = {
  name: '9002-add-column',
  up: async (db) => {
    await db.schema.alterTable('settings').addColumn('note', 'text').execute();
  },
};

async function columns(table: string): Promise<string[]> {
  const tables = await dialect.writer.introspection.getTables();
  return tables.find(({ name }) => name === table)?.columns.map(({ name }) => name) ?? [];
}

test('migrates an empty database, and then has nothing to do', async () => {
  assert.deepEqual(
    await migrate(dialect, migrations),
    migrations.map(({ name }) => name),
  );
  assert.deepEqual(await migrate(dialect, migrations), []);
  await requireMigrated(dialect, migrations);
});

test('runs only what is new', async () => {
  await migrate(dialect, migrations);
  assert.deepEqual(await migrate(dialect, [...migrations, addColumn]), ['9002-add-column']);
  assert.deepEqual(await columns('settings'), ['name', 'value', 'note']);
});

test('lets two starters at once end with one migrated database', async () => {
  const runs = await Promise.all([migrate(dialect, migrations), migrate(dialect, migrations)]);
  assert.deepEqual(
    runs.flat(),
    migrations.map(({ name }) => name),
  );
});

test('leaves nothing of a migration that fails, nor of those before it in the same run', async () => {
  await migrate(dialect, migrations);
  const failing: Migration = {
    name: '9003-fails',
    up: async (db) => {
      await db.schema.alterTable('settings').addColumn('half', 'text').execute();
      await db.schema.dropTable('no_such_table').execute();
    },
  };
  await assert.rejects(migrate(dialect, [...migrations, addColumn, failing]), { code: 'catalog-unavailable' });
  assert.deepEqual(await columns('settings'), ['name', 'value']);
  assert.deepEqual(await migrate(dialect, [...migrations, addColumn]), ['9002-add-column']);
});

test('refuses a database that a newer program has migrated', async () => {
  await migrate(dialect, [...migrations, addColumn]);
  await assert.rejects(migrate(dialect, migrations), { code: 'catalog-too-new', message: /9002-add-column/ });
  await assert.rejects(requireMigrated(dialect, migrations), { code: 'catalog-too-new' });
});

test('says which migrations a database lacks', async () => {
  await assert.rejects(requireMigrated(dialect, migrations), { code: 'catalog-too-old', message: /0001-initial/ });
  await migrate(dialect, migrations);
  await assert.rejects(requireMigrated(dialect, [...migrations, addColumn]), { code: 'catalog-too-old', message: /9002-add-column/ });
});
