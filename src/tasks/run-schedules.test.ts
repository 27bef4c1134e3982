import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { instanceRow } from '../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../test/harness/event-log.ts';
import { openTempCatalog, type TempCatalog } from '../../test/harness/temp-catalog.ts';
import type { Backup, Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/open-catalog.ts';
import { runSchedules } from './run-schedules.ts';
import { HOUR_MS, windowsBetween } from './schedule-windows.ts';

const INSTANCE = 'crs-5a4py64p';
const ACCOUNT = '100000000001';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** A Tuesday, noon in UTC+8. */
const START = Date.UTC(2026, 10, 24, 4);

let temp: TempCatalog;
let catalog: Catalog;
let alarms: string[];
beforeEach(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  alarms = [];
  await catalog.instances.insert(instanceRow({ instanceId: INSTANCE }));
});
afterEach(() => temp[Symbol.asyncDispose]());

const schedule = (changes: object = {}) =>
  catalog.schedules.put({ instanceId: INSTANCE, weekDays: [1, 2, 3, 4, 5, 6, 7], hour: 2, storageDays: 30, activeFrom: START, ...changes });

const look = (at: number, on = catalog, timeZone = '+08:00') =>
  runSchedules({ catalog: on, log: createEventLog(), timeZone, onAlarm: (kind) => alarms.push(kind) }, at);

async function backups(): Promise<Backup[]> {
  const found: Backup[] = [];
  for await (const backup of catalog.backups.all()) {
    found.push(backup);
  }
  return found.sort((a, b) => a.startedAt - b.startedAt);
}

/** Ends the backup that waits, and so frees the instance. */
async function endBackup(end: 'succeed' | 'fail' = 'succeed'): Promise<void> {
  const claim = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
  assert.ok(claim !== undefined);
  const backupId = claim.task.subject;
  await catalog.transaction(async (tables) => {
    if (end === 'fail') {
      await tables.tasks.fail(claim.lease, 'the source refused the password');
      await tables.backups.fail(backupId, claim.task.createdAt + 1);
    } else {
      await tables.tasks.succeed(claim.lease);
      await tables.backups.complete(backupId, {
        attempt: 1,
        endedAt: claim.task.createdAt + 1,
        sizeBytes: 1,
        serverKind: 'redis',
        serverVersion: '7.0.15',
      });
    }
  });
}

const nextWindow = (from = START) => {
  const [window] = windowsBetween(
    { instanceId: INSTANCE, weekDays: [1, 2, 3, 4, 5, 6, 7], hour: 2, storageDays: 30, activeFrom: 0 },
    '+08:00',
    from,
    from + DAY_MS,
  );
  assert.ok(window !== undefined);
  return window;
};

const runs = async () =>
  (await catalog.schedules.runs(INSTANCE, 0)).map(({ localDate, state, catchUp }) => `${localDate} ${state}${catchUp ? ' late' : ''}`);
const messages = async () => (await catalog.events.newest(ACCOUNT, 100)).map(({ message }) => message).reverse();

test('a window fires once, at its time, with an automatic backup that is kept as long as the schedule says', async () => {
  await schedule();
  const { opensAt, dueAt, closesAt } = nextWindow();
  for (const at of [START, opensAt - 1, opensAt, dueAt - 1]) {
    assert.equal(await look(at), 0);
  }
  assert.equal(await look(dueAt), 1);
  const [backup] = await backups();
  assert.ok(backup !== undefined);
  assert.deepEqual([backup.type, backup.remark, backup.startedAt, backup.state], ['automatic', '', dueAt, 'running']);
  assert.equal(backup.expiresAt - backup.startedAt, 30 * DAY_MS);
  assert.equal(await look(dueAt + 1), 0);
  await endBackup();
  for (const at of [dueAt + 2, closesAt - 1, closesAt, closesAt + HOUR_MS, opensAt + DAY_MS - 1]) {
    assert.equal(await look(at), 0);
  }
  assert.deepEqual(await runs(), ['2026-11-25 succeeded']);
  assert.deepEqual(alarms, []);
});

test('any number of processes that look at once start one backup', async () => {
  await schedule();
  const { dueAt } = nextWindow();
  const others = [1, 2, 3].map(() => {
    const args = [new URL('../../test/harness/look-at-schedules.ts', import.meta.url).pathname, temp.url, String(dueAt)];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  });
  await Promise.all(others.map((other) => once(other.stdout, 'data')));
  for (const other of others) {
    other.stdin.end('go');
  }
  const printed = await Promise.all(others.map(async (other) => Number((await once(other.stdout, 'data'))[0])));
  assert.equal(
    printed.reduce((sum, each) => sum + each),
    1,
  );
  assert.equal((await backups()).length, 1);
});

