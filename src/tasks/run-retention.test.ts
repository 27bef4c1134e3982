import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backupRow, instanceRow } from '../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../test/harness/event-log.ts';
import { openTempCatalog, type TempCatalog } from '../../test/harness/temp-catalog.ts';
import type { Backup, Catalog } from '../catalog/catalog.ts';
import { CLOCK_CONFIRMED, expiryConfirmed } from '../catalog/confirmations.ts';
import { EXPIRY_HELD_UNTIL } from '../catalog/recovery.ts';
import { type ClockReading, driftOf } from './clock-guard.ts';
import { runRetention } from './run-retention.ts';

const INSTANCE = 'crs-5a4py64p';
const ACCOUNT = '100000000001';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 10, 24, 4);

let temp: TempCatalog;
let catalog: Catalog;
let alarms: string[];
let clock: ClockReading;
beforeEach(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  alarms = [];
  clock = { wallMs: START, uptimeMs: 1_000, bootId: 'boot-1' };
  await catalog.instances.insert(instanceRow({ instanceId: INSTANCE }));
});
afterEach(() => temp[Symbol.asyncDispose]());

const look = (keepMin = 1) =>
  runRetention({ catalog, log: createEventLog(), accountId: ACCOUNT, keepMin, onAlarm: (kind) => alarms.push(kind) }, clock);

/** Time passes; `jumpMs` is what the wall clock gains beside it. */
function pass(ms: number, jumpMs = 0): void {
  clock = { ...clock, wallMs: clock.wallMs + ms + jumpMs, uptimeMs: clock.uptimeMs + ms };
}

/** Backups that started on the hours before now, the oldest first, and expire by `expiresInMs` from now. */
async function insert(names: readonly string[], changes: Partial<Backup> = {}): Promise<void> {
  for (const [index, backupId] of names.entries()) {
    const startedAt = clock.wallMs - (names.length - index) * HOUR_MS;
    await catalog.backups.insert(
      backupRow({ backupId, instanceId: INSTANCE, state: 'available', attempt: 1, startedAt, expiresAt: clock.wallMs, ...changes }),
    );
  }
}

async function states(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { backupId, state } of catalog.backups.all()) {
    found[backupId] = state;
  }
  return found;
}

const expired = async () =>
  Object.entries(await states())
    .filter(([, state]) => state === 'expired')
    .map(([backupId]) => backupId);
const messages = async () => (await catalog.events.newest(ACCOUNT, 100)).map(({ message }) => message).reverse();
const removals = async () => {
  const ids: string[] = [];
  for (;;) {
    const claim = await catalog.tasks.claim('worker', ['remove-backup'], 60_000);
    if (claim === undefined) {
      return ids;
    }
    ids.push((JSON.parse(claim.task.payload) as { backupId: string }).backupId);
  }
};

test('a backup expires when its time has come, not before, and its data go after a day of grace', async () => {
  await insert(['a'], { expiresAt: START + DAY_MS });
  await insert(['b', 'c'], { expiresAt: START + 100 * DAY_MS });
  pass(DAY_MS - 1);
  assert.deepEqual(await look(), { expired: 0, removals: 0 });
  pass(1);
  assert.deepEqual(await look(), { expired: 1, removals: 0 });
  assert.deepEqual(await expired(), ['a']);
  assert.equal((await catalog.backups.get('a'))?.removableAt, clock.wallMs + DAY_MS);
  pass(DAY_MS - 1);
  assert.deepEqual(await look(), { expired: 0, removals: 0 });
  pass(1);
  assert.deepEqual(await look(), { expired: 0, removals: 1 });
  assert.deepEqual(await look(), { expired: 0, removals: 1 });
  assert.deepEqual(await removals(), ['a'], 'asked for once');
  assert.deepEqual(alarms, []);
});

test('all backups fail for a month: what can be relied on stays, whatever its age', async () => {
  await insert(['old', 'proven', 'newer'], { expiresAt: START + DAY_MS });
  await catalog.lifecycle.recordProof('proven', { state: 'proven', at: START, serverKind: 'redis', serverVersion: '7.0.15', message: '' });
  for (let day = 0; day < 30; day++) {
    pass(DAY_MS);
    const backupId = `failed-${day}`;
    await catalog.backups.insert(backupRow({ backupId, instanceId: INSTANCE, startedAt: clock.wallMs, expiresAt: clock.wallMs + DAY_MS }));
    await catalog.backups.fail(backupId, clock.wallMs);
    await look();
  }
  const { old, proven, newer } = await states();
  assert.deepEqual([old, proven, newer], ['expired', 'available', 'available']);
});

test('failed runs and failed proofs never count for what is kept', async () => {
  await insert(['good', 'bad-1', 'bad-2', 'bad-3']);
  for (const backupId of ['bad-1', 'bad-2', 'bad-3']) {
    await catalog.lifecycle.recordProof(backupId, {
      state: 'failed',
      at: START,
      serverKind: '',
      serverVersion: '',
      message: 'it does not load',
    });
  }
  await catalog.settings.set(expiryConfirmed(INSTANCE), String(START));
  await look();
  assert.deepEqual(await expired(), ['bad-1', 'bad-2', 'bad-3']);
});

