import { DomainError } from '../../lib/errors.ts';
import { byteAt } from '../byte-reader.ts';
import { decodeString, MALFORMED, NEED_MORE, readLength, skipString } from './encoding.ts';
import { createKeyCounter, MAX_DATABASES, type RdbKeyCounts } from './key-counter.ts';
import { type Layouts, MAGIC_ENTRY, NO_KEY_TYPE, OPCODE, REDIS_LAYOUTS, STEP, VALKEY_LAYOUTS } from './layouts.ts';

export interface RdbScan {
  readonly format: 'redis' | 'valkey';
  /** The number in the magic, such as 10 for `REDIS0010`. */
  readonly rdbVersion: number;
  readonly sizeBytes: number;
  readonly keys: RdbKeyCounts;
  /** One sentence with the offset; undefined when `keys.complete`. */
  readonly incompleteReason: string | undefined;
  /** Auxiliary fields such as `redis-ver`, `ctime`, `repl-id`; those longer than 256 bytes are left out. */
  readonly auxiliary: Readonly<Record<string, string>>;
}

/**
 * A push parser: chunks of any size in, counts out. It skips values in place, allocates nothing by a length that the input declares, and
 * keeps no reference to a chunk. It checks structure only; whether the bytes are right is for the checksum to say. After it has thrown it
 * is not to be used again.
 */
export interface RdbScanner {
  /** Throws `rdb-bad-magic` and `rdb-trailing-bytes`; never for a type or an opcode that it does not know. */
  write(chunk: Uint8Array): void;
  /** The auxiliary fields that have passed so far; they are the first thing in an RDB. */
  auxiliary(): Readonly<Record<string, string>>;
  /** The result, after the last chunk. Throws `rdb-truncated` where the end-of-file mark or the checksum after it is missing. */
  end(): RdbScan;
}

/**
 * Told of each record as soon as its end is known: its opcode or value type, and where it begins and ends. The end may lie in a chunk that is
 * yet to come.
 */
export type OnRecord = (type: number, start: number, end: number) => void;

const NEWEST_KNOWN_VERSION = { redis: 12, valkey: 80 } as const;
/** The first version with a checksum at its end. */
const OLDEST_VERSION = 5;
const MAGIC_BYTES = 9;
const TRAILER_BYTES = 8;
const MAX_AUXILIARY_BYTES = 256;
const MAX_AUXILIARY_FIELDS = 64;
/** More than the longest step that must be seen whole: a captured string, or the head of an LZF string (19 bytes) after a module opcode. */
const CARRY_BYTES = MAX_AUXILIARY_BYTES + 32;
/** The program counter between two layouts. */
const AT_TYPE_BYTE = -1;

