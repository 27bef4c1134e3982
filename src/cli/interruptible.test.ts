import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import { exitCodeOf } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';

function makeIo() {
  const listeners = new Set<() => void>();
  return {
    env: {},
    interactive: false,
    out() {},
    err() {},
    listeners,
    onInterrupt(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

test('Ctrl-C ends the waiting and not the work, and counts only while there is something to wait for', async () => {
  const io = makeIo();
  const work = Promise.withResolvers<string>();
  const waiting = interruptible(io, work.promise, 'no longer waiting', 'look');
  for (const press of io.listeners) {
    press();
  }
  await assert.rejects(waiting, (error) => isDomainError(error, 'interrupted') && error.hint === 'look' && exitCodeOf(error) === 130);
  assert.equal(io.listeners.size, 0);
  // Nobody waits for it any more: that it fails is no fault of the process.
  work.reject(new Error('later'));

  assert.equal(await interruptible(io, Promise.resolve('done'), '', ''), 'done');
  await assert.rejects(interruptible(io, Promise.reject(new Error('no')), '', ''), /^Error: no$/);
  assert.equal(io.listeners.size, 0);
});