test('as many of the newest stay as the service is told to keep', async () => {
  await insert(['a', 'b', 'c', 'd']);
  await look(3);
  assert.deepEqual(await expired(), ['a']);
  await look(1000);
  assert.deepEqual(await expired(), ['a']);
});

test('a locked one waits, and a held one until the hold is over', async () => {
  await insert(['locked', 'held', 'third', 'fourth', 'fifth', 'newest'], { expiresAt: START });
  for (const backupId of ['third', 'fourth', 'fifth']) {
    await catalog.lifecycle.lock(backupId);
  }
  await catalog.lifecycle.lock('locked');
  await catalog.lifecycle.hold('held', { kind: 'download', id: '1' }, { at: START, until: START + HOUR_MS });
  assert.equal((await look()).expired, 0);
  pass(HOUR_MS);
  await look();
  assert.deepEqual(await expired(), ['held']);
  await catalog.lifecycle.unlock('locked');
  await look();
  assert.deepEqual((await expired()).toSorted(), ['held', 'locked']);
});

test('converting ones wait, detached instances keep theirs', async () => {
  await insert(['converting', 'b', 'c', 'd']);
  await catalog.lifecycle.beginConversion('converting');
  await catalog.instances.detach(INSTANCE, START);
  assert.equal((await look()).expired, 0);
  assert.deepEqual(await states(), { converting: 'converting', b: 'available', c: 'available', d: 'available' });
});

test('nothing expires and nothing is removed while a rebuilt catalog holds it off', async () => {
  await insert(['a', 'b', 'c']);
  await catalog.lifecycle.expire('b', { at: START, removableAt: START, keepMin: 1, force: true });
  await catalog.settings.set(EXPIRY_HELD_UNTIL, String(START + DAY_MS));
  assert.deepEqual(await look(), { expired: 0, removals: 0 });
  pass(DAY_MS);
  assert.deepEqual(await look(), { expired: 1, removals: 1 });
});

test('drops rows by their age: deleted after 90 days, failed after 30', async () => {
  await insert(['deleted'], { state: 'deleted', deletedAt: START });
  await insert(['failed'], { state: 'failed', endedAt: START });
  const ages: Array<[number, string[]]> = [
    [30 * DAY_MS - 1, ['deleted', 'failed']],
    [1, ['deleted']],
    [60 * DAY_MS - 1, ['deleted']],
    [1, []],
  ];
  for (const [ms, left] of ages) {
    pass(ms);
    await look();
    assert.deepEqual(Object.keys(await states()).sort(), left);
  }
});

describe('more than half of the backups of an instance', () => {
  test('do not go at once: an alarm a day, until somebody lets them go', async () => {
    await insert(['a', 'b', 'c', 'd', 'e']);
    for (let hour = 0; hour < 48; hour++) {
      assert.equal((await look()).expired, 0);
      pass(HOUR_MS);
    }
    assert.deepEqual(alarms, ['expiry-stopped', 'expiry-stopped', 'expiry-stopped']);
    assert.match((await messages())[0] ?? '', /no backup of crs-5a4py64p \(cache\) expires: 4 of its 5 would go at once/);
    await catalog.settings.set(expiryConfirmed(INSTANCE), String(clock.wallMs));
    pass(MINUTE_MS);
    assert.equal((await look()).expired, 4);
  });

  test('exactly half may go; locked and kept ones are not going', async () => {
    await insert(['a', 'b', 'c', 'd']);
    await catalog.lifecycle.lock('a');
    assert.equal((await look()).expired, 2);
    assert.deepEqual(alarms, []);
  });

  test('of one instance do not keep others from expiring', async () => {
    await insert(['a', 'b', 'c']);
    const other = 'crs-another1';
    await catalog.instances.insert(instanceRow({ instanceId: other }));
    await insert(['x', 'y'], { instanceId: other });
    await look();
    assert.deepEqual(await expired(), ['x']);
  });

  test('a permission is good for an hour and one look', async () => {
    await insert(['a', 'b', 'c']);
    await catalog.settings.set(expiryConfirmed(INSTANCE), String(START));
    pass(HOUR_MS + 1);
    assert.equal((await look()).expired, 0);
    await catalog.settings.set(expiryConfirmed(INSTANCE), String(clock.wallMs));
    assert.equal((await look()).expired, 2);
    await insert(['d', 'e', 'f', 'g']);
    assert.equal((await look()).expired, 0);
  });
});

