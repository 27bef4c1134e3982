import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { BACKUP_ID, cut, writeAttempt } from '../../test/harness/attempts.ts';
import { isDomainError } from '../lib/errors.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { REPOSITORY_OBJECT } from './format.ts';
import { createKeyring } from './keyring.ts';
import { createRepository, openRepository, type Repository } from './repository.ts';
import type { Manifest } from './types.ts';

const first = { backupId: BACKUP_ID, attempt: 1 };
const second = { backupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d', attempt: 1 };
const retry = { backupId: BACKUP_ID, attempt: 2 };
const keyring = createKeyring();
const plain = randomBytes(2500);
const originals = new Map<string, Buffer>();
let manifest: Manifest;
let storage: ObjectStorage;
let repository: Repository;

before(async () => {
  const template = createMemoryStorage();
  const made = await createRepository(template, keyring);
  manifest = await writeAttempt(made, first, [cut(plain, 1000), [Buffer.from('second shard')]], { settings: 'secret' });
  await writeAttempt(made, second, [cut(plain, 1000), [Buffer.from('second shard')]], { settings: 'secret' });
  await writeAttempt(made, retry, [cut(plain, 1000), [Buffer.from('second shard')]], { settings: 'secret' });
  for await (const { name } of template.list('')) {
    originals.set(name, await template.read(name));
  }
});

beforeEach(async () => {
  storage = createMemoryStorage();
  for (const [name, bytes] of originals) {
    await storage.put(name, bytes);
  }
  repository = await openRepository(storage, keyring);
});

function object(ref: typeof first, own: string): string {
  return `backups/${ref.backupId}/${ref.attempt}/${own}`;
}

function original(name: string): Buffer {
  return originals.get(name) ?? assert.fail(`no object ${name}`);
}

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ 0x01;
  return flipped;
}

async function replace(name: string, bytes: Uint8Array): Promise<void> {
  await storage.put(name, bytes, { replace: true });
}

async function assertDamaged(what: string, ...codes: string[]): Promise<void> {
  const expected = codes.length === 0 ? ['backup-damaged'] : codes;
  for (const read of [repository.verifyAttempt, repository.authenticateAttempt]) {
    await assert.rejects(read(first), (error) => isDomainError(error, ...expected) || assert.fail(`${what}: ${String(error)}`), what);
  }
}

test('detects every changed byte in manifest, indexes, sections and data', async () => {
  await repository.verifyAttempt(first);
  await repository.authenticateAttempt(first);
  for (const own of ['manifest', 'index-00000', 'index-00001', 'section-settings', 'data-00000-00000', 'data-00001-00000']) {
    const name = object(first, own);
    const bytes = original(name);
    // Every byte of the small ones and of the first frame's header, a sample of the rest.
    const step = (at: number) => (at < 300 || own.startsWith('index') ? 1 : 7);
    for (let at = 0; at < bytes.length; at += step(at)) {
      await replace(name, flip(bytes, at));
      await assertDamaged(`${own} byte ${at}`, 'backup-damaged', ...(own === 'data-00000-00000' ? [] : headerCodes(own, at)));
    }
    await replace(name, bytes);
  }
  await repository.verifyAttempt(first);
});

/** A changed version or key id cannot be told from a newer format or another key. */
function headerCodes(own: string, at: number): string[] {
  const isVersion = !own.startsWith('data') && (at === 4 || at === 5);
  const isKeyId = own === 'manifest' && at >= 6 && at < 14;
  return [...(isVersion ? ['repository-format-unsupported'] : []), ...(isKeyId ? ['master-key-missing'] : [])];
}

test('detects objects that are cut at any offset, grown, or gone', async () => {
  for (const own of ['manifest', 'index-00000', 'section-settings', 'data-00000-00000', 'data-00001-00000']) {
    const name = object(first, own);
    const bytes = original(name);
    for (let end = 0; end < bytes.length; end += end < 200 ? 1 : 17) {
      await replace(name, bytes.subarray(0, end));
      await assertDamaged(`${own} cut at ${end}`);
    }
    await replace(name, Buffer.concat([bytes, Buffer.from([0])]));
    await assertDamaged(`${own} with one byte more`);
    await storage.delete(name);
    await assertDamaged(`${own} gone`, own === 'manifest' ? 'manifest-missing' : 'backup-damaged');
    await replace(name, bytes);
  }
});

