import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeededRandom } from './seeded-random.ts';

test('gives the same sequence for a seed, on every machine', () => {
  const random = createSeededRandom(1);
  assert.deepEqual(
    Array.from({ length: 4 }, () => random.below(2 ** 32)),
    [2_693_262_067, 11_749_833, 2_265_367_787, 4_213_581_821],
  );
  assert.deepEqual(createSeededRandom(7).bytes(64), createSeededRandom(7).bytes(64));
  assert.notDeepEqual(createSeededRandom(7).bytes(64), createSeededRandom(8).bytes(64));
});

test('stays below its limit', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
      const value = createSeededRandom(seed).below(limit);
      assert.ok(Number.isInteger(value) && value >= 0 && value < limit);
    }),
  );
});
