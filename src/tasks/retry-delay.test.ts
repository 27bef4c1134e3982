import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calculateDelayMs } from './retry-delay.ts';

test('doubles from one second to one minute', () => {
  const longest = [1, 2, 3, 6, 7, 100].map((failedTries) => calculateDelayMs(failedTries, 0.999_999_9));
  assert.deepEqual(longest, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
});

test('spreads each delay over its upper half', () => {
  assert.deepEqual([calculateDelayMs(3, 0), calculateDelayMs(3, 0.5)], [2_000, 3_000]);
});
