import { parseWireTime } from '../../shapes/wire-time.ts';

const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/**
 * The second, since the Unix epoch, of a time in a condition: `2022-05-31 00:00:00` in UTC+8, as all times of the API without a zone, or
 * ISO 8601 with its zone, as the vendor's page on condition keys shows both. Undefined where it is not a real time.
 */
export function parsePolicyTime(text: string): number | undefined {
  const wire = parseWireTime(text);
  if (wire !== undefined) {
    return Math.floor(wire / 1000);
  }
  const [, year, month, day, hour, minute, second] = ISO_TIME.exec(text) ?? [];
  const local = `${year}-${month}-${day} ${hour}:${minute}:${second}`;
  // Date.parse takes 30 February for 2 March; a date and time that reads back as written is real in any zone.
  const atMs = parseWireTime(local) === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.floor(atMs / 1000);
}
