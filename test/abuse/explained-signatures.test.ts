import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const KILLED_AFTER_MS = 60_000;
const HEAP_MB = 64;

test('wrong signatures of the largest requests are explained in bounded time and memory', () => {
  const child = spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MB}`, join(import.meta.dirname, 'explain-in-child.ts')], {
    encoding: 'utf8',
    timeout: KILLED_AFTER_MS,
    killSignal: 'SIGKILL',
  });
  assert.deepEqual([child.status, child.signal], [0, null], child.stderr);
  const lines = child.stdout.trim().split('\n');
  const [untried, unknown] = ['What differs: not looked for', 'What differs: none of the well-known mistakes'];
  const found = lines.map((line) => (line.startsWith(untried) ? 'untried' : line.startsWith(unknown) ? 'unknown' : line));
  assert.deepEqual(found, [...Array(4).fill('untried'), ...Array(9).fill('unknown'), 'untried', 'unknown', 'untried', 'untried']);
});
