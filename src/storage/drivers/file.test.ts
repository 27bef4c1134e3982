import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { collect, describeObjectStorage } from '../../../test/contract/object-storage.suite.ts';
import { isDomainError } from '../../lib/errors.ts';
import { createFileStorage } from './file.ts';

async function openInTempDir() {
  const parent = await mkdtemp(join(tmpdir(), 'redkeep-file-'));
  const root = join(parent, 'new', 'store');
  return { root, storage: createFileStorage(root), dispose: () => rm(parent, { recursive: true }) };
}

describeObjectStorage('file', { durable: true }, openInTempDir);

function testWithStore(name: string, body: (under: Awaited<ReturnType<typeof openInTempDir>>) => Promise<void>): void {
  test(name, async () => {
    const under = await openInTempDir();
    try {
      await body(under);
    } finally {
      await under.dispose();
    }
  });
}

testWithStore('makes and removes nothing when it is only opened and read', async ({ root, storage }) => {
  assert.equal(await storage.stat('a'), undefined);
  assert.deepEqual(await collect(storage.list('')), []);
  await storage.delete('a/b');
  await assert.rejects(stat(root), { code: 'ENOENT' });
});

testWithStore('keeps objects readable by the owner alone', async ({ root, storage }) => {
  await storage.put('dir/object', Buffer.from('x'));
  assert.equal((await stat(join(root, 'dir/object'))).mode & 0o777, 0o600);
  for (const directory of [root, join(root, 'dir'), join(root, '.tmp')]) {
    assert.equal((await stat(directory)).mode & 0o777, 0o700, directory);
  }
});

testWithStore('leaves no temporary file behind after finish, abort, refusal and replacement', async ({ root, storage }) => {
  await storage.put('a', Buffer.from('1'));
  await storage.put('a', Buffer.from('2'), { replace: true });
  const [early, late, dropped] = [await storage.create('b'), await storage.create('b'), await storage.create('c')];
  await early.finish();
  await assert.rejects(late.finish());
  await late.abort();
  await dropped.append(Buffer.from('x'));
  await dropped.abort();
  assert.deepEqual(await readdir(join(root, '.tmp')), []);
  assert.deepEqual((await readdir(root)).sort(), ['.tmp', 'a', 'b']);
});

testWithStore('removes directories that a deletion leaves empty', async ({ root, storage }) => {
  await storage.put('p/q/r/one', Buffer.from('1'));
  await storage.put('p/two', Buffer.from('2'));
  await storage.delete('p/q/r/one');
  assert.deepEqual(await readdir(join(root, 'p')), ['two']);
  await storage.delete('p/two');
  assert.deepEqual((await readdir(root)).sort(), ['.tmp']);
});

testWithStore('stores an object though its directory is removed in mid-upload', async ({ storage }) => {
  await storage.put('dir/old', Buffer.from('1'));
  const writer = await storage.create('dir/new');
  await writer.append(Buffer.from('2'));
  await storage.delete('dir/old');
  await writer.finish();
  assert.equal((await storage.read('dir/new')).toString(), '2');
});

testWithStore('survives deletions and writes of neighbours at the same time', async ({ storage }) => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      await storage.put(`shared/dir/object-${i}`, Buffer.from('x'));
      await storage.delete(`shared/dir/object-${i}`);
    }),
  );
  assert.deepEqual(await collect(storage.list('')), []);
});

testWithStore('flushes a long object while it is appended, and reads it back', async ({ storage }) => {
  const chunk = Buffer.alloc(8 * 1024 * 1024, 'z');
  const writer = await storage.create('long');
  for (let i = 0; i < 9; i++) {
    chunk[0] = i;
    await writer.append(chunk);
  }
  await writer.finish();
  assert.deepEqual(await storage.stat('long'), { sizeBytes: 9 * chunk.length });
  for (let i = 0; i < 9; i++) {
    assert.equal((await storage.read('long', { offset: i * chunk.length, length: 1 }))[0], i);
  }
});

testWithStore('takes an append that is longer than one write as it is', async ({ storage }) => {
  const bytes = randomBytes(3 * 256 * 1024 + 1);
  await storage.put('varied', bytes);
  assert.ok((await storage.read('varied')).equals(bytes));
});

testWithStore('sweeps unfinished objects by age and nothing else', async ({ root, storage }) => {
  await storage.put('finished', Buffer.from('x'));
  const dead = await storage.create('dead');
  await dead.append(Buffer.from('12345'));
  const live = await storage.create('live');
  await live.append(Buffer.from('1'));
  const [first = '', second = ''] = await readdir(join(root, '.tmp'));
  const deadFile = (await stat(join(root, '.tmp', first))).size === 5 ? first : second;
  await utimes(join(root, '.tmp', deadFile), 1, 1);

  assert.deepEqual(await storage.sweepUnfinished(60_000), { objects: 1, sizeBytes: 5 });
  await live.finish();
  await assert.rejects(dead.finish(), (error) => isDomainError(error, 'storage-unavailable'));
  await dead.abort();
  assert.deepEqual(
    (await collect(storage.list(''))).map(({ name }) => name),
    ['finished', 'live'],
  );
});

testWithStore('neither follows nor lists symbolic links and odd names', async ({ root, storage }) => {
  const outside = join(root, '..', 'outside');
  await storage.put('object', Buffer.from('x'));
  await writeFile(outside, 'secret');
  await symlink(outside, join(root, 'link'));
  await writeFile(join(root, 'odd name'), 'x');
  await mkdir(join(root, 'lost+found'));
  assert.deepEqual(await collect(storage.list('')), [{ name: 'object', sizeBytes: 1 }]);
  await assert.rejects(storage.read('link'), (error) => isDomainError(error, 'object-not-found'));
  await storage.delete('link');
  assert.equal(await readFile(outside, 'utf8'), 'secret');
});

testWithStore('refuses an object below an object', async ({ storage }) => {
  await storage.put('a', Buffer.from('x'));
  await assert.rejects(storage.put('a/b', Buffer.from('y')), (error) => isDomainError(error, 'object-exists'));
  assert.equal((await storage.read('a')).toString(), 'x');
});

test('reports a root that it cannot write to as unavailable', async () => {
  const storage = createFileStorage('/proc/redkeep-cannot-be-made');
  await assert.rejects(storage.put('a', Buffer.from('x')), (error) => isDomainError(error, 'storage-unavailable') && !error.retryable);
});

test('reports a full device as full', { skip: process.platform !== 'linux' }, async () => {
  const { toStorageError } = await import('./file-error.ts');
  const full = await writeFile('/dev/full', 'x').then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.equal(toStorageError(full, 'writing', 'a').code, 'storage-full');
  assert.equal(toStorageError(Object.assign(new Error('x'), { code: 'EDQUOT' }), 'writing', 'a').code, 'storage-full');
});
