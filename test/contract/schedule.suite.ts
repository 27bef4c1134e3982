import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { EventQuery, NewEvent } from '../../src/catalog/events.ts';
import type { Schedule, ScheduleRun } from '../../src/catalog/schedules.ts';
import { instanceRow } from '../harness/catalog-rows.ts';

const INSTANCE = 'crs-schedule';

/** What every catalog does with schedules and events. */
export function scheduleSuite(open: () => Catalog): void {
  describe('schedules and events', () => {
    let catalog: Catalog;
    before(async () => {
      catalog = open();
      await catalog.instances.insert(instanceRow({ instanceId: INSTANCE }));
    });

    const schedule = (changes: Partial<Schedule> = {}): Schedule => ({
      instanceId: INSTANCE,
      weekDays: [1, 7],
      hour: 23,
      storageDays: 1825,
      activeFrom: 5,
      ...changes,
    });
    const run = (changes: Partial<ScheduleRun> = {}): ScheduleRun => ({
      instanceId: INSTANCE,
      localDate: '2026-11-24',
      hour: 23,
      opensAt: 100,
      state: 'started',
      catchUp: true,
      taskId: 7,
      decidedAt: 101,
      ...changes,
    });
    const event = (changes: Partial<NewEvent> = {}): NewEvent => ({
      kind: 'schedule-failed',
      key: 'one',
      at: 1_000,
      accountId: 'of events',
      region: 'ap-guangzhou',
      instanceId: INSTANCE,
      message: 'it failed',
      ...changes,
    });

    test('keeps one schedule for each instance that there is', async () => {
      assert.equal(await catalog.schedules.get(INSTANCE), undefined);
      await catalog.schedules.put(schedule());
      assert.deepEqual(await catalog.schedules.get(INSTANCE), schedule());
      await catalog.schedules.put(schedule({ weekDays: [], hour: 0 }));
      assert.deepEqual(await catalog.schedules.get(INSTANCE), schedule({ weekDays: [], hour: 0 }));
      await assert.rejects(catalog.schedules.put(schedule({ instanceId: 'crs-nowhere' })), { code: 'catalog-conflict' });
    });

    test('schedules that would count from later on count from now on, the others as before', async () => {
      await catalog.schedules.put(schedule({ activeFrom: 50 }));
      assert.equal(await catalog.schedules.countFrom(50), 0);
      assert.equal(await catalog.schedules.countFrom(49), 1);
      assert.deepEqual(await catalog.schedules.get(INSTANCE), schedule({ activeFrom: 49 }));
      await catalog.schedules.put(schedule({ weekDays: [], hour: 0 }));
    });

    test('active are those of online and of restoring instances that have days', async () => {
      const active = async () => (await catalog.schedules.active()).filter(({ instanceId }) => instanceId === INSTANCE);
      assert.deepEqual(await active(), []);
      await catalog.schedules.put(schedule());
      assert.deepEqual(await active(), [schedule()]);
      await catalog.instances.move(INSTANCE, 'online', 'restoring', 5);
      assert.deepEqual(await active(), [schedule()]);
      await catalog.instances.move(INSTANCE, 'restoring', 'online', 5);
      await catalog.instances.detach(INSTANCE, 5);
      assert.deepEqual(await active(), []);
    });

    test('a window has one run, which ends once', async () => {
      await catalog.schedules.insertRun(run());
      await assert.rejects(catalog.schedules.insertRun(run({ state: 'missed' })), { code: 'catalog-conflict' });
      await catalog.schedules.insertRun(run({ hour: 22, opensAt: 99, state: 'missed', taskId: null, catchUp: false }));
      const missed = run({ hour: 21, opensAt: 98, state: 'missed', taskId: null, catchUp: false });
      await catalog.schedules.insertRun(missed);
      await catalog.schedules.insertRun(run({ hour: 21, opensAt: 97, state: 'succeeded', decidedAt: 102 }));
      await assert.rejects(catalog.schedules.insertRun(missed), { code: 'catalog-conflict' }, 'only what was missed is replaced');
      assert.deepEqual((await catalog.schedules.runs(INSTANCE, 0))[0], run({ hour: 21, opensAt: 97, state: 'succeeded', decidedAt: 102 }));
      await catalog.schedules.insertRun(run({ localDate: '2026-11-23', opensAt: 50, state: 'succeeded' }));
      assert.deepEqual(await catalog.schedules.startedRuns(), [run()]);
      await catalog.schedules.endRun(run(), 'failed');
      await assert.rejects(catalog.schedules.endRun(run(), 'succeeded'), { code: 'catalog-conflict' });
      assert.deepEqual(
        (await catalog.schedules.runs(INSTANCE, 99)).map(({ hour, state }) => [hour, state]),
        [
          [22, 'missed'],
          [23, 'failed'],
        ],
      );
      assert.equal(await catalog.schedules.pruneRuns(100), 3);
      assert.deepEqual(await catalog.schedules.runs(INSTANCE, 0), [run({ state: 'failed' })]);
    });

    test('an event is recorded once for its key, delivered once, and postponed in between', async () => {
      assert.equal(await catalog.events.record(event()), true);
      assert.equal(await catalog.events.record(event({ at: 2_000 })), false);
      assert.equal(await catalog.events.record(event({ key: 'two', at: 2_000 })), true);
      const undelivered = async (at: number, since = 0, latest = at + 10_000) =>
        (await catalog.events.undelivered({ since, at, latest })).map(({ key, failedTries }) => [key, failedTries]);
      assert.deepEqual(await undelivered(1_999), [['one', 0]]);
      assert.deepEqual(await undelivered(2_000, 1_001), [['two', 0]]);
      const listed = async (changes: Partial<EventQuery> = {}) => {
        const query = { accountId: 'of events', region: 'ap-guangzhou', limit: 5, offset: 0, ...changes };
        const { total, events } = await catalog.events.list(query);
        return [total, ...events.map(({ key }) => key)];
      };
      assert.deepEqual(await listed(), [2, 'two', 'one']);
      assert.deepEqual(await listed({ limit: 1, offset: 1 }), [2, 'one']);
      assert.deepEqual(await listed({ region: 'ap-beijing' }), [0]);
      assert.deepEqual(await listed({ from: 1_000, to: 1_999 }), [1, 'one']);
      assert.deepEqual(await listed({ instanceIds: [INSTANCE], kinds: ['schedule-failed'], to: 1_000 }), [1, 'one']);
      assert.deepEqual(
        [await listed({ instanceIds: [] }), await listed({ kinds: [] }), await listed({ kinds: ['proof-failed'] })],
        [[0], [0], [0]],
      );
      const [newest, oldest] = await catalog.events.newest('of events', 5);
      assert.deepEqual([newest?.key, oldest?.key], ['two', 'one']);
      await catalog.events.postpone(oldest?.eventId ?? 0, 3_000);
      assert.deepEqual(await undelivered(2_999), [['two', 0]]);
      assert.deepEqual(await undelivered(1_500, 0, 2_000), [['one', 1]], 'later than any wait');
      assert.deepEqual(await undelivered(1_500, 0, 3_000), []);
      assert.deepEqual(await undelivered(3_000), [
        ['one', 1],
        ['two', 0],
      ]);
      await catalog.events.markDelivered(oldest?.eventId ?? 0, 3_000);
      assert.deepEqual(await undelivered(3_000), [['two', 0]]);
      assert.equal(await catalog.events.prune(2_000), 1);
      assert.equal((await catalog.events.newest('of events', 5)).length, 1);
    });

    test('an event goes with the transaction that recorded it', async () => {
      const failing = catalog.transaction(async (tables) => {
        await tables.events.record(event({ key: 'rolled back' }));
        throw new Error('no');
      });
      await assert.rejects(failing, /no/);
      assert.equal(await catalog.events.record(event({ key: 'rolled back' })), true);
    });

    test('tells the newest backups that can be relied on of each online and each restoring instance', async () => {
      const instanceId = 'crs-newest00';
      await catalog.instances.insert(instanceRow({ instanceId }));
      const newest = async (at = 10_000) => (await catalog.lifecycle.newest(at)).find((each) => each.instanceId === instanceId);
      assert.deepEqual(await newest(), { instanceId, any: null, proven: null });
      const states = { proven: 1_000, unproven: 2_000, failed: 3_000 } as const;
      for (const [state, startedAt] of Object.entries(states)) {
        await catalog.backups.insert({
          backupId: `newest-${state}`,
          accountId: '100000000001',
          region: 'ap-guangzhou',
          instanceId,
          instanceName: '',
          type: 'manual',
          state: 'available',
          remark: '',
          locked: false,
          startedAt,
          endedAt: startedAt,
          expiresAt: 9_000,
          sizeBytes: 1,
          serverKind: 'redis',
          serverVersion: '7.0.15',
          attempt: 1,
          proof: { state: state as keyof typeof states, at: 1, serverKind: 'redis', serverVersion: '', message: '' },
        });
      }
      assert.deepEqual(await newest(), { instanceId, any: 2_000, proven: 1_000 });
      assert.deepEqual(await newest(1_999), { instanceId, any: 1_000, proven: 1_000 }, 'those of a clock that was ahead tell nothing');
      assert.deepEqual(await newest(999), { instanceId, any: null, proven: null });
      await catalog.instances.move(instanceId, 'online', 'restoring', 5);
      assert.deepEqual(await newest(), { instanceId, any: 2_000, proven: 1_000 });
      await catalog.instances.move(instanceId, 'restoring', 'online', 5);
      await catalog.instances.detach(instanceId, 5);
      assert.equal(await newest(), undefined);
    });
  });
}
