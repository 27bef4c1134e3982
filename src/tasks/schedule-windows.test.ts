import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schedule } from '../catalog/schedules.ts';
import { HOUR_MS, windowsBetween } from './schedule-windows.ts';

const ALL = [1, 2, 3, 4, 5, 6, 7];
const DAY_MS = 24 * HOUR_MS;
const ZONES = [
  '+08:00',
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Pacific/Apia',
  'UTC',
];

const schedule = (changes: Partial<Schedule> = {}): Schedule => ({
  instanceId: 'crs-5a4py64p',
  weekDays: ALL,
  hour: 2,
  storageDays: 7,
  activeFrom: 0,
  ...changes,
});

const opensAt = (zone: string, from: string, until: string, changes: Partial<Schedule> = {}) =>
  windowsBetween(schedule(changes), zone, Date.parse(from), Date.parse(until)).map((window) => new Date(window.opensAt).toISOString());

test('a window opens when the clocks of the zone show its hour, UTC+8 having no summer time', () => {
  assert.deepEqual(opensAt('+08:00', '2026-03-27T00:00Z', '2026-03-30T00:00Z', { hour: 1 }), [
    '2026-03-27T17:00:00.000Z',
    '2026-03-28T17:00:00.000Z',
    '2026-03-29T17:00:00.000Z',
  ]);
});

test('in spring, where the hour is skipped, it opens when the clocks have skipped it', () => {
  assert.deepEqual(opensAt('Europe/Berlin', '2026-03-28T00:00Z', '2026-03-30T12:00Z'), [
    '2026-03-28T01:00:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:00:00.000Z',
  ]);
  assert.deepEqual(opensAt('America/New_York', '2026-03-08T00:00Z', '2026-03-09T12:00Z'), [
    '2026-03-08T07:00:00.000Z',
    '2026-03-09T06:00:00.000Z',
  ]);
  // Midnight itself is skipped in Cairo.
  assert.deepEqual(opensAt('Africa/Cairo', '2026-04-23T12:00Z', '2026-04-25T12:00Z', { hour: 0 }), [
    '2026-04-23T22:00:00.000Z',
    '2026-04-24T21:00:00.000Z',
  ]);
});

test('in autumn, where the hour comes twice, it opens at the first', () => {
  assert.deepEqual(opensAt('Europe/Berlin', '2026-10-24T12:00Z', '2026-10-26T12:00Z'), [
    '2026-10-25T00:00:00.000Z',
    '2026-10-26T01:00:00.000Z',
  ]);
  assert.deepEqual(opensAt('America/New_York', '2026-10-31T12:00Z', '2026-11-02T12:00Z', { hour: 1 }), [
    '2026-11-01T05:00:00.000Z',
    '2026-11-02T06:00:00.000Z',
  ]);
});

test('a date that the zone has skipped has no window', () => {
  // Samoa moved over the date line and had no 30 December 2011.
  const windows = windowsBetween(schedule(), 'Pacific/Apia', Date.parse('2011-12-29T00:00Z'), Date.parse('2012-01-01T00:00Z'));
  assert.deepEqual(
    windows.map(({ localDate }) => localDate),
    ['2011-12-29', '2011-12-31', '2012-01-01'],
  );
});

for (const zone of ZONES) {
  for (const hour of [0, 1, 2, 3, 23]) {
    test(`each local date has one window of an hour, through leap day and year’s end: ${zone}, ${hour}:00`, () => {
      const from = Date.parse('2027-06-01T00:00Z');
      const windows = windowsBetween(schedule({ hour }), zone, from, from + 2 * 366 * DAY_MS);
      const dates = windows.map(({ localDate }) => localDate);
      assert.ok(dates.includes('2028-02-29') && dates.includes('2027-12-31') && dates.includes('2028-01-01'));
      for (const [index, window] of windows.entries()) {
        const before = windows[index - 1];
        assert.equal(window.closesAt - window.opensAt, HOUR_MS);
        assert.ok(window.dueAt >= window.opensAt && window.dueAt < window.closesAt - 9 * 60_000);
        if (before !== undefined) {
          assert.equal(Temporal.PlainDate.from(before.localDate).add({ days: 1 }).toString(), window.localDate);
          assert.ok(window.opensAt - before.opensAt >= 23 * HOUR_MS && window.opensAt - before.opensAt <= 25 * HOUR_MS);
        }
      }
      // Looking in any two steps finds the same as in one.
      const middle = from + 300 * DAY_MS + 12_345;
      const parts = [
        ...windowsBetween(schedule({ hour }), zone, from, middle),
        ...windowsBetween(schedule({ hour }), zone, middle, from + 2 * 366 * DAY_MS),
      ];
      assert.deepEqual(parts, windows);
    });
  }
}

test('only on the days of the week, Monday being 1, by the date of the zone', () => {
  // 2026-11-23 is a Monday; its window in UTC+8 opens on Sunday in UTC.
  assert.deepEqual(opensAt('+08:00', '2026-11-20T00:00Z', '2026-12-01T00:00Z', { weekDays: [1], hour: 1 }), [
    '2026-11-22T17:00:00.000Z',
    '2026-11-29T17:00:00.000Z',
  ]);
  assert.deepEqual(opensAt('+08:00', '2026-11-20T00:00Z', '2026-12-01T00:00Z', { weekDays: [] }), []);
});

test('a window that opens at the start of the span does not count, one at its end does', () => {
  const at = '2026-11-24T18:00Z';
  assert.deepEqual(opensAt('+08:00', at, at), []);
  assert.deepEqual(opensAt('+08:00', '2026-11-24T17:59:59.999Z', at), ['2026-11-24T18:00:00.000Z']);
  assert.deepEqual(opensAt('+08:00', at, '2026-11-25T17:59:59.999Z'), []);
});

test('starts are spread over the window by instance and date, the same at each look', () => {
  const dueOf = (instanceId: string) => {
    const [window] = windowsBetween(schedule({ instanceId }), '+08:00', Date.parse('2026-11-24T00:00Z'), Date.parse('2026-11-25T00:00Z'));
    assert.ok(window !== undefined);
    return (window.dueAt - window.opensAt) / 60_000;
  };
  const minutes = Array.from({ length: 300 }, (_, index) => dueOf(`crs-${String(index).padStart(8, '0')}`));
  assert.deepEqual(
    minutes,
    Array.from({ length: 300 }, (_, index) => dueOf(`crs-${String(index).padStart(8, '0')}`)),
  );
  for (let tenth = 0; tenth < 5; tenth++) {
    const share = minutes.filter((minute) => minute >= tenth * 10 && minute < tenth * 10 + 10).length;
    assert.ok(share > 30 && share < 90, `${share} of 300 start between minute ${tenth * 10} and ${tenth * 10 + 10}`);
  }
});
