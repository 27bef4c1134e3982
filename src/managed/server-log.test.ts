import assert from 'node:assert/strict';
import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTempDirectory } from '../../test/harness/temp-supervisor.ts';
import { readLogTail, rotateServerLog } from './server-log.ts';

test('gives the last lines that were written since', async (t) => {
  const path = join(await createTempDirectory(t), 'server.log');
  assert.deepEqual(await readLogTail(path, 0), []);
  await writeFile(path, 'old\n\none\r\ntwo\nthree\n');
  assert.deepEqual(await readLogTail(path, 4), ['one', 'two', 'three']);
  assert.deepEqual(await readLogTail(path, 0, 2), ['two', 'three']);
  assert.deepEqual(await readLogTail(path, 1_000), []);
});

test('puts a large log aside, and only a large one', async (t) => {
  const directory = await createTempDirectory(t);
  const path = join(directory, 'server.log');
  await rotateServerLog(path);
  await writeFile(path, 'small');
  await rotateServerLog(path);
  await access(path);
  await writeFile(path, Buffer.alloc(4 * 1024 * 1024 + 1));
  await rotateServerLog(path);
  assert.deepEqual(await readdir(directory), ['server.log.1']);
});
