import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom, splitAtRandom } from '../../../test/harness/random-splits.ts';
import { rdbExpiryMs, rdbFile, rdbKey, rdbLength, rdbString } from '../../../test/harness/rdb-bytes.ts';
import { createRdbScanner, type RdbScan } from './scanner.ts';

const bytes = (...values: number[]) => Buffer.from(values);
const raw = (length: number) => Buffer.alloc(length, 0xfe);
const auxiliary = (name: Uint8Array, value: Uint8Array) => Buffer.concat([bytes(250), name, value]);
const selectDatabase = (index: number) => Buffer.concat([bytes(254), rdbLength(index)]);
const LZF = Buffer.concat([bytes(0xc3), rdbLength(5), rdbLength(100), raw(5)]);
const HUGE = Buffer.concat([bytes(0x81), raw(8)]); // a 64-bit length above 2^63, as in stream ids

function stream(type: 15 | 19 | 21): Buffer {
  const pending = (count: number) =>
    Buffer.concat([rdbLength(count), ...Array.from({ length: count }, () => Buffer.concat([raw(24), rdbLength(3)]))]);
  const owned = (count: number) => Buffer.concat([rdbLength(count), raw(16 * count)]);
  const consumer = (count: number) => Buffer.concat([rdbString('consumer'), raw(type === 21 ? 16 : 8), owned(count)]);
  const group = (consumers: number) =>
    Buffer.concat([
      rdbString('group'),
      HUGE,
      rdbLength(1),
      ...(type === 15 ? [] : [rdbLength(70)]),
      pending(3),
      rdbLength(consumers),
      ...Array.from({ length: consumers }, (_, index) => consumer(index)),
    ]);
  return rdbKey(
    type,
    `stream ${type}`,
    rdbLength(2),
    rdbString(raw(16)),
    rdbString(raw(300)),
    rdbString(raw(16)),
    LZF,
    ...Array.from({ length: type === 15 ? 3 : 8 }, () => HUGE),
    rdbLength(3),
    group(0),
    group(1),
    group(3),
  );
}

const MODULE_DATA = Buffer.concat([
  bytes(1),
  HUGE,
  bytes(2),
  rdbLength(7),
  bytes(3),
  raw(4),
  bytes(4),
  raw(8),
  bytes(5),
  rdbString('text'),
  bytes(5),
  LZF,
  bytes(0),
]);

