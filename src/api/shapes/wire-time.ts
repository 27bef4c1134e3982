/** The API's times are `yyyy-MM-dd HH:mm:ss` in China standard time, which has no summer time. */
const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const MOST_DAYS_KEPT = 1000;

/** Character codes of `yyyy-MM-dd` of days that were shown lately: a page of 20 backups formats 60 instants of a few days. */
const days = new Map<number, readonly number[]>();

/**
 * An instant in milliseconds as the API shows it. Built from character codes: a string that is put together from pieces costs
 * JSON.stringify twice as much as the rest of its row.
 */
export function formatWireTime(atMs: number): string {
  const local = Math.floor((atMs + OFFSET_MS) / 1000);
  const day = Math.floor(local / 86_400);
  const second = local - day * 86_400;
  const hour = Math.floor(second / 3600);
  const minute = Math.floor(second / 60) % 60;
  const [tensOfHours, tensOfMinutes, tensOfSeconds] = [Math.floor(hour / 10), Math.floor(minute / 10), Math.floor((second % 60) / 10)];
  return String.fromCharCode(
    ...dayCodes(day),
    SPACE,
    ZERO + tensOfHours,
    ZERO + (hour % 10),
    COLON,
    ZERO + tensOfMinutes,
    ZERO + (minute % 10),
    COLON,
    ZERO + tensOfSeconds,
    ZERO + (second % 10),
  );
}

const SPACE = 0x20;
const ZERO = 0x30;
const COLON = 0x3a;

function dayCodes(day: number): readonly number[] {
  let codes = days.get(day);
  if (codes === undefined) {
    codes = [...Buffer.from(new Date(day * DAY_MS).toISOString().slice(0, 10))];
    if (days.size >= MOST_DAYS_KEPT) {
      days.clear();
    }
    days.set(day, codes);
  }
  return codes;
}

/** The first millisecond of the second that `text` names; undefined where it is not a real date and time in exactly that form. */
export function parseWireTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text) ?? [];
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) - OFFSET_MS;
  // Date.UTC rolls 30 February and 25:61 over into real instants; only a real date reads back as it was written.
  return !Number.isNaN(atMs) && formatWireTime(atMs) === text ? atMs : undefined;
}