test('detects a shard that was cut at the end of a frame', async () => {
  const name = object(first, 'data-00000-00000');
  const frames = splitFrames(original(name));
  assert.equal(frames.length, 3);
  await replace(name, Buffer.concat(frames.slice(0, 2)));
  await assertDamaged('without its last frame');
  // Read as a stream, without the check of sizes, the missing last frame shows as well.
  await assert.rejects(collect((await repository.openAttempt(first)).frames(0)), (error) => isDomainError(error, 'backup-damaged'));
});

test('detects frames that changed places', async () => {
  const name = object(first, 'data-00000-00000');
  const [a, b, c] = splitFrames(original(name));
  assert.ok(a && b && c && a.length === b.length);
  for (const order of [
    [b, a, c],
    [a, a, c],
    [b, b, c],
  ]) {
    await replace(name, Buffer.concat(order));
    await assertDamaged('swapped frames');
  }
});

test('detects objects of another backup, another attempt or another shard', async () => {
  for (const other of [second, retry]) {
    for (const own of ['data-00000-00000', 'index-00000', 'section-settings', 'manifest']) {
      const stolen = original(object(other, own));
      assert.equal(stolen.length, original(object(first, own)).length, 'the test needs equal sizes');
      await replace(object(first, own), stolen);
      await assertDamaged(`${own} of ${other.backupId}/${other.attempt}`);
      await replace(object(first, own), original(object(first, own)));
    }
    // All of it moved at once: consistent in itself, but not what it says it is.
    for (const [name, bytes] of originals) {
      if (name.startsWith(object(other, ''))) {
        await replace(object(first, name.slice(object(other, '').length)), bytes);
      }
    }
    await assertDamaged('a whole attempt moved');
  }
  assert.equal(manifest.shards.length, 2);
});

test('does not open the backups of another repository, though the key is the same', async () => {
  const elsewhere = createMemoryStorage();
  const other = await createRepository(elsewhere, keyring);
  for (const [name, bytes] of originals) {
    if (name !== REPOSITORY_OBJECT) {
      await elsewhere.put(name, bytes);
    }
  }
  await assert.rejects(other.verifyAttempt(first), (error) => isDomainError(error, 'backup-damaged'));
});

test('detects every changed byte of repository.json', async () => {
  const bytes = original(REPOSITORY_OBJECT);
  const codes = ['repository-damaged', 'repository-format-unsupported', 'master-key-wrong'];
  for (let at = 0; at < bytes.length; at++) {
    await replace(REPOSITORY_OBJECT, flip(bytes, at));
    await assert.rejects(openRepository(storage, keyring), (error) => isDomainError(error, ...codes), `byte ${at}`);
    await replace(REPOSITORY_OBJECT, bytes.subarray(0, at));
    await assert.rejects(openRepository(storage, keyring), (error) => isDomainError(error, 'repository-damaged'), `cut at ${at}`);
  }
});

test('refuses a format of the future before it looks at anything else', async () => {
  for (const text of ['{"format":"redkeep-repository","version":2}', '{"format":"redkeep-repository","version":"1","repositoryId":7}']) {
    await replace(REPOSITORY_OBJECT, Buffer.from(text));
    await assert.rejects(openRepository(storage, createKeyring()), (error) => isDomainError(error, 'repository-format-unsupported'));
  }
  const name = object(first, 'manifest');
  const future = Buffer.from(original(name));
  future.writeUInt16BE(2, 4);
  await replace(name, Buffer.concat([future.subarray(0, 6), Buffer.alloc(future.length - 6)]));
  await assertDamaged('a manifest of the future', 'repository-format-unsupported');
});

test('keeps a failing storage apart from damage', async () => {
  const { storageError } = await import('../storage/object-storage.ts');
  const failing: ObjectStorage = { ...storage, read: async () => Promise.reject(storageError('storage-unavailable', 'EIO')) };
  const reopened = await openRepository(
    { ...failing, read: (name, options) => (name === REPOSITORY_OBJECT ? storage.read(name, options) : failing.read(name)) },
    keyring,
  );
  await assert.rejects(reopened.verifyAttempt(first), (error) => isDomainError(error, 'storage-unavailable'));
});

/** Splits a data object by the stored lengths in its frame headers. */
function splitFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 20 + bytes.readUInt32BE(at + 16) + 16;
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}
