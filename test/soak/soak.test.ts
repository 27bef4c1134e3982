import { describe, test } from 'node:test';
import { pickSeed } from '../harness/random-seed.ts';
import { SCENARIOS } from './scenarios.ts';

// A short slice of `npm run soak`, with the same code.
describe('soak', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, async (t) => {
      const soak = { seed: pickSeed(t), count: scenario.counts.short, signal: new AbortController().signal };
      t.diagnostic(JSON.stringify(await scenario.run(soak)));
    });
  }
});
