import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import { createKeyring, rotateKeyring } from './keyring.ts';
import { loadKeyringFile, openKeyring, saveKeyringFile } from './keyring-file.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-keyring-'));
  path = join(directory, 'keyring.json');
});
afterEach(() => rm(directory, { recursive: true }));

function raises(code: string) {
  return (error: unknown) => isDomainError(error, code);
}

test('saves a keyring for its owner alone and loads it again', async () => {
  const keyring = createKeyring();
  await saveKeyringFile(path, keyring);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual((await loadKeyringFile(path)).keyIds, keyring.keyIds);
  assert.deepEqual(await readdir(directory), ['keyring.json']);
});

test('never takes the place of an existing keyring unless it is told to', async () => {
  const first = createKeyring();
  await saveKeyringFile(path, first);
  await assert.rejects(saveKeyringFile(path, createKeyring()), raises('master-key-exists'));
  assert.deepEqual((await loadKeyringFile(path)).keyIds, first.keyIds);

  const rotated = rotateKeyring(first);
  await saveKeyringFile(path, rotated, { replace: true });
  assert.deepEqual((await loadKeyringFile(path)).keyIds, rotated.keyIds);
  assert.deepEqual(await readdir(directory), ['keyring.json']);
});

test('tells a missing key from a damaged, an open and an unreadable one', async () => {
  await assert.rejects(
    loadKeyringFile(path),
    (error) => isDomainError(error, 'master-key-missing') && /REDKEEP_MASTER_KEY$/.test(error.hint ?? ''),
  );
  await assert.rejects(loadKeyringFile(directory), raises('master-key-unreadable'));
  await writeFile(path, '{"format": "redkeep-keyring"', { mode: 0o600 });
  await assert.rejects(loadKeyringFile(path), raises('master-key-unreadable'));

  await writeFile(path, createKeyring().export());
  for (const mode of [0o640, 0o604, 0o620, 0o660]) {
    await chmod(path, mode);
    await assert.rejects(
      loadKeyringFile(path),
      (error) => isDomainError(error, 'master-key-unreadable') && error.hint?.startsWith('chmod 600') === true,
    );
  }
  await chmod(path, 0o400);
  await loadKeyringFile(path);
});

test('makes a key for a fresh service alone, durable before it is used', async () => {
  const isNotFresh = async () => false;
  await assert.rejects(openKeyring({ text: undefined, path, isFresh: isNotFresh }), raises('master-key-missing'));
  assert.deepEqual(await readdir(directory), []);

  const made = await openKeyring({ text: undefined, path, isFresh: async () => true });
  assert.equal(made.created, true);
  assert.equal(await readFile(path, 'utf8'), made.keyring.export());

  const again = await openKeyring({ text: undefined, path, isFresh: () => assert.fail('asked though there is a key') });
  assert.equal(again.created, false);
  assert.deepEqual(again.keyring.keyIds, made.keyring.keyIds);
});

test('makes no key over one that it cannot read, though the service looks fresh', async () => {
  await writeFile(path, 'damaged', { mode: 0o600 });
  await assert.rejects(openKeyring({ text: undefined, path, isFresh: async () => true }), raises('master-key-unreadable'));
  assert.equal(await readFile(path, 'utf8'), 'damaged');
});

test('prefers the key from the environment and leaves the file alone', async () => {
  const text = Buffer.alloc(32, 1).toString('base64');
  const { keyring, created } = await openKeyring({ text, path, isFresh: () => assert.fail('asked though a key was given') });
  assert.equal(created, false);
  assert.equal(keyring.keyIds.length, 1);
  assert.deepEqual(await readdir(directory), []);
  await assert.rejects(openKeyring({ text: '', path, isFresh: async () => true }), raises('master-key-unreadable'));
});
