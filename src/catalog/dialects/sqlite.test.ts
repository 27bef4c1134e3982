import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { sql } from 'kysely';
import { backupRow, instanceRow, newTask } from '../../../test/harness/catalog-rows.ts';
import { openTempCatalog } from '../../../test/harness/temp-catalog.ts';
import type { Reader } from '../dialect.ts';
import { databaseScope, type Scope } from '../scope.ts';
import { readBackupPage } from '../stores/backup-page.ts';
import { createInstanceStore } from '../stores/instance-store.ts';
import { openSqliteDialect } from './sqlite.ts';

test('commits are durable at power loss and foreign keys hold', async () => {
  await using temp = await openTempCatalog();
  const { writer, close } = openSqliteDialect(temp.path, { readOnly: false });
  const pragma = async (name: string) => Object.values((await sql`pragma ${sql.raw(name)}`.execute(writer)).rows[0] ?? {})[0];
  assert.equal(await pragma('journal_mode'), 'wal');
  assert.equal(await pragma('synchronous'), 2);
  assert.equal(await pragma('foreign_keys'), 1);
  assert.equal(await pragma('busy_timeout'), 5_000);
  await close();
});

test('a commit that need not wait for the disk is the only one of its kind, also where it fails', async () => {
  await using temp = await openTempCatalog();
  const dialect = openSqliteDialect(temp.path, { readOnly: false });
  const scope = databaseScope(dialect);
  const level = async ({ db }: Pick<Scope, 'db'>) =>
    Object.values((await sql<{ synchronous: number }>`pragma synchronous`.execute(db)).rows[0] ?? {})[0];
  const [inside, beside] = await Promise.all([scope.unflushed(level), scope.atomic(level)]);
  assert.deepEqual([inside, beside], [1, 2]);
  await assert.rejects(
    scope.unflushed(async () => {
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal(await level(scope), 2);
  assert.equal(await scope.atomic((transaction) => transaction.unflushed(level)), 2);
  await dialect.close();
});

test('finds an index that does not fit its table, and a row that refers to none', async () => {
  await using temp = await openTempCatalog();
  const { catalog } = temp;
  await catalog.instances.insert(instanceRow());
  await catalog.backups.insert(backupRow());
  await catalog.tasks.enqueue(newTask());
  assert.deepEqual(await catalog.findDamage(), []);
  // A connection that does not know of an index does not keep it (sqlite.org/pragma.html#pragma_writable_schema).
  const hiding = new DatabaseSync(temp.path, { defensive: false });
  const index = hiding.prepare("select rootpage, sql from sqlite_schema where name = 'tasks_by_subject'").get();
  hiding.exec("pragma writable_schema = on; delete from sqlite_schema where name = 'tasks_by_subject'");
  hiding.close();
  const changing = new DatabaseSync(temp.path, { defensive: false, enableForeignKeyConstraints: false });
  changing.exec('delete from tasks; delete from instances; pragma writable_schema = on');
  const row = "insert into sqlite_schema values ('index', 'tasks_by_subject', 'tasks', ?, ?)";
  changing.prepare(row).run(index?.['rootpage'] ?? null, index?.['sql'] ?? null);
  changing.close();
  assert.deepEqual(await catalog.findDamage(), [
    'wrong # of entries in index tasks_by_subject',
    'a row of backups refers to one of instances that does not exist',
  ]);
});

test('reads pages of backups through the right index, without sorting', async () => {
  await using temp = await openTempCatalog();
  const dialect = openSqliteDialect(temp.path, { readOnly: true });
  const statements: string[] = [];
  const scope = databaseScope({
    ...dialect,
    reader: {
      rows: dialect.reader.rows,
      tuples: (query) => {
        statements.push(query.sql);
        return dialect.reader.tuples(query);
      },
    },
  });
  await temp.catalog.instances.insert(instanceRow());
  await temp.catalog.instances.insert(instanceRow({ instanceId: 'crs-second' }));
  await temp.catalog.backups.insert(backupRow());
  const explain = new DatabaseSync(temp.path);
  const plans = async (filter: object) => {
    statements.length = 0;
    const account = { accountId: '100000000001', region: 'ap-guangzhou', states: ['running', 'available'], limit: 20, offset: 0 } as const;
    await readBackupPage(scope, { ...account, ...filter });
    return statements.map((statement) => {
      const steps = explain.prepare(`explain query plan ${statement}`).all(...Array(statement.split('?').length - 1).fill(null));
      return steps.map((step) => String(step['detail']).replace(/ \(.*/, ''))[0];
    });
  };
  const counters = 'SEARCH backup_counts USING PRIMARY KEY';
  const oneInstance = 'SEARCH backups USING PRIMARY KEY';
  const region = 'SEARCH backups USING INDEX backups_by_region';
  const regionOnly = 'SEARCH backups USING COVERING INDEX backups_by_region';
  assert.deepEqual(await plans({ instanceId: 'crs-5a4py64p' }), [oneInstance, counters]);
  assert.deepEqual(await plans({ instanceId: 'crs-5a4py64p', startedFrom: 1, startedTo: 2 }), [oneInstance, oneInstance]);
  assert.deepEqual(await plans({}), [region, counters]);
  assert.deepEqual(await plans({ startedFrom: 1 }), [region, regionOnly]);
  assert.deepEqual(await plans({ instanceNameContains: 'c', startedTo: 9 }), [region, regionOnly]);
  assert.deepEqual(await plans({ instanceIds: ['crs-5a4py64p', 'crs-second'] }), [region, counters]);
  assert.deepEqual(await plans({ instanceIds: ['crs-5a4py64p'], startedFrom: 1 }), [region, regionOnly]);
  explain.close();
  await dialect.close();
});

test('finds one instance by its key, not among all of the region', async () => {
  await using temp = await openTempCatalog();
  const dialect = openSqliteDialect(temp.path, { readOnly: true });
  const statements: string[] = [];
  const rows: Reader['rows'] = (query) => {
    statements.push(query.sql);
    return dialect.reader.rows(query);
  };
  const store = createInstanceStore(databaseScope({ ...dialect, reader: { ...dialect.reader, rows } }));
  await store.list({ accountId: '100000000001', region: 'ap-guangzhou', instanceIds: ['crs-5a4py64p'], limit: 20, offset: 0 });
  const explain = new DatabaseSync(temp.path);
  for (const statement of statements) {
    const steps = explain.prepare(`explain query plan ${statement}`).all(...Array(statement.split('?').length - 1).fill(null));
    assert.match(steps.map((step) => step['detail']).join(), /^SEARCH instances USING INDEX \w+ \([^()]*\binstance_id=\?\)$/);
  }
  assert.equal(statements.length, 2);
  explain.close();
  await dialect.close();
});
