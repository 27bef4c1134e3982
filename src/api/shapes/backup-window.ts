/** The days of a week as the API calls them, Monday first. */
export const WEEK_DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

export const ALL_WEEK_DAYS: readonly number[] = WEEK_DAYS.map((_, index) => index + 1);

/** ISO numbers, 1 is Monday, ascending and each once; undefined where a name is none of the seven. */
export function parseWeekDays(names: readonly string[]): readonly number[] | undefined {
  const days = names.map((name) => (WEEK_DAYS as readonly string[]).indexOf(name) + 1);
  return days.includes(0) ? undefined : [...new Set(days)].sort((a, b) => a - b);
}

export function formatWeekDays(days: readonly number[]): string[] {
  return days.map((day) => WEEK_DAYS[day - 1] ?? '');
}

/** The hour at which a window such as `01:00-02:00` opens; undefined where `text` is not one whole hour in that form. */
export function parseTimePeriod(text: string): number | undefined {
  const hour = Number(/^([01]\d|2[0-3]):00-/.exec(text)?.[1] ?? Number.NaN);
  return formatTimePeriod(hour) === text ? hour : undefined;
}

/** The window that opens at an hour; the last of a day closes at `00:00`. */
export function formatTimePeriod(hour: number): string {
  const clock = (value: number) => `${String(value % 24).padStart(2, '0')}:00`;
  return `${clock(hour)}-${clock(hour + 1)}`;
}