describe('a clock that jumps', () => {
  for (const [name, minutes] of Object.entries({
    '+90 min': 90,
    '-195 min': -195,
    '+2 d': 2880,
    '-7 h': -420,
    '+11 d': 15_840,
    '+42 d': 60_480,
    '-13 h': -780,
  })) {
    test(`${name}: nothing expires, nothing is removed, nothing is dropped, an alarm once a day; back again, all goes on`, async () => {
      await insert(['a', 'b', 'c', 'd'], { expiresAt: START + 10 * DAY_MS });
      await insert(['removable', 'x', 'y'], { expiresAt: START + 10 * DAY_MS });
      await catalog.lifecycle.expire('removable', { at: START, removableAt: START + 2 * HOUR_MS, keepMin: 1, force: true });
      assert.deepEqual(await look(), { expired: 0, removals: 0 });
      pass(10 * MINUTE_MS, minutes * MINUTE_MS);
      for (let i = 0; i < 20; i++) {
        assert.deepEqual(await look(), { expired: 0, removals: 0 });
        pass(10 * MINUTE_MS);
      }
      assert.ok(alarms.length >= 1 && alarms.length <= 2, `${alarms.length} alarms in three hours`);
      assert.match(
        (await messages())[0] ?? '',
        new RegExp(`${(Math.abs(minutes) / 60).toFixed(1)} hours ${minutes > 0 ? 'ahead of' : 'behind'}`),
      );
      const seen = alarms.length;
      pass(0, -minutes * MINUTE_MS);
      assert.deepEqual(await look(), { expired: 0, removals: 1 });
      assert.equal(alarms.length, seen);
    });
  }

  test('a backup of the present is kept, though one that a clock ahead has dated is newer, and proven', async () => {
    await insert(['old', 'present']);
    await insert(['ahead', 'other'], { startedAt: START + 42 * DAY_MS, expiresAt: START + 400 * DAY_MS });
    await catalog.lifecycle.recordProof('ahead', { state: 'proven', at: START, serverKind: 'redis', serverVersion: '7.0.15', message: '' });
    assert.equal((await look()).expired, 1);
    assert.deepEqual(await expired(), ['old']);
    assert.equal(await catalog.lifecycle.expire('present', { at: clock.wallMs, removableAt: clock.wallMs, keepMin: 1 }), 'floor');
  });

  test('a step of less than an hour is believed', async () => {
    await insert(['a', 'b'], { expiresAt: START + 30 * MINUTE_MS });
    await look();
    pass(MINUTE_MS, 59 * MINUTE_MS);
    assert.equal((await look()).expired, 1);
    assert.deepEqual(alarms, []);
  });

  test('small steps of one day add up', async () => {
    await insert(['a', 'b'], { expiresAt: START + 100 * DAY_MS });
    await look();
    pass(MINUTE_MS, 40 * MINUTE_MS);
    await look();
    assert.deepEqual(alarms, []);
    pass(MINUTE_MS, 40 * MINUTE_MS);
    await look();
    assert.deepEqual(alarms, ['expiry-stopped']);
    pass(0, -80 * MINUTE_MS);
    await look();
    pass(DAY_MS, 40 * MINUTE_MS);
    await look();
    pass(DAY_MS, 40 * MINUTE_MS);
    await look();
    assert.deepEqual(alarms, ['expiry-stopped']);
  });

  test('an idle catalog is not changed by looks at the clock', async () => {
    await look();
    const revision = await catalog.revision();
    pass(23 * HOUR_MS);
    await look();
    assert.equal(await catalog.revision(), revision);
  });

  test('an operator can confirm it, for the looks of an hour', async () => {
    await insert(['a', 'b'], { expiresAt: START + 2 * DAY_MS });
    await look();
    pass(MINUTE_MS, 5 * DAY_MS);
    assert.equal((await look()).expired, 0);
    await catalog.settings.set(CLOCK_CONFIRMED, String(clock.wallMs));
    pass(MINUTE_MS);
    assert.equal((await look()).expired, 1);
    pass(3 * HOUR_MS);
    assert.equal((await look()).expired, 0);
    assert.deepEqual(alarms, ['expiry-stopped']);
  });

  test('across a restart on the same boot it is seen too; sleep is no jump; after another boot only a step back is', () => {
    const trusted = { wallMs: START, uptimeMs: 5_000, bootId: 'boot-1' };
    const later = (wall: number, uptime: number, bootId = 'boot-1') =>
      driftOf(trusted, { wallMs: START + wall, uptimeMs: 5_000 + uptime, bootId });
    assert.equal(later(DAY_MS, DAY_MS), 0);
    assert.equal(later(3 * DAY_MS, DAY_MS), 2 * DAY_MS);
    assert.equal(later(-DAY_MS, DAY_MS), -2 * DAY_MS);
    assert.equal(later(30 * DAY_MS, -4_000, 'boot-2'), 0);
    assert.equal(later(-30 * DAY_MS, -4_000, 'boot-2'), -30 * DAY_MS);
    assert.equal(driftOf({ ...trusted, bootId: '' }, { wallMs: START + DAY_MS, uptimeMs: 0, bootId: '' }), 0);
  });
});
