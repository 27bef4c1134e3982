import { createHash } from 'node:crypto';
import type { RunKey, Schedule } from '../catalog/schedules.ts';

export const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The last ten minutes of a window are left for the start itself. */
const SPREAD_MS = 50 * 60_000;

/** One hour of one local date in which a backup is due. */
export interface Window extends RunKey {
  readonly opensAt: number;
  readonly closesAt: number;
  /** When its backup starts. */
  readonly dueAt: number;
}

/**
 * The windows of a schedule that opened after `from` and by `until`, oldest first. A window opens when the clocks of the zone show its hour
 * for the first time, or, on a day on which they skip that hour, when they have skipped it; it lasts an hour of real time. So each local date
 * has one, whatever the clocks do (RFC 5545 section 3.3.5 reads local times likewise).
 */
export function windowsBetween(schedule: Schedule, timeZone: string, from: number, until: number): Window[] {
  const windows: Window[] = [];
  // A local date lies within a day of the same date in UTC.
  const last = localDate(until + DAY_MS, timeZone);
  for (let date = localDate(from - DAY_MS, timeZone); Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    if (!schedule.weekDays.includes(date.dayOfWeek)) {
      continue;
    }
    const opening = date.toZonedDateTime({ timeZone, plainTime: { hour: schedule.hour } });
    const opensAt = opening.epochMilliseconds;
    // A zone that moved over the date line has skipped a whole date, which then has no window.
    if (opensAt > from && opensAt <= until && opening.toPlainDate().equals(date)) {
      windows.push(toWindow({ instanceId: schedule.instanceId, localDate: date.toString(), hour: schedule.hour }, opensAt));
    }
  }
  return windows;
}

function localDate(at: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
}

/** The start is spread over the window by instance and date, the same on every process, so that not all sources fork at once. */
function toWindow(key: RunKey, opensAt: number): Window {
  const digest = createHash('sha256').update(`${key.instanceId} ${key.localDate} ${key.hour}`).digest();
  const share = digest.readUInt32BE(0) / 2 ** 32;
  return { ...key, opensAt, closesAt: opensAt + HOUR_MS, dueAt: opensAt + Math.floor(share * SPREAD_MS) };
}