/** Walks the layouts of layouts.ts. State is a program counter, at most three loop counters, and what the last chunk left unfinished. */
export function createRdbScanner(onRecord?: OnRecord): RdbScanner {
  let format: 'redis' | 'valkey' = 'redis';
  let rdbVersion = 0;
  let layouts: Layouts = REDIS_LAYOUTS;
  const counter = createKeyCounter();
  const auxiliary = new Map<string, string>();
  let auxiliaryName: { text: string | undefined } | undefined;

  let pc = MAGIC_ENTRY;
  const rounds = new Float64Array(4);
  let depth = 0;
  let type = 0;
  let recordStart = 0;
  let finished = false;
  let incompleteReason: string | undefined;
  const slot = { value: 0 };

  let receivedBytes = 0;
  /** Bytes before the buffer that `run` works on. */
  let bufferOffset = 0;
  let skipBytes = 0;
  const carry = Buffer.alloc(CARRY_BYTES);
  let carryBytes = 0;

  /**
   * What contradicts the layouts is an error where they are known to hold, and a limit of this scanner where the RDB is newer than they.
   */
  function contradict(code: string, message: string): void {
    const newest = NEWEST_KNOWN_VERSION[format];
    if (rdbVersion <= newest) {
      throw new DomainError(code, message, { hint: 'the RDB is damaged or was cut short: take the backup again' });
    }
    incompleteReason = `${message}; its version ${rdbVersion} is newer than ${newest}, the newest that is known`;
  }

  function readMagic(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1');
    const match = /^(?:REDIS([0-9]{4})|VALKEY([0-9]{3}))$/.exec(text);
    rdbVersion = Number(match?.[1] ?? match?.[2] ?? 0);
    if (rdbVersion < OLDEST_VERSION) {
      const message = `an RDB starts with REDIS or VALKEY and a version from ${OLDEST_VERSION}, not with ${JSON.stringify(text)}`;
      throw new DomainError('rdb-bad-magic', message);
    }
    format = match?.[1] === undefined ? 'valkey' : 'redis';
    layouts = format === 'valkey' ? VALKEY_LAYOUTS : REDIS_LAYOUTS;
  }

  /** Skips a string of an auxiliary field, of which a short one must be there in full to be kept. */
  function captureString(bytes: Uint8Array, at: number, end: number): number {
    const next = skipString(bytes, at, end, slot);
    const isShort = next - at <= MAX_AUXILIARY_BYTES;
    if (next < 0 || (isShort && next > end)) {
      return next < 0 ? next : NEED_MORE;
    }
    const text = isShort ? decodeString(bytes, at, next, MAX_AUXILIARY_BYTES) : undefined;
    if (auxiliaryName === undefined) {
      auxiliaryName = { text };
    } else {
      if (auxiliaryName.text !== undefined && text !== undefined && auxiliary.size < MAX_AUXILIARY_FIELDS) {
        auxiliary.set(auxiliaryName.text, text);
      }
      auxiliaryName = undefined;
    }
    return next;
  }

  /** One opcode of module data with its value (`rdbLoadCheckModuleValue` of Redis); opcode 0 ends the step. */
  function skipModuleValue(bytes: Uint8Array, at: number, end: number): number {
    const value = readLength(bytes, at, end, slot);
    if (value < 0) {
      return value;
    }
    switch (slot.value) {
      case 0:
        pc += 1;
        return value;
      case 1: // signed
      case 2: // unsigned
        return readLength(bytes, value, end, slot);
      case 3: // float
        return value + 4;
      case 4: // double
        return value + 8;
      case 5:
        return skipString(bytes, value, end, slot);
      default:
        return MALFORMED;
    }
  }

  function startRepeat(): void {
    if (slot.value > 0) {
      rounds[depth] = slot.value;
      depth += 1;
      pc += 2;
    } else {
      pc += 2 + byteAt(layouts.steps, pc + 1);
    }
  }

  /** Ends a layout: counts what it was, and waits for the next type byte. */
  function endLayout(next: number): void {
    pc = AT_TYPE_BYTE;
    onRecord?.(type, recordStart, bufferOffset + next);
    const keyType = byteAt(layouts.keyType, type);
    if (keyType !== NO_KEY_TYPE) {
      if (!counter.countKey(keyType)) {
        incompleteReason = `more than ${MAX_DATABASES} databases hold keys`;
      }
    } else if (type === OPCODE.expireTimeMs || type === OPCODE.expireTime) {
      counter.expectExpiry();
    } else if (type === OPCODE.function2) {
      counter.countFunction();
    } else if (type === OPCODE.endOfFile) {
      finished = true;
    }
  }

  /** Loops and ends take no input: they are done at once, so that no chunk boundary falls before them. */
  function settle(next: number): void {
    const { steps } = layouts;
    while (byteAt(steps, pc) === STEP.again) {
      const left = (rounds[depth - 1] ?? 0) - 1;
      if (left > 0) {
        rounds[depth - 1] = left;
        pc -= byteAt(steps, pc + 1);
        return;
      }
      depth -= 1;
      pc += 2;
    }
    if (byteAt(steps, pc) === STEP.end) {
      endLayout(next);
    }
  }

  function startLayout(bytes: Uint8Array, at: number): number {
    type = byteAt(bytes, at);
    recordStart = bufferOffset + at;
    pc = layouts.entry[type] as number;
    return byteAt(layouts.steps, pc) === STEP.unknown ? MALFORMED : at + 1;
  }

  /** Takes one step at `at`, which is before `end`; answers the position after it, which may lie behind `end`. */
  function takeStep(bytes: Uint8Array, at: number, end: number): number {
    const { steps } = layouts;
    let next: number;
    let cells = 1;
    const step = byteAt(steps, pc);
    switch (step) {
      case STEP.string:
        next = skipString(bytes, at, end, slot);
        break;
      case STEP.fixed:
        next = at + byteAt(steps, pc + 1);
        cells = 2;
        break;
      case STEP.textScore:
        next = byteAt(bytes, at) < 253 ? at + 1 + byteAt(bytes, at) : at + 1;
        break;
      case STEP.capture:
        next = captureString(bytes, at, end);
        break;
      case STEP.trailer:
        next = at + TRAILER_BYTES;
        break;
      case STEP.module:
        next = skipModuleValue(bytes, at, end);
        cells = 0;
        break;
      case STEP.magic:
        if (at + MAGIC_BYTES > end) {
          return NEED_MORE;
        }
        readMagic(bytes.subarray(at, at + MAGIC_BYTES));
        pc = AT_TYPE_BYTE;
        return at + MAGIC_BYTES;
      default: // length, repeat, selectDatabase
        next = readLength(bytes, at, end, slot);
    }
    if (next < 0) {
      return next;
    }
    if (step === STEP.repeat) {
      startRepeat();
    } else {
      if (step === STEP.selectDatabase) {
        counter.selectDatabase(slot.value);
      }
      pc += cells;
    }
    settle(next);
    return next;
  }

  /** Runs over `bytes[from, end)`, one step only where asked; answers the position after the last whole step. */
  function run(bytes: Uint8Array, from: number, end: number, once: boolean): number {
    let at = from;
    while (at < end && incompleteReason === undefined) {
      if (finished) {
        contradict('rdb-trailing-bytes', `bytes follow the checksum of the RDB at byte ${bufferOffset + at}`);
        return end;
      }
      const atTypeByte = pc === AT_TYPE_BYTE;
      const next = atTypeByte ? startLayout(bytes, at) : takeStep(bytes, at, end);
      if (next === NEED_MORE) {
        return at;
      }
      if (next === MALFORMED) {
        const what = atTypeByte ? 'is not known' : 'is followed by what cannot be read';
        incompleteReason = `value type or opcode ${type} ${what} at byte ${bufferOffset + at} of an RDB of version ${rdbVersion}`;
        return end;
      }
      at = next;
      if (once) {
        return at;
      }
    }
    return at;
  }

  /**
   * Finishes the step that the last chunk ended in; answers the position in `chunk` after it, or its length where the step is still
   * unfinished.
   */
  function finishCarried(chunk: Uint8Array): number {
    const had = carryBytes;
    const taken = Math.min(CARRY_BYTES - had, chunk.length);
    carry.set(chunk.subarray(0, taken), had);
    bufferOffset = receivedBytes - had;
    const at = run(carry, 0, had + taken, true);
    carryBytes = at === 0 ? had + taken : 0;
    return at === 0 ? chunk.length : at - had;
  }

  function scan(chunk: Uint8Array): void {
    let at = Math.min(skipBytes, chunk.length);
    skipBytes -= at;
    if (carryBytes > 0 && chunk.length > 0) {
      at = finishCarried(chunk);
    }
    bufferOffset = receivedBytes;
    at = run(chunk, at, chunk.length, false);
    if (incompleteReason !== undefined) {
      return;
    }
    if (at < chunk.length) {
      carryBytes = chunk.length - at;
      carry.set(chunk.subarray(at));
    } else {
      skipBytes += at - chunk.length;
    }
  }

  return {
    write(chunk) {
      if (incompleteReason === undefined) {
        scan(chunk);
      }
      receivedBytes += chunk.length;
    },
    auxiliary: () => Object.fromEntries(auxiliary),
    end() {
      if (incompleteReason === undefined && (!finished || skipBytes > 0)) {
        contradict('rdb-truncated', `the RDB ends at byte ${receivedBytes}, before its end-of-file mark and checksum`);
      }
      return {
        format,
        rdbVersion,
        sizeBytes: receivedBytes,
        keys: counter.result(incompleteReason === undefined),
        incompleteReason,
        auxiliary: Object.fromEntries(auxiliary),
      };
    },
  };
}
