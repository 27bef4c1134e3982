import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelayMs } from './backoff-delay.ts';

test('doubles from half a second to half a minute', () => {
  const delays = Array.from({ length: 8 }, (_, failures) => backoffDelayMs(failures, () => 0));
  assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(
    backoffDelayMs(5_000, () => 0),
    30_000,
  );
});

test('adds at most a quarter by chance and never passes half a minute', () => {
  assert.equal(
    backoffDelayMs(0, () => 0.999_999),
    625,
  );
  assert.equal(
    backoffDelayMs(6, () => 0.999_999),
    30_000,
  );
});
