import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressBar } from './progress-bar.ts';

function draw(interactive: boolean, steps: ReadonlyArray<readonly [atMs: number, done: number]>, total: number, isBytes = true): string[] {
  const drawn: string[] = [];
  let at = 0;
  const io = { env: {}, interactive, out() {}, err: (text: string) => void drawn.push(text.replace('\r\u001b[K', '')) };
  const bar = createProgressBar(io, 'file', { now: () => at, isBytes });
  for (const [atMs, done] of steps) {
    at = atMs;
    bar.update(done, total);
  }
  bar.end();
  return drawn;
}

const MIB = 1024 * 1024;

test('shows share, bytes, rate and what is left, and wipes itself at the end', () => {
  assert.deepEqual(
    draw(
      true,
      [
        [0, 0],
        [1000, 10 * MIB],
        [2000, 20 * MIB],
        [10_000, 100 * MIB],
      ],
      100 * MIB,
    ),
    [
      'file [>                       ] 0 %  0 B of 100.0 MiB',
      'file [==>                     ] 10 %  10.0 MiB of 100.0 MiB  10.0 MiB/s  9 s left',
      'file [====>                   ] 20 %  20.0 MiB of 100.0 MiB  10.0 MiB/s  8 s left',
      'file [========================] 100 %  100.0 MiB of 100.0 MiB  10.0 MiB/s',
      '',
    ],
  );
});

test('the rate is that of the last seconds, long waits are in minutes and hours', () => {
  const steps = Array.from({ length: 30 }, (_, i) => [i * 1000, i < 15 ? i * MIB : 14 * MIB + (i - 14) * 1024] as const);
  assert.match(draw(true, steps, 100 * MIB).at(-2) ?? '', /1\.0 KiB\/s {2}24 h 2\d min left$/);
  assert.match(
    draw(
      true,
      [
        [0, 0],
        [1000, MIB],
      ],
      100 * MIB,
    )[1] ?? '',
    /1\.0 MiB\/s {2}1 min 39 s left$/,
  );
});

test('draws at most ten times a second, and without a total only what came', () => {
  assert.equal(
    draw(
      true,
      Array.from({ length: 100 }, (_, i) => [i * 10, i] as const),
      1000,
    ).length,
    10 + 1,
  );
  assert.deepEqual(draw(true, [[0, 5]], 0), ['file 5 B', '']);
});

test('of what is no bytes only the share and the time are told', () => {
  assert.deepEqual(
    draw(
      true,
      [
        [0, 0],
        [1000, 0.25],
      ],
      1,
      false,
    ),
    ['file [>                       ] 0 %', 'file [======>                 ] 25 %  3 s left', ''],
  );
});

test('nothing is drawn off a terminal', () => {
  assert.deepEqual(
    draw(
      false,
      [
        [0, 0],
        [1000, 5],
      ],
      10,
    ),
    [],
  );
});
