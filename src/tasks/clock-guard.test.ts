import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driftOf, readClock } from './clock-guard.ts';

test('the clocks of this machine agree with themselves', () => {
  const first = readClock();
  const second = readClock();
  assert.ok(first.uptimeMs > 0 && second.uptimeMs >= first.uptimeMs);
  assert.equal(first.bootId, second.bootId);
  // The uptime has steps of ten milliseconds on some systems.
  assert.ok(Math.abs(driftOf(first, second)) < 1_000);
});