test('looks that overlap in one process start one backup', async () => {
  await schedule();
  const { dueAt } = nextWindow();
  assert.deepEqual((await Promise.all([look(dueAt), look(dueAt), look(dueAt)])).toSorted(), [0, 0, 1]);
  assert.equal((await backups()).length, 1);
});

test('a window that was missed is made up for once, flagged as late, and somebody hears of it once', async () => {
  await schedule();
  const { closesAt } = nextWindow();
  assert.equal(await look(closesAt + 3 * HOUR_MS), 1);
  await endBackup();
  assert.equal(await look(closesAt + 4 * HOUR_MS), 0);
  assert.deepEqual(await runs(), ['2026-11-25 succeeded late']);
  assert.equal((await backups())[0]?.remark, 'catch-up for 2026-11-25 02:00');
  assert.deepEqual(alarms, ['schedule-missed']);
  assert.deepEqual(await messages(), [
    `${INSTANCE} (cache) had no automatic backup in the window of 2026-11-25 02:00: the service was down, or another task held the instance`,
  ]);
});

test('two windows that were missed are made up for by one backup', async () => {
  await schedule();
  const { closesAt } = nextWindow();
  assert.equal(await look(closesAt + DAY_MS), 1);
  await endBackup();
  assert.equal(await look(closesAt + DAY_MS + MINUTE_MS), 0);
  assert.deepEqual(await runs(), ['2026-11-25 missed', '2026-11-26 succeeded late']);
  assert.deepEqual(alarms, ['schedule-missed']);
  assert.match((await messages())[0] ?? '', /2 windows from 2026-11-25 to 2026-11-26 at 02:00/);
});

test('a month that was missed is made up for by one backup', async () => {
  await schedule();
  assert.equal(await look(nextWindow().closesAt + 30 * DAY_MS), 1);
  await endBackup();
  assert.equal(await look(nextWindow().closesAt + 30 * DAY_MS + HOUR_MS), 0);
  assert.equal((await backups()).length, 1);
  assert.equal(alarms.length, 1);
});

test('one that was missed while the next is open: that one stands for both, and nothing starts before its time', async () => {
  await schedule();
  const second = nextWindow(nextWindow().closesAt);
  assert.equal(await look(second.opensAt), second.dueAt === second.opensAt ? 1 : 0);
  assert.deepEqual(alarms, ['schedule-missed']);
  assert.equal(await look(second.dueAt), 1);
  assert.deepEqual(await runs(), ['2026-11-25 missed', '2026-11-26 started']);
  assert.equal((await backups())[0]?.remark, '');
});

test('never two at once: while another task holds the instance the window waits, beyond its end if need be', async () => {
  await schedule();
  const { dueAt, closesAt } = nextWindow();
  await catalog.tasks.enqueue({
    accountId: ACCOUNT,
    region: 'ap-guangzhou',
    instanceId: INSTANCE,
    kind: 'take-backup',
    subject: 'manual',
    payload: '{}',
    exclusiveKey: INSTANCE,
    createdAt: dueAt,
  });
  for (const at of [dueAt, closesAt - 1, closesAt + MINUTE_MS]) {
    assert.equal(await look(at), 0);
  }
  assert.deepEqual(alarms, ['schedule-missed'], 'told of as soon as it has closed');
  const claim = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
  assert.ok(claim !== undefined);
  await catalog.tasks.succeed(claim.lease);
  assert.equal(await look(closesAt + 2 * MINUTE_MS), 1);
  assert.deepEqual(await runs(), ['2026-11-25 started late']);
  assert.deepEqual(alarms, ['schedule-missed'], 'once');
});

for (const state of ['restoring', 'changing'] as const) {
  test(`an instance that is ${state} starts none, is told of where it misses one, and makes up for it afterwards`, async () => {
    await schedule();
    const { dueAt, closesAt } = nextWindow();
    await catalog.instances.move(INSTANCE, 'online', state, START);
    assert.deepEqual([await look(dueAt), await look(closesAt)], [0, 0]);
    assert.deepEqual([await runs(), alarms], [[], ['schedule-missed']]);
    await catalog.instances.move(INSTANCE, state, 'online', START);
    assert.equal(await look(closesAt + MINUTE_MS), 1);
    assert.deepEqual([await runs(), alarms], [['2026-11-25 started late'], ['schedule-missed']]);
  });
}

