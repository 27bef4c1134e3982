import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canFollow, INSTANCE_STATES, LISTED_STATES } from './instance-state.ts';

test('an instance goes through its life and no other way', () => {
  const allowed = INSTANCE_STATES.flatMap((from) => INSTANCE_STATES.filter((to) => canFollow(from, to)).map((to) => `${from} > ${to}`));
  assert.deepEqual(allowed, [
    'attaching > online',
    'creating > starting',
    'creating > isolated',
    'creating > failed',
    'starting > online',
    'starting > isolated',
    'starting > failed',
    'online > restoring',
    'online > changing',
    'online > isolating',
    'online > detached',
    'restoring > online',
    'changing > online',
    'isolating > online',
    'isolating > isolated',
    'isolated > starting',
    'isolated > cleaning',
    'cleaning > isolated',
    'cleaning > detached',
  ]);
});

test('what is kept for its backups alone, and what never came about, is not listed unless asked for', () => {
  assert.deepEqual(LISTED_STATES, [
    'attaching',
    'creating',
    'starting',
    'online',
    'restoring',
    'changing',
    'isolating',
    'isolated',
    'cleaning',
  ]);
});