const COMMON = [
  auxiliary(rdbString('redis-ver'), rdbString('7.0.15')),
  auxiliary(rdbString('redis-bits'), bytes(0xc0, 64)),
  auxiliary(rdbString('ctime'), bytes(0xc2, 0x78, 0x56, 0x34, 0x12)),
  auxiliary(rdbString('negative'), bytes(0xc1, 0xfe, 0xff)),
  auxiliary(rdbString('pressed'), bytes(0xc3, 4, 5, 0, 0x61, 0x40, 0)),
  auxiliary(rdbString('long'), rdbString('x'.repeat(300))),
  Buffer.concat([bytes(247), HUGE, rdbLength(2), rdbLength(1), MODULE_DATA]),
  Buffer.concat([bytes(245), rdbString('#!lua name=lib\n'.repeat(20))]),
  selectDatabase(0),
  Buffer.concat([bytes(251), rdbLength(12), rdbLength(70_000)]),
  rdbKey(0, 'plain', rdbString('v')),
  rdbExpiryMs(4_102_444_800_000),
  bytes(249, 5),
  rdbKey(0, 'with\0zero\r\n', rdbString('x'.repeat(20_000))),
  Buffer.concat([bytes(253), raw(4), bytes(248), rdbLength(500)]),
  rdbKey(0, 'integers', bytes(0xc0, 1)),
  rdbKey(0, '', bytes(0xc1, 1, 2)),
  rdbKey(0, 'int32', bytes(0xc2, 1, 2, 3, 4)),
  rdbKey(0, 'lzf', LZF),
  rdbKey(1, 'list', rdbLength(2), rdbString('a'), rdbString('b')),
  rdbKey(2, 'set', rdbLength(1), rdbString('a')),
  rdbKey(2, 'empty set', rdbLength(0)),
  rdbKey(
    3,
    'zset',
    rdbLength(4),
    rdbString('a'),
    bytes(3),
    raw(3),
    rdbString('b'),
    bytes(253),
    rdbString('c'),
    bytes(254),
    rdbString('d'),
    bytes(255),
  ),
  rdbKey(4, 'hash', rdbLength(1), rdbString('f'), rdbString('v')),
  selectDatabase(300),
  rdbKey(5, 'zset2', rdbLength(2), rdbString('a'), raw(8), rdbString('b'), raw(8)),
  rdbKey(7, 'module', HUGE, MODULE_DATA),
  ...[9, 10, 11, 12, 13, 16, 17, 20].map((type) => rdbKey(type, `packed ${type}`, rdbString(raw(50)))),
  rdbKey(14, 'quicklist', rdbLength(2), rdbString(raw(20)), LZF),
  rdbExpiryMs(1),
  rdbKey(18, 'quicklist2', rdbLength(2), rdbLength(2), rdbString(raw(20)), rdbLength(1), rdbString(raw(90))),
  stream(15),
  stream(19),
  stream(21),
  selectDatabase(0),
  bytes(244, 1, 2, 3),
  rdbKey(0, 'last', rdbString('')),
];
const REDIS_FILE = rdbFile(
  'REDIS0012',
  ...COMMON,
  rdbKey(22, 'field ttl 22', rdbLength(2), rdbLength(0), rdbString('f'), rdbString('v'), HUGE, rdbString('g'), rdbString('w')),
  rdbKey(23, 'field ttl 23', rdbString(raw(30))),
  rdbKey(24, 'field ttl 24', raw(8), rdbLength(1), rdbLength(9), rdbString('f'), rdbString('v')),
  rdbKey(25, 'field ttl 25', raw(8), rdbString(raw(30))),
);
const VALKEY_FILE = rdbFile(
  'VALKEY080',
  Buffer.concat([bytes(243), rdbString('j'.repeat(40)), rdbLength(2), rdbLength(0), rdbLength(99), rdbLength(200), rdbLength(16_383)]),
  ...COMMON,
  rdbKey(22, 'field expiry', rdbLength(2), rdbString('f'), rdbString('v'), raw(8), rdbString('g'), rdbString('w'), raw(8)),
);

function scan(...chunks: Uint8Array[]): RdbScan {
  const scanner = createRdbScanner();
  for (const chunk of chunks) {
    scanner.write(chunk);
  }
  return scanner.end();
}

/** Each byte in a buffer of its own that is overwritten right after the call, as a read buffer is. */
function scanByteByByte(file: Uint8Array): RdbScan {
  const scanner = createRdbScanner();
  const chunk = Buffer.alloc(1);
  for (const byte of file) {
    chunk[0] = byte;
    scanner.write(chunk);
  }
  return scanner.end();
}

describe('a file of every known type', () => {
  test('is counted by database, type and expiry', () => {
    assert.deepEqual(scan(REDIS_FILE), {
      format: 'redis',
      rdbVersion: 12,
      sizeBytes: REDIS_FILE.length,
      keys: {
        complete: true,
        total: 31,
        withExpiry: 3,
        byDatabase: { 0: { keys: 16, withExpiry: 2 }, 300: { keys: 15, withExpiry: 1 } },
        byType: { string: 7, list: 4, set: 4, zset: 4, hash: 8, stream: 3, module: 1 },
        functions: 1,
      },
      incompleteReason: undefined,
      auxiliary: { 'redis-ver': '7.0.15', 'redis-bits': '64', ctime: '305419896', negative: '-2', pressed: 'aaaaa' },
    });
  });

  for (const [name, file] of [
    ['Redis', REDIS_FILE],
    ['Valkey', VALKEY_FILE],
  ] as const) {
    test(`gives the same byte by byte and at random splits (${name})`, () => {
      const whole = scan(file);
      assert.equal(whole.incompleteReason, undefined);
      assert.deepEqual(scanByteByByte(file), whole);
      const seed = Date.now() % 1_000_000;
      const random = createRandom(seed);
      for (let round = 0; round < 200; round++) {
        assert.deepEqual(scan(...splitAtRandom(file, random, 1 + round * 5)), whole, `seed ${seed}, round ${round}`);
      }
    });
  }

  test('is an error when cut short at any byte', () => {
    for (let length = 0; length < REDIS_FILE.length; length++) {
      assert.throws(
        () => scan(REDIS_FILE.subarray(0, length)),
        { code: 'rdb-truncated', message: new RegExp(`at byte ${length},`) },
        `length ${length}`,
      );
    }
  });

  test('is an error when bytes follow its checksum', () => {
    const trailing = { code: 'rdb-trailing-bytes', message: new RegExp(`at byte ${REDIS_FILE.length}$`) };
    assert.throws(() => scan(Buffer.concat([REDIS_FILE, bytes(0)])), trailing);
    assert.throws(() => scan(REDIS_FILE, bytes(0)), trailing);
    assert.throws(() => scan(REDIS_FILE.subarray(0, -3), Buffer.concat([REDIS_FILE.subarray(-3), bytes(0)])), trailing);
  });
});

