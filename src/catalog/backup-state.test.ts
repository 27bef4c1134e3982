import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKUP_STATES, canFollow } from './backup-state.ts';

test('a backup goes through its life and no other way', () => {
  const allowed = BACKUP_STATES.flatMap((from) => BACKUP_STATES.filter((to) => canFollow(from, to)).map((to) => `${from} > ${to}`));
  assert.deepEqual(allowed, [
    'running > available',
    'running > failed',
    'available > converting',
    'available > expired',
    'converting > available',
    'converting > converted',
    'converted > expired',
    'expired > deleted',
  ]);
});
