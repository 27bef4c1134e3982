import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { RELIABILITY_PAGE, toHead, toReliabilityPage } from './reliability-page.ts';
import { INVARIANTS } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

test('docs/reliability.md tells of every scenario, as it is now, with figures', async () => {
  const page = await readFile(RELIABILITY_PAGE, 'utf8');
  for (const scenario of SCENARIOS) {
    const [, section = ''] = page.split(toHead(scenario));
    assert.match(
      section,
      /^\n\| \| \|\n\|---\|---\|\n(\| [^|]+ \| [^|]+ \|\n)*\| seconds \| [\d,]+ \|\n/,
      `${scenario.name}: npm run soak -- --write`,
    );
  }
  for (const text of Object.values(INVARIANTS)) {
    assert.ok(page.includes(text), text);
  }
});

test('every invariant is looked at by a scenario, and names of scenarios differ', () => {
  const seen = new Set(SCENARIOS.flatMap(({ invariants }) => invariants));
  assert.deepEqual([...seen].sort(), Object.keys(INVARIANTS));
  assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
});

test('a page tells seed, date and options of its run', () => {
  const results = SCENARIOS.map((scenario) => ({ scenario, figures: { kills: 12_345, 'longest start': '70 ms' }, seconds: 3 }));
  const page = toReliabilityPage({ seed: 42, options: ' --short', date: '2026-11-24', results });
  assert.match(page, /run of 2026-11-24 with seed 42, /);
  assert.match(page, /^npm run soak -- --seed 42 --short /m);
  assert.equal(page.split('| kills | 12,345 |\n| longest start | 70 ms |\n| seconds | 3 |').length, SCENARIOS.length + 1);
});
