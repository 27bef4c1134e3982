import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openSqlite } from './sqlite-connection.ts';

let directory: string;
let path: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-sqlite-'));
  path = join(directory, 'x.db');
});
after(() => rm(directory, { recursive: true }));

test('says that a lock of another connection can be waited for', () => {
  const one = openSqlite(path, { readOnly: false, busyTimeoutMs: 0 });
  const two = openSqlite(path, { readOnly: false, busyTimeoutMs: 0 });
  one.exec('create table t (x integer primary key) strict; begin immediate; insert into t values (1)');
  assert.throws(() => two.exec('insert into t values (2)'), { code: 'catalog-unavailable', retryable: true });
  one.exec('commit');
  assert.throws(() => two.exec('insert into t values (1)'), { code: 'catalog-conflict', retryable: false });
  assert.throws(() => two.exec("insert into t values ('text')"), { code: 'catalog-unavailable', retryable: false });
  two.close();
  two.close();
  one.close();
});

test('keeps giving right answers with more statements than it caches', () => {
  const connection = openSqlite(path, { readOnly: false, busyTimeoutMs: 0 });
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 250; index++) {
      assert.deepEqual(connection.tuples(`select ${index}, ?`, [round]), [[index, round]]);
    }
  }
  connection.close();
});
