import type { Static } from 'typebox';
import type { Schedule } from '../../catalog/schedules.ts';
import { int64, list, structure, text } from '../schema.ts';
import { formatTimePeriod, formatWeekDays } from './backup-window.ts';

export const DEFAULT_STORAGE_DAYS = 7;

export const AutoBackupConfig = structure({
  AutoBackupType: int64('Always 1: on the days and at the time given.'),
  WeekDays: list(text('Monday to Sunday.'), 'Days with a backup; none: there are no automatic backups.'),
  TimePeriod: text('Hour in which a backup starts, such as 01:00-02:00, in the zone of the server, UTC+8 unless it is told another.'),
  BackupStorageDays: int64('Days to keep an automatic backup.'),
});

/** The schedule of an instance; of one without, no days and the values that a first change would have. */
export function toAutoBackupConfig(schedule: Schedule | undefined): Static<typeof AutoBackupConfig> {
  return {
    AutoBackupType: 1,
    WeekDays: formatWeekDays(schedule?.weekDays ?? []),
    TimePeriod: formatTimePeriod(schedule?.hour ?? 0),
    BackupStorageDays: schedule?.storageDays ?? DEFAULT_STORAGE_DAYS,
  };
}
