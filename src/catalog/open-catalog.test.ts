import assert from 'node:assert/strict';
import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { backupRow, instanceRow, newTask } from '../../test/harness/catalog-rows.ts';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';
import { openCatalog } from './open-catalog.ts';

test('refuses URLs of another kind, without repeating what they may hide', async () => {
  for (const url of [
    'postgres://redkeep:hunter2@db/redkeep',
    'sqlite://relative.db',
    'sqlite:///',
    'sqlite:///a.db?mode=hunter2',
    'hunter2',
  ]) {
    await assert.rejects(openCatalog(url), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'catalog-unsupported');
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});

test('makes files that only their owner may read', async () => {
  await using temp = await openTempCatalog();
  await temp.catalog.settings.setOnce('name', 'value');
  for (const suffix of ['', '-wal', '-shm']) {
    const { mode } = await stat(temp.path + suffix);
    assert.equal(mode & 0o777, 0o600, suffix);
  }
});

test('keeps what was committed when it is opened again', async () => {
  await using temp = await openTempCatalog();
  await temp.catalog.settings.setOnce('name', 'value');
  await temp.catalog.close();
  const again = await openCatalog(temp.url);
  assert.equal(await again.settings.get('name'), 'value');
  await again.close();
});

test('opens read-only beside a writer, sees its commits, and one state of it in a transaction', async () => {
  await using temp = await openTempCatalog();
  const reading = await openCatalog(temp.url, { readOnly: true });
  await temp.catalog.settings.setOnce('first', '1');
  assert.equal(await reading.settings.get('first'), '1');
  await reading.transaction(async (tables) => {
    assert.equal(await tables.settings.get('second'), undefined);
    await temp.catalog.settings.setOnce('second', '2');
    assert.equal(await tables.settings.get('second'), undefined);
  });
  assert.equal(await reading.settings.get('second'), '2');
  await assert.rejects(reading.settings.setOnce('third', '3'), { code: 'catalog-unavailable' });
  await reading.close();
});

test('read-only, makes no file and migrates none', async () => {
  await using temp = await openTempCatalog();
  const missing = join(temp.directory, 'missing.db');
  await assert.rejects(openCatalog(`sqlite://${missing}`, { readOnly: true }), { code: 'catalog-unavailable' });
  await assert.rejects(stat(missing), { code: 'ENOENT' });
  const empty = join(temp.directory, 'empty.db');
  await writeFile(empty, '');
  await assert.rejects(openCatalog(`sqlite://${empty}`, { readOnly: true }), { code: 'catalog-too-old' });
});

test('says that a file is no catalog, or cannot be made', async () => {
  await using temp = await openTempCatalog();
  const text = join(temp.directory, 'text.db');
  await writeFile(text, 'these are no pages of a database\n'.repeat(100));
  await assert.rejects(openCatalog(`sqlite://${text}`), { code: 'catalog-unavailable', retryable: false });
  await assert.rejects(openCatalog(`sqlite://${temp.directory}`), { code: 'catalog-unavailable' });
  await assert.rejects(openCatalog(`sqlite://${temp.directory}/none/catalog.db`), { code: 'catalog-unavailable' });
});

test('names a catalog that broke under it unavailable, in reads, writes and transactions', async () => {
  await using temp = await openTempCatalog();
  const { catalog } = temp;
  const query = { accountId: '100000000001', region: 'ap-guangzhou', states: ['running'], limit: 20, offset: 0 } as const;
  await catalog.instances.insert(instanceRow());
  await catalog.backups.insert(backupRow());
  assert.equal((await catalog.backups.page(query)).total, 1);
  const other = new DatabaseSync(temp.path);
  other.exec('alter table backups rename to elsewhere; drop table tasks');
  const unavailable = { name: 'DomainError', code: 'catalog-unavailable', retryable: false };
  await assert.rejects(catalog.backups.page(query), unavailable);
  await assert.rejects(catalog.backups.get('backup-1'), unavailable);
  await assert.rejects(catalog.backups.insert(backupRow({ backupId: 'backup-2' })), unavailable);
  await assert.rejects(
    catalog.transaction((tables) => tables.tasks.enqueue(newTask())),
    unavailable,
  );
  other.exec('alter table elsewhere rename to backups');
  other.close();
  assert.equal((await catalog.backups.page(query)).total, 1);
});

test('finds counters that are not those of the rows, in both directions', async () => {
  await using temp = await openTempCatalog();
  const { catalog } = temp;
  await catalog.instances.insert(instanceRow());
  await catalog.backups.insert(backupRow());
  await catalog.backups.insert(backupRow({ backupId: 'backup-2', state: 'available' }));
  const other = new DatabaseSync(temp.path);
  other.exec(`
    delete from backup_counts where state = 'running';
    update backup_counts set backups = 5 where state = 'available';
    insert into backup_counts select account_id, region, instance_id, 'expired', 3 from backup_counts`);
  other.close();
  const where = { accountId: '100000000001', region: 'ap-guangzhou', instanceId: 'crs-5a4py64p' };
  assert.deepEqual(await catalog.backups.miscounted(), [
    { ...where, state: 'available', counted: 5, rows: 1 },
    { ...where, state: 'expired', counted: 3, rows: 0 },
    { ...where, state: 'running', counted: 0, rows: 1 },
  ]);
});

test('names a file that lost its content, and a closed catalog, unavailable', async () => {
  await using temp = await openTempCatalog();
  await temp.catalog.settings.setOnce('name', 'value');
  await temp.catalog.close();
  await assert.rejects(temp.catalog.settings.get('name'), { code: 'catalog-unavailable' });
  await assert.rejects(temp.catalog.settings.setOnce('name', 'value'), { code: 'catalog-unavailable' });
  const size = (await stat(temp.path)).size;
  await truncate(temp.path, size / 2);
  await assert.rejects(
    openCatalog(temp.url).then((catalog) => catalog.instances.insert(instanceRow())),
    { code: 'catalog-unavailable' },
  );
});
