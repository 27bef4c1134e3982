const KIB = 1024;
const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, k: KIB, m: KIB ** 2, g: KIB ** 3, t: KIB ** 4 };
const MS_UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Bytes of a text such as `1048576`, `64k`, `512m` or `2g` (powers of 1024); undefined where it is none. */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit = ''] = /^([0-9]{1,15})([kmgt]?)$/i.exec(text) ?? [];
  return safe(digits, BYTE_UNITS[unit.toLowerCase()]);
}

/** Milliseconds of a text such as `30s`, `15m`, `12h` or `7d`, or `0`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(?:([0-9]{1,9})([smhd])|0)$/i.exec(text) ?? [];
  return text === '0' ? 0 : safe(digits, MS_UNITS[unit.toLowerCase()]);
}

function safe(digits: string | undefined, factor: number | undefined): number | undefined {
  const value = digits === undefined || factor === undefined ? Number.NaN : Number(digits) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}
