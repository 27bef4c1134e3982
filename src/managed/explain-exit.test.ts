import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainExit } from './explain-exit.ts';

// Lines as Redis 7.0.15 logs them.
const CASES = {
  'managed-port-in-use': ['# Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address already in use'],
  'managed-config-rejected': ['*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***', 'Bad directive or wrong number of arguments'],
  'managed-data-damaged': ['# Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file'],
  'managed-server-failed': ['# Out of memory'],
};

test('tells the causes apart, and always carries the last lines', () => {
  for (const [code, tail] of Object.entries(CASES)) {
    const error = explainExit('crs-1', tail);
    assert.equal(error.code, code);
    assert.ok(error.message.startsWith('the server of crs-1 ended while it started'));
    assert.ok(error.message.endsWith(tail.join(' | ')));
  }
  assert.match(explainExit('crs-1', []).message, /it logged nothing$/);
});
