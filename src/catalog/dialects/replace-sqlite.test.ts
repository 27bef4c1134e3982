import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { replaceSqlite } from './replace-sqlite.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-replace-'));
});
afterEach(() => rm(directory, { recursive: true }));

const at = (name: string) => join(directory, name);

function make(path: string, value: number): void {
  const database = new DatabaseSync(path);
  database.exec(`pragma journal_mode = wal; create table t (v integer); insert into t values (${value})`);
  database.close();
}

function read(path: string): unknown[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('select v from t order by v').all();
  database.close();
  return rows.map((row) => row['v']);
}

/** The files of a database whose process was killed: its last row is in the log alone. */
async function makeKilled(path: string): Promise<void> {
  make(at('living'), 1);
  const database = new DatabaseSync(at('living'));
  database.exec('pragma wal_autocheckpoint = 0; insert into t values (2)');
  await copyFile(at('living'), path);
  await copyFile(at('living-wal'), `${path}-wal`);
  database.close();
  await rm(at('living'));
  assert.ok((await stat(`${path}-wal`)).size > 0);
}

test('keeps all of the old one aside, what was in its log alone included, and leaves no log to the new one', async () => {
  await makeKilled(at('old'));
  make(at('new'), 7);
  assert.equal(await replaceSqlite(at('old'), at('new'), at('aside')), true);
  assert.deepEqual([read(at('old')), read(at('aside'))], [[7], [1, 2]]);
  assert.deepEqual((await readdir(directory)).sort(), ['aside', 'old']);
});

test('replaces what is no database at all, and keeps it with its log', async () => {
  await writeFile(at('old'), 'scribble');
  await writeFile(at('old-wal'), 'scribble too');
  make(at('new'), 7);
  assert.equal(await replaceSqlite(at('old'), at('new'), at('aside')), true);
  assert.deepEqual(read(at('old')), [7]);
  assert.deepEqual((await readdir(directory)).sort(), ['aside', 'aside-wal', 'old']);
});

test('puts it where there is none', async () => {
  make(at('new'), 7);
  assert.equal(await replaceSqlite(at('old'), at('new'), at('aside')), false);
  assert.deepEqual(read(at('old')), [7]);
  assert.deepEqual(await readdir(directory), ['old']);
});
