import type { WireSchema } from '../../src/api/schema.ts';
import { itemsOf } from './type-fault.ts';

/** A place in an input: a member, an element, a member of an element. */
export interface Slot {
  readonly path: ReadonlyArray<string | number>;
  readonly schema: WireSchema;
}

/** Every place that a schema has, lists by their first element. */
export function* slotsOf(schema: WireSchema, path: Slot['path'] = []): Iterable<Slot> {
  if (path.length > 0) {
    yield { path, schema };
  }
  if (schema.type === 'array') {
    yield* slotsOf(itemsOf(schema), [...path, 0]);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    yield* slotsOf(property, [...path, name]);
  }
}

/** A value of the right type; structures have all their members. */
export function sampleOf(schema: WireSchema): unknown {
  switch (schema.type) {
    case 'string':
      return 'a';
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [sampleOf(itemsOf(schema))];
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sampleOf(property)]));
  }
}

/** `base` with `value` at a place; undefined leaves it out. What lies on the way and is not there is made as a sample. */
export function place(schema: WireSchema, base: unknown, path: Slot['path'], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    return value;
  }
  if (typeof step === 'number') {
    return [place(itemsOf(schema), Array.isArray(base) ? base[step] : undefined, rest, value)];
  }
  const property = schema.properties?.[step];
  if (property === undefined) {
    throw new Error(`no member ${step}`);
  }
  const members = { ...(base ?? (sampleOf(schema) as object)) } as Record<string, unknown>;
  members[step] = place(property, members[step], rest, value);
  return members;
}

const UNICODE = [
  '订单-🗄️',
  'e\u0301',
  '\u202eabc',
  '\ud800',
  '\udfff\ud800',
  '\0',
  'a\0b',
  '\r\nX: y',
  '\u2028',
  '\ufeff',
  '%00',
  '%_\\',
  'İ',
];
const NESTED = JSON.parse('{"__proto__":{"a":1}}') as object;

/** Values that any member may be sent: right and wrong types, the ends of numbers, texts that break things. */
export const ODD_VALUES: readonly unknown[] = [
  undefined,
  null,
  ...['', ' ', '0', '1', '-1', '1.0', 'true', 'null', 'undefined', '[]', '{}', '../../etc/passwd', "' or 1=1 --", '{{7*7}}', '*'],
  ...UNICODE,
  'x'.repeat(1_000),
  '订'.repeat(100_000),
  ...[0, -1, 1, 1.5, -0.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 62, 2 ** 63, 2 ** 64, 2 ** 65, 1e308, 5e-324],
  ...[-(2 ** 31), -(2 ** 53), -(2 ** 63), -(2 ** 64), -1e308],
  ...[true, false],
  ...[[], [null], [[]], [[[[]]]], ['a'], [1], [true], ['a', 1], [{}], Array(5_001).fill(1), Array(5_001).fill('a')],
  ...[{}, { a: 1 }, { length: 1 }, NESTED, [NESTED], { 0: 'a' }],
];

/** Under, at and over every number that the description of a place names, as a number, as a length of text and as one of a list. */
export function boundValues({ schema }: Slot): readonly unknown[] {
  const numbers = (schema.description ?? '').match(/(?<![\w-])\d{1,6}(?!\w|-\d)/g) ?? [];
  const near = new Set(numbers.flatMap((text) => [Number(text) - 1, Number(text), Number(text) + 1]).filter((number) => number >= 0));
  return [...near].flatMap((number): unknown[] => {
    switch (schema.type) {
      case 'integer':
        return [number];
      case 'string':
        return ['a'.repeat(number), '订'.repeat(number)];
      case 'array':
        return number <= 2_000 ? [Array<unknown>(number).fill(sampleOf(itemsOf(schema)))] : [];
      default:
        return [];
    }
  });
}

/** The smallest value that a description allows by `n to m`: of a number, of a text's length; of a list none, since an empty one is absent. */
export function leastOf({ schema }: Slot): number | undefined {
  const [, least] = /(?:^|[\s,])(\d+) to \d+/i.exec(schema.description ?? '') ?? [];
  const hasLeast = schema.type === 'integer' || (schema.type === 'string' && Number(least) > 0);
  return least === undefined || !hasLeast ? undefined : Number(least);
}

/** The largest value that a description allows by `n to m` or `at most m`: of a number, of a text's length, of a list's. */
export function mostOf({ schema }: Slot): number | undefined {
  const [, most] = /(?:^|[\s,])(?:\d+ to|at most) (\d+)/i.exec(schema.description ?? '') ?? [];
  return most === undefined ? undefined : Number(most);
}
