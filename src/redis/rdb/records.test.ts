import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pickSeed } from '../../../test/harness/random-seed.ts';
import { createRandom, splitAtRandom } from '../../../test/harness/random-splits.ts';
import { rdbExpiryMs, rdbFile, rdbKey, rdbLength, rdbString } from '../../../test/harness/rdb-bytes.ts';
import { isDomainError } from '../../lib/errors.ts';
import { createRdbRecords } from './records.ts';

const bytes = (...values: number[]) => Buffer.from(values);
const LONG = 'long '.repeat(100);
const VALUE = Buffer.concat([rdbLength(1), rdbString('f'), rdbString(LONG)]);
const SECONDS = Buffer.from([253, 1, 0, 0, 0]);

const FILE = rdbFile(
  'REDIS0010',
  Buffer.concat([bytes(250), rdbString('redis-ver'), rdbString('7.0.15')]),
  Buffer.concat([bytes(245), rdbString('#!lua name=x\n')]),
  rdbKey(0, 'first', rdbString('1')),
  Buffer.concat([bytes(254), rdbLength(3), bytes(251, 2, 1)]),
  rdbExpiryMs(1_700_000_000_123),
  rdbKey(4, LONG, VALUE),
  SECONDS,
  Buffer.concat([bytes(0, 0xc1, 0x39, 0x30), rdbString('of key 12345')]),
  Buffer.concat([bytes(254), rdbLength(300)]),
  rdbKey(0, '', rdbString('')),
);

const EXPECTED = [
  ['function', '#!lua name=x\n'],
  [0, 'first', 'string', Buffer.concat([bytes(0), rdbString('1')]).toString('hex'), undefined],
  [3, LONG, 'hash', Buffer.concat([bytes(4), VALUE]).toString('hex'), 1_700_000_000_123],
  [3, '12345', 'string', Buffer.concat([bytes(0), rdbString('of key 12345')]).toString('hex'), 1000],
  [300, '', 'string', Buffer.concat([bytes(0), rdbString('')]).toString('hex'), undefined],
];

function read(pieces: Uint8Array[], maxRecordBytes = 10_000): unknown[] {
  const found: unknown[] = [];
  const records = createRdbRecords(
    {
      key: ({ database, name, type, value, expiresAt }) => found.push([database, name.toString(), type, value.toString('hex'), expiresAt]),
      functionLibrary: (code) => found.push(['function', code.toString()]),
    },
    maxRecordBytes,
  );
  for (const piece of pieces) {
    const mine = Buffer.from(piece);
    records.write(mine);
    mine.fill(0xaa); // nothing may look at a chunk after the call
  }
  records.end();
  return found;
}

describe('keys of an RDB', () => {
  test('come out the same however it is cut', (t) => {
    assert.deepEqual(read([FILE]), EXPECTED);
    assert.deepEqual(read([...FILE].map((byte) => bytes(byte))), EXPECTED);
    const random = createRandom(pickSeed(t));
    for (let round = 0; round < 200; round++) {
      assert.deepEqual(read(splitAtRandom(FILE, random)), EXPECTED);
    }
  });

  test('that is cut short are refused, at each offset', () => {
    for (let length = 0; length < FILE.length; length++) {
      assert.throws(
        () => read([FILE.subarray(0, length)]),
        (error) => isDomainError(error, 'rdb-truncated', 'rdb-bad-magic'),
        `${length}`,
      );
    }
  });

  test('are refused where one is too large, or unknown', () => {
    assert.throws(
      () =>
        read(
          [...FILE].map((byte) => bytes(byte)),
          600,
        ),
      (error) => isDomainError(error, 'value-too-large'),
    );
    const strange = rdbFile('REDIS0010', rdbKey(200, 'key', rdbString('x')));
    assert.throws(
      () => read([strange]),
      (error) => isDomainError(error, 'rdb-not-readable'),
    );
  });
});
