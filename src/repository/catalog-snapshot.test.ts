import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { pickSeed } from '../../test/harness/random-seed.ts';
import { createRandom, splitAtRandom } from '../../test/harness/random-splits.ts';
import { isDomainError } from '../lib/errors.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { createKeyring, rotateKeyring, withoutKey } from './keyring.ts';
import { createRepository, openRepository, type Repository } from './repository.ts';

const keyring = createKeyring();
let storage: ObjectStorage;
let repository: Repository;
beforeEach(async () => {
  storage = createMemoryStorage();
  repository = await createRepository(storage, keyring);
});

async function* from(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function readAll(number: number, of = repository): Promise<Buffer> {
  return Buffer.concat(await collect((await of.snapshots.open(number)).plain()));
}

const name = (number: number) => `catalog/${String(number).padStart(16, '0')}`;

test('gives back what was put in, of any length and however it came', async (t) => {
  const random = createRandom(pickSeed(t));
  for (const [index, length] of [0, 1, 262_143, 262_144, 262_145, 900_000].entries()) {
    const plain = randomBytes(length);
    await repository.snapshots.write({ number: index + 1, takenAt: 7 }, from(splitAtRandom(plain, random, 100_000)));
    assert.ok((await readAll(index + 1)).equals(plain), `${length} bytes`);
  }
  const { takenAt, keyId } = await repository.snapshots.open(1);
  assert.deepEqual([takenAt, keyId], [7, keyring.activeKeyId]);
  assert.deepEqual(
    (await repository.snapshots.list()).map(({ number }) => number),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(await collect(repository.listForeignObjects()), []);
});

test('never takes the place of another one', async () => {
  await repository.snapshots.write({ number: 3, takenAt: 7 }, from([Buffer.from('first')]));
  await assert.rejects(repository.snapshots.write({ number: 3, takenAt: 7 }, from([Buffer.from('second')])), { code: 'object-exists' });
  assert.equal((await readAll(3)).toString(), 'first');
  await repository.snapshots.remove(3);
  await repository.snapshots.remove(3);
  assert.deepEqual(await repository.snapshots.list(), []);
});

test('leaves nothing where its source fails', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield randomBytes(500_000);
    throw new Error('the catalog is gone');
  }
  await assert.rejects(repository.snapshots.write({ number: 1, takenAt: 7 }, failing()), /the catalog is gone/);
  assert.deepEqual(await repository.snapshots.list(), []);
});

test('detects every changed byte, every cut, what is put behind the end, and another place', async () => {
  await repository.snapshots.write({ number: 1, takenAt: 7 }, from([Buffer.from('settings and so on')]));
  await repository.snapshots.write({ number: 2, takenAt: 7 }, from([randomBytes(600_000)]));
  const whole = await storage.read(name(1));
  const isFound = (error: unknown) => isDomainError(error, 'snapshot-damaged', 'master-key-missing', 'repository-format-unsupported');
  const check = async (bytes: Uint8Array, what: string, number = 1) => {
    await storage.put(name(number), bytes, { replace: true });
    await assert.rejects(readAll(number), isFound, what);
  };
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await check(flipped, `byte ${at}`);
    await check(whole.subarray(0, at), `cut at ${at}`);
  }
  await check(Buffer.concat([whole, Buffer.from([0])]), 'a byte more');
  await check(whole, 'moved', 4);
  const long = await storage.read(name(2));
  await check(Buffer.concat([long.subarray(0, 82), long.subarray(82 + 262_144 + 36)]), 'without its first frame', 2);
});

test('opens after a rotation, and says where its key was removed', async () => {
  await repository.snapshots.write({ number: 1, takenAt: 7 }, from([Buffer.from('old')]));
  const rotated = rotateKeyring(keyring);
  const later = await openRepository(storage, rotated);
  await later.snapshots.write({ number: 2, takenAt: 7 }, from([Buffer.from('new')]));
  assert.equal((await readAll(1, later)).toString(), 'old');
  await assert.rejects(repository.snapshots.open(2), { code: 'master-key-missing' });
  const { rekeyRepository } = await import('./repository.ts');
  await rekeyRepository(storage, rotated);
  const without = await openRepository(storage, withoutKey(rotated, keyring.activeKeyId));
  await assert.rejects(without.snapshots.open(1), { code: 'master-key-removed' });
});
