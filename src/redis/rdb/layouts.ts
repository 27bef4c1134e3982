/**
 * What follows each type byte of an RDB, as data. A layout is a short program of steps over one flat array; the scanner walks it with a
 * program counter and a stack of loop counters, so no input can make it recurse. Steps skip bytes; only the capture step looks at them.
 *
 * Source of the layouts: `rdb.c` and `rdb.h` of Redis up to 8 (RDB version 12) and of Valkey up to 9 (RDB version 80).
 */
export const STEP = {
  /** End of the layout. */
  end: 0,
  /** One string in any encoding: plain, integer or LZF. */
  string: 1,
  /** One length, 1 to 9 bytes; its value is not looked at. */
  length: 2,
  /** Operand n: n bytes. */
  fixed: 3,
  /** A score of the first zset format: a length byte and text, or 253 to 255 for the values that are no number. */
  textScore: 4,
  /** Operand n: reads a count; runs the next n cells that many times. They end in `again`. */
  repeat: 5,
  /** Operand n: back by n cells while the innermost loop has rounds left. */
  again: 6,
  /** Module data: opcodes with a value each, up to a zero opcode. */
  module: 7,
  /** One string of an auxiliary field, kept where it is short. */
  capture: 8,
  /** A length, the number of the database that the next keys lie in. */
  selectDatabase: 9,
  /** Only after the end-of-file opcode. */
  trailer: 10,
  /** Nothing is known about what follows. */
  unknown: 11,
  /** The nine bytes that every RDB starts with. */
  magic: 12,
} as const;

/** Names as `TYPE` gives them, but `module` for every type of a module. */
export const KEY_TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream', 'module'] as const;
type KeyType = (typeof KEY_TYPES)[number];

export const OPCODE = { function2: 245, expireTimeMs: 252, expireTime: 253, endOfFile: 255 } as const;

const STRING = [STEP.string];
const LENGTH = [STEP.length];
const fixed = (sizeBytes: number): number[] => [STEP.fixed, sizeBytes];
const sequence = (...parts: number[][]): number[] => parts.flat();

function lengths(count: number): number[] {
  return new Array<number>(count).fill(STEP.length);
}

function repeat(...parts: number[][]): number[] {
  const body = parts.flat();
  return [STEP.repeat, body.length + 2, ...body, STEP.again, body.length];
}

/**
 * Stream ids in pending entry lists are raw (16 bytes), everywhere else two lengths. Version 2 added five lengths and the group's offset, 3
 * the active time.
 */
function stream(version: 1 | 2 | 3): number[] {
  const pending = repeat(fixed(16 + 8), LENGTH);
  const consumer = sequence(STRING, fixed(version === 3 ? 16 : 8), repeat(fixed(16)));
  const group = sequence(STRING, lengths(version === 1 ? 2 : 3), pending, repeat(consumer));
  return sequence(repeat(STRING, STRING), lengths(version === 1 ? 3 : 8), repeat(group));
}

const VALUES: ReadonlyArray<readonly [type: number, keyType: KeyType, layout: number[]]> = [
  [0, 'string', STRING],
  [1, 'list', repeat(STRING)],
  [2, 'set', repeat(STRING)],
  [3, 'zset', repeat(STRING, [STEP.textScore])],
  [4, 'hash', repeat(STRING, STRING)],
  [5, 'zset', repeat(STRING, fixed(8))],
  [7, 'module', sequence(LENGTH, [STEP.module])],
  [9, 'hash', STRING], // zipmap
  [10, 'list', STRING], // ziplist
  [11, 'set', STRING], // intset
  [12, 'zset', STRING], // ziplist
  [13, 'hash', STRING], // ziplist
  [14, 'list', repeat(STRING)], // quicklist of ziplists
  [15, 'stream', stream(1)],
  [16, 'hash', STRING], // listpack
  [17, 'zset', STRING], // listpack
  [18, 'list', repeat(LENGTH, STRING)], // quicklist 2: container kind and node
  [19, 'stream', stream(2)],
  [20, 'set', STRING], // listpack
  [21, 'stream', stream(3)],
];

/** Redis 7.4 and later; 22 and 23 come from its release candidates. The leading 8 bytes are the earliest expiry of a field. */
const REDIS_VALUES: typeof VALUES = [
  [22, 'hash', repeat(LENGTH, STRING, STRING)],
  [23, 'hash', STRING],
  [24, 'hash', sequence(fixed(8), repeat(LENGTH, STRING, STRING))],
  [25, 'hash', sequence(fixed(8), STRING)],
];

/** Valkey 9 gave number 22 another meaning: field, value and 8 bytes of expiry. */
const VALKEY_VALUES: typeof VALUES = [[22, 'hash', repeat(STRING, STRING, fixed(8))]];

const OPCODES: ReadonlyArray<readonly [opcode: number, layout: number[]]> = [
  [244, lengths(3)], // slot info
  [OPCODE.function2, STRING],
  [247, sequence(lengths(3), [STEP.module])], // auxiliary data of a module: id, when-opcode, when
  [248, LENGTH], // idle time
  [249, fixed(1)], // access frequency
  [250, [STEP.capture, STEP.capture]], // auxiliary field: name and value
  [251, lengths(2)], // resize hint
  [OPCODE.expireTimeMs, fixed(8)],
  [OPCODE.expireTime, fixed(4)],
  [254, [STEP.selectDatabase]],
  [OPCODE.endOfFile, [STEP.trailer]],
];

const VALKEY_OPCODES: typeof OPCODES = [[243, sequence(STRING, repeat(lengths(2)))]]; // slot import

/** The layouts of one server family, ready to run. */
export interface Layouts {
  readonly steps: Uint8Array;
  /** Where the layout of a type byte starts. Types that are not known start at an `unknown` step. */
  readonly entry: Uint16Array;
  /** Index into KEY_TYPES for bytes that are value types, 255 for opcodes. */
  readonly keyType: Uint8Array;
}

/** Where every layout array holds the program for the magic. */
export const MAGIC_ENTRY = 0;
const UNKNOWN_ENTRY = 1;

export const NO_KEY_TYPE = 255;

function compile(values: typeof VALUES, opcodes: typeof OPCODES): Layouts {
  const steps: number[] = [STEP.magic, STEP.unknown];
  const entry = new Uint16Array(256).fill(UNKNOWN_ENTRY);
  const keyType = new Uint8Array(256).fill(NO_KEY_TYPE);
  for (const [type, name, layout] of values) {
    entry[type] = steps.length;
    keyType[type] = KEY_TYPES.indexOf(name);
    steps.push(STEP.string, ...layout, STEP.end); // the key comes before the value
  }
  for (const [opcode, layout] of opcodes) {
    entry[opcode] = steps.length;
    steps.push(...layout, STEP.end);
  }
  return { steps: Uint8Array.from(steps), entry, keyType };
}

export const REDIS_LAYOUTS = compile([...VALUES, ...REDIS_VALUES], OPCODES);
export const VALKEY_LAYOUTS = compile([...VALUES, ...VALKEY_VALUES], [...OPCODES, ...VALKEY_OPCODES]);
