import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressBar } from './progress-bar.ts';

function draw(
  interactive: boolean,
  steps: ReadonlyArray<readonly [atMs: number, done: number, phase?: string]>,
  total: number,
  { unit, columns }: { unit?: 'share'; columns?: number } = {},
): string[] {
  const drawn: string[] = [];
  let at = 0;
  const io = {
    env: {},
    interactive,
    ...(columns === undefined ? {} : { columns }),
    out() {},
    err: (text: string) => void drawn.push(text.replace('\r\u001b[K', '')),
  };
  const bar = createProgressBar(io, 'file', () => at);
  for (const [atMs, done, phase] of steps) {
    at = atMs;
    bar.update({ done, total, ...(unit === undefined ? {} : { unit }), ...(phase === undefined ? {} : { phase }) });
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
      { unit: 'share' },
    ),
    ['file [>                       ] 0 %', 'file [======>                 ] 25 %  3 s left', ''],
  );
});

test('each phase has a rate of its own', () => {
  assert.deepEqual(
    draw(
      true,
      [
        [0, 0, 'verifying'],
        [1000, 50 * MIB, 'verifying'],
        [2000, 0, 'transferring'],
        [3000, 10 * MIB, 'transferring'],
      ],
      100 * MIB,
    ).map((line) => line.replace(/\[.*\] /, '')),
    [
      'file, verifying 0 %  0 B of 100.0 MiB',
      'file, verifying 50 %  50.0 MiB of 100.0 MiB  50.0 MiB/s  1 s left',
      'file, transferring 0 %  0 B of 100.0 MiB',
      'file, transferring 10 %  10.0 MiB of 100.0 MiB  10.0 MiB/s  9 s left',
      '',
    ],
  );
});

test('a narrow terminal sees no bar, and no second line', () => {
  const steps = [
    [0, 0],
    [1000, 10 * MIB],
  ] as const;
  assert.deepEqual(draw(true, steps, 100 * MIB, { columns: 60 }), [
    'file [>                       ] 0 %  0 B of 100.0 MiB',
    'file 10 %  10.0 MiB of 100.0 MiB  10.0 MiB/s  9 s left',
    '',
  ]);
  assert.equal(draw(true, steps, 100 * MIB, { columns: 20 })[1], 'file 10 %  10.0 MiB');
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
