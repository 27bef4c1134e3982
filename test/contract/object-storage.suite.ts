import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isDomainError } from '../../src/lib/errors.ts';
import type { ObjectStorage, StorageErrorCode } from '../../src/storage/object-storage.ts';

export interface StorageUnderTest {
  readonly storage: ObjectStorage;
  /** Removes everything that the store holds. */
  dispose(): Promise<void>;
}

/** All that an asynchronous iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

/** What every ObjectStorage driver must do. `open` makes an empty store, once for each test. */
export function describeObjectStorage(driver: string, expected: { durable: boolean }, open: () => Promise<StorageUnderTest>): void {
  describe(`object storage contract: ${driver}`, () => {
    let under: StorageUnderTest;
    let storage: ObjectStorage;

    beforeEach(async () => {
      under = await open();
      storage = under.storage;
    });
    afterEach(() => under.dispose());

    async function names(prefix = ''): Promise<string[]> {
      return (await collect(storage.list(prefix))).map(({ name }) => name);
    }

    function raises(code: StorageErrorCode) {
      return (error: unknown) => isDomainError(error, code);
    }

    test('states its features and a URL without a secret', () => {
      assert.equal(storage.features.durable, expected.durable);
      assert.ok(storage.features.maxObjectBytes >= 2 ** 30);
      assert.match(storage.url, /^[a-z0-9]+:/);
      assert.doesNotMatch(storage.url, /@/);
    });

    test('reads back what was appended, whole and by range', async () => {
      const bytes = randomBytes(300_000);
      const writer = await storage.create('dir/object');
      for (let at = 0; at < bytes.length; at += 70_001) {
        await writer.append(bytes.subarray(at, at + 70_001));
      }
      await writer.finish();

      assert.deepEqual(await storage.stat('dir/object'), { sizeBytes: bytes.length });
      assert.deepEqual(await storage.read('dir/object'), bytes);
      assert.deepEqual(await storage.read('dir/object', { offset: 69_990, length: 30 }), bytes.subarray(69_990, 70_020));
      assert.deepEqual(await storage.read('dir/object', { offset: 299_000 }), bytes.subarray(299_000));
      assert.equal((await storage.read('dir/object', { offset: 300_000, length: 0 })).length, 0);
    });

    test('keeps appended bytes though the caller uses its buffer again', async () => {
      const buffer = Buffer.alloc(10, 'a');
      const writer = await storage.create('reused');
      await writer.append(buffer);
      buffer.fill('b');
      await writer.append(buffer);
      await writer.finish();
      assert.equal((await storage.read('reused')).toString(), 'aaaaaaaaaabbbbbbbbbb');
    });

    test('stores empty objects', async () => {
      await (await storage.create('empty-created')).finish();
      await storage.put('empty-put', Buffer.alloc(0));
      assert.deepEqual(await storage.stat('empty-created'), { sizeBytes: 0 });
      assert.equal((await storage.read('empty-put')).length, 0);
    });

    test('shows an object only when it is finished', async () => {
      const writer = await storage.create('dir/object');
      await writer.append(Buffer.from('half'));
      assert.equal(await storage.stat('dir/object'), undefined);
      assert.deepEqual(await names(), []);
      await assert.rejects(storage.read('dir/object'), raises('object-not-found'));
      await writer.finish();
      assert.deepEqual(await names(), ['dir/object']);
    });

    test('leaves nothing of an aborted object, and abort may be called at any time', async () => {
      const writer = await storage.create('gone');
      await writer.append(Buffer.from('bytes'));
      await writer.abort();
      await writer.abort();
      assert.deepEqual(await names(), []);
      await assert.rejects(writer.append(Buffer.from('more')));
      await assert.rejects(writer.finish());

      const finished = await storage.create('kept');
      await finished.finish();
      await finished.abort();
      assert.deepEqual(await names(), ['kept']);
    });

    test('stops in mid-upload when the signal is aborted', async () => {
      const controller = new AbortController();
      const writer = await storage.create('cancelled', { signal: controller.signal });
      await writer.append(Buffer.from('bytes'));
      const reason = new Error('shutting down');
      controller.abort(reason);
      await assert.rejects(writer.append(Buffer.from('more')), reason);
      await assert.rejects(writer.finish(), reason);
      await writer.abort();
      assert.deepEqual(await names(), []);
    });

    test('starts nothing under an aborted signal', async () => {
      await storage.put('there', Buffer.from('x'));
      const signal = AbortSignal.abort(new Error('stopped'));
      await assert.rejects(storage.create('a', { signal }), /stopped/);
      await assert.rejects(storage.put('a', Buffer.from('x'), { signal }), /stopped/);
      await assert.rejects(storage.read('there', { signal }), /stopped/);
      await assert.rejects(storage.stat('there', { signal }), /stopped/);
      await assert.rejects(storage.delete('there', { signal }), /stopped/);
      await assert.rejects(collect(storage.list('', { signal })), /stopped/);
      assert.deepEqual(await names(), ['there']);
    });

    test('never overwrites', async () => {
      await storage.put('taken', Buffer.from('first'));
      await assert.rejects(storage.put('taken', Buffer.from('second')), raises('object-exists'));
      await assert.rejects(storage.create('taken'), raises('object-exists'));
      assert.equal((await storage.read('taken')).toString(), 'first');
    });

    test('refuses the later of two writers of one name', async () => {
      const early = await storage.create('raced');
      const late = await storage.create('raced');
      await early.append(Buffer.from('early'));
      await late.append(Buffer.from('late'));
      await early.finish();
      await assert.rejects(late.finish(), raises('object-exists'));
      await late.abort();
      assert.equal((await storage.read('raced')).toString(), 'early');
    });

    test('replaces where it is told to', async () => {
      await storage.put('dir/settings', Buffer.from('a longer old text'), { replace: true });
      await storage.put('dir/settings', Buffer.from('new'), { replace: true });
      assert.equal((await storage.read('dir/settings')).toString(), 'new');
      assert.deepEqual(await names(), ['dir/settings']);
    });

    test('never returns fewer bytes than asked for', async () => {
      await storage.put('short', Buffer.from('0123456789'));
      await assert.rejects(storage.read('short', { offset: 5, length: 6 }), raises('object-truncated'));
      await assert.rejects(storage.read('short', { offset: 11, length: 0 }), raises('object-truncated'));
      await assert.rejects(storage.read('short', { offset: 0, length: 2 ** 45 }), raises('object-truncated'));
    });

    test('lists by prefix in byte order of the whole name', async () => {
      const all = ['a.b', 'a/b', 'a/b0', 'a0', 'B', 'a-b', 'a/c/d', 'b/10', 'b/2', '_'];
      for (const name of all) {
        await storage.put(name, Buffer.from(name));
      }
      assert.deepEqual(await names(), [...all].sort());
      assert.deepEqual(await names('a/'), ['a/b', 'a/b0', 'a/c/d']);
      assert.deepEqual(await names('a'), ['a-b', 'a.b', 'a/b', 'a/b0', 'a/c/d', 'a0']);
      assert.deepEqual(await names('a/c/d'), ['a/c/d']);
      assert.deepEqual(await names('b/1'), ['b/10']);
      assert.deepEqual(await names('none/'), []);
      assert.deepEqual(await collect(storage.list('a0')), [{ name: 'a0', sizeBytes: 2 }]);
    });

    test('goes on listing while objects are deleted', async () => {
      for (let i = 0; i < 10; i++) {
        await storage.put(`d${i}/object`, Buffer.from('x'));
      }
      const seen: string[] = [];
      for await (const { name } of storage.list('')) {
        seen.push(name);
        await storage.delete('d5/object');
        await storage.delete(name);
      }
      assert.deepEqual(
        seen,
        [0, 1, 2, 3, 4, 6, 7, 8, 9].map((i) => `d${i}/object`),
      );
      assert.deepEqual(await names(), []);
    });

    test('deletes, and deletes what is not there', async () => {
      await storage.put('x/y', Buffer.from('1'));
      await storage.put('x/z', Buffer.from('2'));
      await storage.delete('x/y');
      await storage.delete('x/y');
      await storage.delete('never/was');
      await storage.delete('x');
      assert.deepEqual(await names(), ['x/z']);
      await storage.put('x/y', Buffer.from('again'));
      assert.equal((await storage.read('x/y')).toString(), 'again');
    });

    test('knows nothing of an absent object', async () => {
      await storage.put('parent/child', Buffer.from('x'));
      for (const name of ['absent', 'parent', 'parent/child/deeper']) {
        assert.equal(await storage.stat(name), undefined, name);
        await assert.rejects(storage.read(name), raises('object-not-found'), name);
      }
    });

    test('refuses names that try path tricks', async () => {
      for (const name of ['../out', 'a/../../out', '/etc/passwd', 'a//b', '.tmp/x', '', '.', 'a/', 'a\0b']) {
        await assert.rejects(async () => storage.create(name), raises('object-name-invalid'), name);
        await assert.rejects(async () => storage.put(name, Buffer.from('x')), raises('object-name-invalid'), name);
        await assert.rejects(async () => storage.read(name), raises('object-name-invalid'), name);
        await assert.rejects(async () => storage.stat(name), raises('object-name-invalid'), name);
        await assert.rejects(async () => storage.delete(name), raises('object-name-invalid'), name);
      }
      await assert.rejects(collect(storage.list('../')), raises('object-name-invalid'));
      assert.deepEqual(await names(), []);
    });

    test('sweeps no finished object and no writer that was active of late', async () => {
      await storage.put('finished', Buffer.from('x'));
      const writer = await storage.create('active');
      await writer.append(Buffer.from('y'));
      assert.deepEqual(await storage.sweepUnfinished(3_600_000), { objects: 0, sizeBytes: 0 });
      await writer.finish();
      assert.deepEqual(await names(), ['active', 'finished']);
    });
  });
}
