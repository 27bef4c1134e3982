import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, splitAtRandom } from '../../../test/harness/random-splits.ts';
import { rdbFile, rdbKey, rdbString } from '../../../test/harness/rdb-bytes.ts';
import { createRdbChecksum, type RdbChecksumResult } from './rdb-checksum.ts';

const FILE = rdbFile('REDIS0010', rdbKey(0, 'k', rdbString('v'.repeat(100))));

function check(pieces: Uint8Array[]): RdbChecksumResult {
  const checksum = createRdbChecksum();
  for (const piece of pieces) {
    checksum.update(piece);
  }
  return checksum.finish();
}

test('finds the trailer equal, in one piece, byte by byte and at random splits', () => {
  const trailer = Buffer.from(FILE.subarray(-8)).reverse().toString('hex');
  const expected = { state: 'equal', computed: trailer, trailer };
  assert.deepEqual(check([FILE]), expected);
  assert.deepEqual(check([...FILE].map((byte) => Buffer.from([byte]))), expected);
  const seed = Date.now() % 1_000_000;
  const random = createRandom(seed);
  for (let round = 0; round < 100; round++) {
    assert.deepEqual(check(splitAtRandom(FILE, random, 20)), expected, `seed ${seed}, round ${round}`);
  }
});

test('finds one flipped bit anywhere', () => {
  for (let at = 0; at < FILE.length; at++) {
    const damaged = Buffer.from(FILE);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    assert.equal(check([damaged]).state, 'different', `byte ${at}`);
  }
});

test('takes a trailer of zeroes for checksums that the source switched off', () => {
  const file = Buffer.concat([FILE.subarray(0, -8), Buffer.alloc(8)]);
  const result = check([file]);
  assert.equal(result.state, 'disabled');
  assert.equal(result.computed, check([FILE]).computed);
});

test('never takes fewer than eight bytes for equal', () => {
  for (let length = 0; length < 8; length++) {
    assert.equal(check([Buffer.alloc(length)]).state, 'different');
  }
});
