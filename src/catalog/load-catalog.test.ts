import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { backupRow, instanceRow, newTask } from '../../test/harness/catalog-rows.ts';
import { openTempCatalog, type TempCatalog } from '../../test/harness/temp-catalog.ts';
import { openSqliteDialect } from './dialects/sqlite.ts';
import { dumpCatalog } from './dump-catalog.ts';
import { loadCatalog } from './load-catalog.ts';
import { migrate } from './migrations/migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { openCatalog } from './open-catalog.ts';

async function* from<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** Everything that a database file holds, table by table. */
function contents(path: string): Record<string, unknown[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("select name from sqlite_master where type = 'table' order by name").all();
  const all = Object.fromEntries(
    tables
      .map(({ name }) => String(name))
      .filter((name) => name !== 'migrations')
      .map((name) => [
        name,
        database
          .prepare(`select * from ${name}`)
          .all()
          .map((row) => ({ ...row })),
      ]),
  );
  database.close();
  return all;
}

async function fill({ catalog }: TempCatalog): Promise<void> {
  await catalog.settings.set('repository-id', 'é – 订单\n"quoted"');
  await catalog.instances.insert(instanceRow({ sealedSecrets: new Uint8Array([0, 255, 10]) }));
  for (let number = 0; number < 250; number++) {
    await catalog.backups.insert(backupRow({ backupId: `backup-${number}`, startedAt: 2 ** 52 + number }));
  }
  await catalog.backups.complete('backup-7', { attempt: 1, endedAt: 5, sizeBytes: 9, serverKind: 'redis', serverVersion: '7' });
  await catalog.tasks.enqueue(newTask({ subject: 'backup-7' }));
  await catalog.tasks.claim('worker', ['take-backup'], 1000);
  await catalog.policies.insert({
    policyId: 40_000_000,
    accountId: 'a',
    name: 'Mine',
    kind: 'custom',
    description: '',
    document: '{}',
    createdAt: 1,
    updatedAt: 1,
  });
}

test('gives back every row of every table, and the counters with them', async () => {
  await using temp = await openTempCatalog();
  await fill(temp);
  const lines = await collect(dumpCatalog(temp.url));
  const path = join(temp.directory, 'loaded.db');
  await loadCatalog(`sqlite://${path}`, from(lines));
  const loaded = await openCatalog(`sqlite://${path}`);
  assert.deepEqual(contents(path), contents(temp.path));
  assert.deepEqual(await loaded.backups.miscounted(), []);
  await loaded.close();
  assert.deepEqual(await collect(dumpCatalog(`sqlite://${path}`)), lines);
});

test('dumps one state of the catalog while it is written, and lets writes go on', async () => {
  await using temp = await openTempCatalog();
  await fill(temp);
  const whole = await collect(dumpCatalog(temp.url));
  const reading = dumpCatalog(temp.url);
  const lines = [(await reading.next()).value];
  await temp.catalog.settings.set('later', 'x');
  await temp.catalog.backups.fail('backup-8', 9);
  for await (const line of reading) {
    lines.push(line);
  }
  assert.deepEqual(lines, whole);
});

test('loads the dump of an earlier schema and migrates it', async () => {
  await using temp = await openTempCatalog();
  const old = join(temp.directory, 'old.db');
  const dialect = openSqliteDialect(old, { readOnly: false });
  await migrate(dialect, migrations.slice(0, 1));
  await dialect.close();
  const lines = [
    JSON.stringify({ format: 'redkeep-catalog', version: 1, migrations: ['0001-initial'] }),
    JSON.stringify({ table: 'settings', columns: ['name', 'value'] }),
    JSON.stringify(['account-id', '1']),
    JSON.stringify({ end: true, rows: 1 }),
  ];
  const path = join(temp.directory, 'loaded.db');
  await loadCatalog(`sqlite://${path}`, from(lines));
  const loaded = await openCatalog(`sqlite://${path}`, { readOnly: true });
  assert.equal(await loaded.settings.get('account-id'), '1');
  await loaded.close();
});

test('refuses a dump that is cut at any line, has a row too few, a stranger or an end too soon', async () => {
  await using temp = await openTempCatalog();
  await temp.catalog.instances.insert(instanceRow());
  await temp.catalog.backups.insert(backupRow());
  const lines = await collect(dumpCatalog(temp.url));
  let made = 0;
  const refuses = async (broken: string[], code = 'catalog-dump-invalid') => {
    const url = `sqlite://${join(temp.directory, `broken-${made++}.db`)}`;
    await assert.rejects(loadCatalog(url, from(broken)), { code });
  };
  for (let end = 0; end < lines.length; end += 3) {
    await refuses(lines.slice(0, end));
  }
  const rowOf = (table: string) => lines.findIndex((line) => line.startsWith(`{"table":"${table}"`)) + 1;
  await refuses(lines.toSpliced(rowOf('policies'), 1));
  await refuses(lines.toSpliced(rowOf('backups'), 0, '{"table":"strangers","columns":["a"]}'));
  await refuses(lines.toSpliced(rowOf('backups'), 1, '["too short"]'));
  await refuses(lines.toSpliced(3, 1, 'no json'));
  await refuses(lines.with(0, '{"format":"redkeep-catalog","version":1,"migrations":["9999-future"]}'), 'catalog-too-new');
  await refuses(lines.with(0, '{"format":"redkeep-catalog","version":2,"migrations":[]}'));
});
