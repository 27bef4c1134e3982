/** The API's times are `yyyy-MM-dd HH:mm:ss` in China standard time, which has no summer time. */
const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const MOST_DAYS_KEPT = 1000;

/** Texts of days that were shown lately: a page of 20 backups formats 60 instants of a few days. */
const days = new Map<number, string>();

/** An instant in milliseconds as the API shows it. */
export function formatWireTime(atMs: number): string {
  const local = Math.floor((atMs + OFFSET_MS) / 1000);
  const day = Math.floor(local / 86_400);
  const second = local - day * 86_400;
  return `${formatDay(day)} ${pad(Math.floor(second / 3600))}:${pad(Math.floor(second / 60) % 60)}:${pad(second % 60)}`;
}

function formatDay(day: number): string {
  let text = days.get(day);
  if (text === undefined) {
    text = new Date(day * DAY_MS).toISOString().slice(0, 10);
    if (days.size >= MOST_DAYS_KEPT) {
      days.clear();
    }
    days.set(day, text);
  }
  return text;
}

function pad(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** The first millisecond of the second that `text` names; undefined where it is not a real date and time in exactly that form. */
export function parseWireTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text) ?? [];
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) - OFFSET_MS;
  // Date.UTC rolls 30 February and 25:61 over into real instants; only a real date reads back as it was written.
  return !Number.isNaN(atMs) && formatWireTime(atMs) === text ? atMs : undefined;
}