test('a backup that fails is told of once for each window, and counts for it', async () => {
  await schedule();
  for (let day = 0; day < 30; day++) {
    const { dueAt } = nextWindow(START + day * DAY_MS);
    assert.equal(await look(dueAt), 1);
    await endBackup('fail');
    assert.equal(await look(dueAt + MINUTE_MS), 0);
    assert.equal(await look(dueAt + 2 * MINUTE_MS), 0);
  }
  assert.equal(alarms.length, 30);
  assert.ok(alarms.every((kind) => kind === 'schedule-failed'));
  assert.equal(
    (await messages())[0],
    `the automatic backup of ${INSTANCE} (cache) for 2026-11-25 02:00 failed: the source refused the password`,
  );
});

test('windows that opened before the schedule was made do not count', async () => {
  const { opensAt, closesAt } = nextWindow();
  await schedule({ activeFrom: opensAt });
  assert.equal(await look(closesAt + HOUR_MS), 0);
  assert.deepEqual(await runs(), []);
});

test('an instance that is not online has no windows, nor one without days', async () => {
  await schedule();
  await catalog.instances.detach(INSTANCE, START);
  assert.equal(await look(nextWindow().dueAt), 0);
  await catalog.instances.insert(instanceRow({ instanceId: 'crs-another1' }));
  await schedule({ instanceId: 'crs-another1', weekDays: [] });
  assert.equal(await look(nextWindow().dueAt + DAY_MS), 0);
  assert.deepEqual(await backups(), []);
});

