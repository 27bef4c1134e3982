import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBytes, parseDuration } from './quantities.ts';

test('bytes are a number with at most one unit, of powers of 1024', () => {
  assert.deepEqual(['0', '1048576', '64k', '512M', '2g', '1T'].map(parseBytes), [0, 1_048_576, 65_536, 536_870_912, 2 ** 31, 2 ** 40]);
  assert.deepEqual(['', 'm', '-1', '1.5g', '1 g', '2gb', '1e3', '999999999999999t'].map(parseBytes), Array(8).fill(undefined));
});

test('a duration is a number with one unit, or 0', () => {
  assert.deepEqual(['0', '30s', '15m', '12H', '7d'].map(parseDuration), [0, 30_000, 900_000, 43_200_000, 604_800_000]);
  assert.deepEqual(['', '7', 'd', '-1d', '1.5h', '1w', '7 d'].map(parseDuration), Array(7).fill(undefined));
});
