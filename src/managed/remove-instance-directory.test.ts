import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTempDirectory } from '../../test/harness/temp-supervisor.ts';
import { removeInstanceDirectory } from './remove-instance-directory.ts';

test('removes one instance, and what an earlier crash left of others, but nothing else', async (t) => {
  const parent = await createTempDirectory(t);
  for (const name of ['crs-one', 'crs-one.removing', 'crs-two', 'crs-three.removing']) {
    await mkdir(join(parent, name, 'appendonlydir'), { recursive: true });
    await writeFile(join(parent, name, 'appendonlydir', 'file'), name);
  }
  await removeInstanceDirectory(parent, join(parent, 'crs-one'));
  assert.deepEqual(await readdir(parent), ['crs-two']);
  await removeInstanceDirectory(parent, join(parent, 'crs-one'));
  assert.deepEqual(await readdir(join(parent, 'crs-two')), ['appendonlydir']);
});
