import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTempDirectory } from '../../test/harness/temp-supervisor.ts';
import { readProcessRecord, removeProcessRecord, writeProcessRecord } from './process-record.ts';

const RECORD = { pid: 4321, startTicks: '987654', bootId: 'd3d97589-c100-427a-9c46-ec0fa4215b04', port: 21_000 };

test('comes back as it was written, and goes', async (t) => {
  const directory = await createTempDirectory(t);
  assert.equal(await readProcessRecord(directory), undefined);
  await writeProcessRecord(directory, RECORD);
  assert.deepEqual(await readProcessRecord(directory), RECORD);
  assert.deepEqual(await readdir(directory), ['process.json']);
  await removeProcessRecord(directory);
  assert.equal(await readProcessRecord(directory), undefined);
});

test('counts as absent where it makes no sense, above all a pid that would hit a group or init', async (t) => {
  const directory = await createTempDirectory(t);
  const broken = ['', 'null', '[]', '{', JSON.stringify(RECORD).slice(0, -1)];
  const wrong = [{ pid: -1 }, { pid: 0 }, { pid: 1 }, { pid: 1.5 }, { pid: '4321' }, { startTicks: 5 }, { bootId: null }, { port: 'x' }];
  for (const text of [...broken, ...wrong.map((change) => JSON.stringify({ ...RECORD, ...change }))]) {
    await writeFile(join(directory, 'process.json'), text);
    assert.equal(await readProcessRecord(directory), undefined, text);
  }
});