describe('clocks that jump', () => {
  const skews = {
    '+90 min': 90,
    '-195 min': -195,
    '+2 d': 2 * 1440,
    '-7 h': -420,
    '+11 d': 11 * 1440,
    '+42 d': 42 * 1440,
    '-13 h': -780,
    '-2 s': -1 / 30,
  };
  for (const [name, minutes] of Object.entries(skews)) {
    test(`${name}: no window fires twice, and none is made up for twice`, async () => {
      await schedule();
      const { dueAt } = nextWindow();
      let at = dueAt - 5 * HOUR_MS;
      const step = async () => {
        if ((await look(at)) === 1) {
          await endBackup();
        }
      };
      // Six days in steps of ten minutes; the clock jumps in the middle of the second and back in the middle of the fourth.
      for (let tick = 0; tick < 6 * 144; tick++) {
        at += 10 * MINUTE_MS + (tick === 200 ? minutes * MINUTE_MS : 0) - (tick === 500 ? minutes * MINUTE_MS : 0);
        await step();
      }
      const all = await catalog.schedules.runs(INSTANCE, 0);
      assert.equal(new Set(all.map(({ localDate }) => localDate)).size, all.length);
      const fired = all.filter(({ taskId }) => taskId !== null);
      assert.equal((await backups()).length, fired.length);
      assert.ok(fired.length >= 5, `${fired.length} windows fired`);
      for (const { startedAt, expiresAt } of await backups()) {
        assert.equal(expiresAt - startedAt, 30 * DAY_MS);
      }
    });
  }

  describe('ahead by days, and put right', () => {
    const JUMP_MS = 5 * DAY_MS;
    const fired = async () => (await backups()).map(({ startedAt }) => startedAt);

    /** A clock five days ahead has taken one late backup and written four windows off that are still to come. */
    async function jumpAndBack(): Promise<void> {
      await schedule();
      assert.equal(await look(START), 0);
      assert.equal(await look(START + JUMP_MS), 1);
      await endBackup();
      assert.equal(await look(START + JUMP_MS + MINUTE_MS), 0);
      assert.deepEqual(await runs(), [
        ...['2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28'].map((date) => `${date} missed`),
        '2026-11-29 succeeded late',
      ]);
    }

    test('each window that was written off fires once when its day comes; the one that was started is not started again', async () => {
      await jumpAndBack();
      let last = START;
      const expected: number[] = [];
      for (let day = 0; day < 7; day++) {
        const { dueAt } = nextWindow(last);
        if (day !== 4) {
          expected.push(dueAt);
        }
        for (const at of [dueAt - 1, dueAt, dueAt + 1, dueAt + HOUR_MS, dueAt + 12 * HOUR_MS]) {
          if ((await look(at)) === 1) {
            await endBackup();
          }
        }
        last = dueAt;
      }
      assert.deepEqual(
        (await fired()).filter((at) => at !== START + JUMP_MS),
        expected,
      );
      assert.equal((await runs()).length, 7);
      assert.deepEqual(alarms, ['schedule-missed'], 'of the jump alone');
    });

    test('a service that is killed with the backup under way, and started again: its task ends, the next day fires', async () => {
      await schedule();
      assert.equal(await look(START + JUMP_MS), 1);
      const again = await openCatalog(temp.url);
      try {
        const { dueAt } = nextWindow();
        assert.equal(await look(dueAt, again), 0, 'the task of the first holds the instance');
        await endBackup();
        assert.equal(await look(dueAt + 1, again), 1);
        assert.deepEqual((await runs()).slice(0, 2), ['2026-11-25 started', '2026-11-26 missed']);
      } finally {
        await again.close();
      }
    });

    test('a start that breaks off leaves the window as it was, and the next look starts it', async () => {
      await jumpAndBack();
      const { dueAt } = nextWindow();
      const before = await runs();
      const failing: Catalog = {
        ...catalog,
        transaction: (work) =>
          catalog.transaction(async (tables) => {
            await work(tables);
            throw new Error('killed before the commit');
          }),
      };
      assert.equal(await look(dueAt, failing), 0);
      assert.deepEqual([await runs(), (await backups()).length], [before, 1]);
      assert.equal(await look(dueAt), 1);
      assert.equal((await backups()).length, 2);
    });

    test('looks at once start it once', async () => {
      await jumpAndBack();
      const { dueAt } = nextWindow();
      const again = await openCatalog(temp.url);
      try {
        const started = await Promise.all([look(dueAt), look(dueAt, again), look(dueAt), look(dueAt, again)]);
        assert.deepEqual(started.toSorted(), [0, 0, 0, 1]);
        assert.equal((await backups()).length, 2);
      } finally {
        await again.close();
      }
    });

    test('with nobody there on those days, one late backup is made up for them, and they are told of', async () => {
      await jumpAndBack();
      const { closesAt } = nextWindow(START + DAY_MS);
      assert.equal(await look(closesAt + 3 * HOUR_MS), 1);
      await endBackup();
      assert.equal(await look(closesAt + 4 * HOUR_MS), 0);
      assert.deepEqual((await runs()).slice(0, 3), ['2026-11-25 missed', '2026-11-26 succeeded late', '2026-11-27 missed']);
      assert.match((await messages())[1] ?? '', /2 windows from 2026-11-25 to 2026-11-26/);
    });

    test('a schedule that was made meanwhile counts from when the clock is right', async () => {
      await schedule({ activeFrom: START + 42 * DAY_MS });
      assert.equal(await look(START), 0);
      const { dueAt } = nextWindow();
      assert.equal(await look(dueAt), 1);
      assert.deepEqual(alarms, []);
    });
  });

  for (const [zone, start] of [
    ['Europe/Berlin', Date.UTC(2026, 2, 27, 12)],
    ['Europe/Berlin', Date.UTC(2026, 9, 23, 12)],
    ['America/New_York', Date.UTC(2026, 2, 6, 12)],
    ['America/New_York', Date.UTC(2026, 9, 30, 12)],
    ['Australia/Lord_Howe', Date.UTC(2026, 3, 2, 12)],
    ['Australia/Lord_Howe', Date.UTC(2026, 9, 1, 12)],
    ['+08:00', Date.UTC(2028, 1, 27, 12)],
    ['Asia/Shanghai', Date.UTC(2026, 11, 29, 12)],
  ] as const) {
    test(`${zone} from ${new Date(start).toISOString().slice(0, 10)}: each date fires once, in its window`, async () => {
      await schedule({ activeFrom: start });
      for (let at = start; at < start + 5 * DAY_MS; at += 5 * MINUTE_MS) {
        if ((await look(at, catalog, zone)) === 1) {
          await endBackup();
        }
      }
      const all = await catalog.schedules.runs(INSTANCE, 0);
      assert.equal(all.length, 5);
      assert.ok(all.every(({ catchUp, state }) => !catchUp && (state === 'succeeded' || state === 'started')));
      assert.equal((await backups()).length, 5);
      assert.deepEqual(alarms, []);
    });
  }
});