test('counts nothing in an empty file', () => {
  const { keys } = scan(rdbFile('REDIS0006'));
  assert.deepEqual(keys, { complete: true, total: 0, withExpiry: 0, byDatabase: {}, byType: {}, functions: 0 });
});

test('refuses any other magic, and versions without a checksum', () => {
  for (const magic of ['REDIS001x', 'MEMCACHED', 'VALKEY08 ', 'REDIS0004', 'redis0010']) {
    assert.throws(() => scan(rdbFile(magic)), { code: 'rdb-bad-magic' }, magic);
  }
});

describe('what it does not know', () => {
  const unknown = rdbFile(
    'REDIS0012',
    selectDatabase(0),
    rdbKey(0, 'k', rdbString('v')),
    rdbKey(99, 'new', raw(40)),
    rdbKey(0, 'after', rdbString('v')),
  );

  test('ends the count and is named with its offset, however the bytes are split', () => {
    const result = scan(unknown);
    assert.deepEqual(
      { complete: result.keys.complete, total: result.keys.total, sizeBytes: result.sizeBytes },
      { complete: false, total: 1, sizeBytes: unknown.length },
    );
    assert.match(result.incompleteReason ?? '', /type or opcode 99 is not known at byte 16 of an RDB of version 12/);
    assert.deepEqual(scanByteByByte(unknown), result);
  });

  test('is no error when the file then ends early or goes on', () => {
    assert.equal(scan(unknown.subarray(0, 30)).keys.complete, false);
    assert.equal(scan(unknown, raw(1000)).keys.complete, false);
  });

  test('may be an encoding, a module opcode, a pre-release type or a length beyond all measure', () => {
    const parts = {
      encoding: rdbKey(0, 'k', bytes(0xc9)),
      'count that is an encoding': rdbKey(1, 'k', bytes(0xc0, 1)),
      'module opcode': rdbKey(7, 'k', rdbLength(1), bytes(9)),
      'pre-release module': rdbKey(6, 'k', raw(9)),
      'string of 2^64 bytes': rdbKey(0, 'k', HUGE, raw(9)),
    };
    for (const [name, part] of Object.entries(parts)) {
      assert.equal(scan(rdbFile('REDIS0010', part)).keys.complete, false, name);
    }
  });

  test('includes Valkey types in a Redis file and the other way round', () => {
    assert.match(scan(rdbFile('REDIS0012', bytes(243, 0, 0))).incompleteReason ?? '', /opcode 243/);
    assert.match(scan(rdbFile('VALKEY080', rdbKey(24, 'k', raw(9)))).incompleteReason ?? '', /type or opcode 24/);
  });

  test('includes contradictions in a version newer than the known ones, where a type may have changed', () => {
    const newer = rdbFile('REDIS0013', rdbKey(0, 'k', rdbString('v')));
    assert.equal(scan(newer).keys.complete, true);
    assert.match(scan(newer.subarray(0, -1)).incompleteReason ?? '', /version 13 is newer than 12/);
    assert.match(scan(newer, bytes(1)).incompleteReason ?? '', /version 13 is newer than 12/);
  });

  test('includes more databases than a server can have', () => {
    const many = Array.from({ length: 16_385 }, (_, index) => Buffer.concat([selectDatabase(index), rdbKey(0, 'k', rdbString('v'))]));
    const result = scan(rdbFile('REDIS0010', ...many));
    assert.equal(result.keys.total, 16_384);
    assert.match(result.incompleteReason ?? '', /more than 16384 databases/);
  });
});

test('holds no memory by the lengths that an input declares', () => {
  const scanner = createRdbScanner();
  scanner.write(Buffer.concat([Buffer.from('REDIS0010'), rdbKey(0, 'k', rdbLength(2 ** 50)), raw(1000)]));
  assert.throws(() => scanner.end(), { code: 'rdb-truncated' });
});
