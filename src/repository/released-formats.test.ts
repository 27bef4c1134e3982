import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { BACKUP_ID } from '../../test/harness/attempts.ts';
import { readOffline } from '../../test/harness/offline-reader.ts';
import { createFileStorage } from '../storage/drivers/file.ts';
import { keyringFromText } from './keyring.ts';
import { openRepository } from './repository.ts';

const FIXTURES = join(import.meta.dirname, '../../test/fixtures');
const ref = { backupId: BACKUP_ID, attempt: 7 };

for (const version of ['repository-v1']) {
  const directory = join(FIXTURES, version);

  test(`restores the bytes of ${version}`, async () => {
    const keyring = keyringFromText((await readFile(join(directory, 'master-key.txt'), 'utf8')).trim());
    const repository = await openRepository(createFileStorage(join(directory, 'storage')), keyring);
    assert.deepEqual(await collect(repository.listForeignObjects()), []);
    const listed = await collect(repository.listAttempts());
    assert.deepEqual(
      listed.map(({ ref: found, hasManifest, foreignObjects }) => ({ ...found, hasManifest, foreignObjects })),
      [{ ...ref, hasManifest: true, foreignObjects: [] }],
    );

    const manifest = await repository.verifyAttempt(ref);
    assert.deepEqual(manifest, JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')));
    const reader = await repository.openAttempt(ref);
    for (const shard of manifest.shards.keys()) {
      const plain = await readFile(join(directory, `shard-${shard}.rdb`));
      assert.ok(Buffer.concat(await collect(reader.frames(shard))).equals(plain));
      assert.ok(Buffer.concat(await collect(reader.readRange(shard, 5, 150))).equals(plain.subarray(5, 155)));
    }
    assert.match((await reader.section('server-settings')).toString(), /user default on/);
  });
}

test('is read without Redkeep, by what the documented format says', async () => {
  const directory = join(FIXTURES, 'repository-v1');
  const masterKey = Buffer.from(await readFile(join(directory, 'master-key.txt'), 'utf8'), 'base64');
  const { manifest, shards } = readOffline(join(directory, 'storage'), masterKey, ref.backupId, ref.attempt);
  assert.deepEqual(manifest, JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')));
  for (const [shard, plain] of shards.entries()) {
    assert.ok(plain.equals(await readFile(join(directory, `shard-${shard}.rdb`))));
  }
});

test('has a fixture for every format version that was released', async () => {
  const found = (await readdir(FIXTURES)).filter((name) => name.startsWith('repository-v'));
  assert.deepEqual(found, ['repository-v1']);
});
