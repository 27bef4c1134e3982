import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { createEventLog } from '../../test/harness/event-log.ts';
import { readSnapshotOffline } from '../../test/harness/offline-reader.ts';
import { openTempCatalog, type TempCatalog } from '../../test/harness/temp-catalog.ts';
import { dumpCatalog } from '../catalog/dump-catalog.ts';
import { SNAPSHOT_NUMBER } from '../catalog/recovery.ts';
import { decodeLines } from '../lib/lines.ts';
import { createKeyring, keyringToText } from '../repository/keyring.ts';
import { createRepository, type Repository } from '../repository/repository.ts';
import { createFileStorage } from '../storage/drivers/file.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { assertCatalogIsCurrent, startCatalogSnapshots, takeSnapshot } from './catalog-snapshots.ts';

let temp: TempCatalog;
let storage: ObjectStorage;
let repository: Repository;
const log = createEventLog();
let ended: string[];
let alarms: string[];
let now: number;
beforeEach(async () => {
  alarms = [];
  now = Date.UTC(2026, 10, 24, 4);
  ended = [];
  temp = await openTempCatalog();
  storage = createMemoryStorage();
  repository = await createRepository(storage, createKeyring());
});
afterEach(() => temp[Symbol.asyncDispose]());

const site = () => ({
  catalog: temp.catalog,
  catalogUrl: temp.url,
  repository,
  clock: { now: () => now },
  log,
  accountId: '100000000001',
  onEnd: (result: string) => void ended.push(result),
  onAlarm: (kind: string) => void alarms.push(kind),
});
const numbers = async () => (await repository.snapshots.list()).map(({ number }) => number);

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await delay(5);
  }
}

test('stores the whole catalog, its own number included', async () => {
  await temp.catalog.settings.set('account-id', '1');
  const { number } = await takeSnapshot(site());
  const { plain } = await repository.snapshots.open(number);
  const stored = await collect(decodeLines(plain() as AsyncIterable<Buffer>));
  assert.deepEqual(stored, await collect(dumpCatalog(temp.url)));
  assert.ok(stored.includes(JSON.stringify([SNAPSHOT_NUMBER, '1'])));
});

test('stores it as the documented format says, so that it is read without Redkeep', async () => {
  const keyring = createKeyring();
  const root = join(temp.directory, 'repository');
  const made = await createRepository(createFileStorage(root), keyring);
  await temp.catalog.transaction(async ({ settings }) => {
    for (let row = 0; row < 3000; row++) {
      await settings.set(`name ${row}`, `${row} – 订单`.repeat(20));
    }
  });
  const { number } = await takeSnapshot({ ...site(), repository: made });
  const masterKey = Buffer.from(keyringToText(keyring), 'base64');
  assert.deepEqual(readSnapshotOffline(root, masterKey, number), await collect(dumpCatalog(temp.url)));
});

test('takes one after a change, none without one, and one at the end where something changed', async () => {
  const keeper = startCatalogSnapshots(site(), 5);
  await until(async () => (await numbers()).length === 1);
  await temp.catalog.settings.set('a', '1');
  await until(async () => (await numbers()).length === 2);
  await keeper.stop();
  assert.deepEqual(await numbers(), [1, 2]);
  const later = startCatalogSnapshots(site(), 1_000_000);
  await later.stop();
  assert.deepEqual(await numbers(), [1, 2, 3]);
});

test('goes on after one that failed, which is told of once a day', async () => {
  let full = true;
  const faulty = {
    ...repository,
    snapshots: {
      ...repository.snapshots,
      write: async (...args: Parameters<Repository['snapshots']['write']>) => {
        if (full) {
          throw new Error('no room');
        }
        return repository.snapshots.write(...args);
      },
    },
  };
  const keeper = startCatalogSnapshots({ ...site(), repository: faulty }, 5);
  await until(async () => ended.length >= 3);
  assert.deepEqual(alarms, ['snapshot-failed']);
  now += 86_400_000;
  await until(async () => alarms.length === 2);
  full = false;
  await until(async () => (await numbers()).length === 1);
  await keeper.stop();
  assert.deepEqual(new Set(ended), new Set(['failed', 'stored']));
  const [newest, first] = await temp.catalog.events.newest('100000000001', 5);
  assert.deepEqual([first?.key, newest?.key], ['snapshot-failed 2026-11-24', 'snapshot-failed 2026-11-25']);
  assert.match(newest?.message ?? '', /could not be stored in its repository: no room\. .* Look at the storage/);
});

test('keeps the newest three and the newest of each of seven days before', async () => {
  const DAY = 86_400_000;
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  for (let number = 1; number <= 22; number++) {
    await repository.snapshots.write({ number, takenAt: Math.floor(number / 2) * DAY }, nothing());
  }
  await takeSnapshot(site());
  assert.deepEqual(await numbers(), [9, 11, 13, 15, 17, 19, 20, 21, 22, 23]);
});

test('tells a catalog from before, which has not made the newest snapshot', async () => {
  await assertCatalogIsCurrent(temp.catalog, repository);
  await takeSnapshot(site());
  await assertCatalogIsCurrent(temp.catalog, repository);
  await temp.catalog.settings.set(SNAPSHOT_NUMBER, '0');
  await assert.rejects(assertCatalogIsCurrent(temp.catalog, repository), { code: 'catalog-outdated', message: /snapshot 1, .* 0 only/ });
});
