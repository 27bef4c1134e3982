/**
 * `npm run soak [-- --seed N] [--minutes M] [--count N] [scenario …]`: everything that test/soak/soak.test.ts runs a little of, at length.
 * It prints what was done as lines for docs/reliability.md. The seed repeats a run, as far as timing does not decide; it is printed first.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Figures } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, minutes: { type: 'string' }, count: { type: 'string' } },
  allowPositionals: true,
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const minutes = Number(values.minutes ?? 60);
const count = values.count === undefined ? undefined : Number(values.count);
if (![seed, minutes, count ?? 0].every((number) => Number.isFinite(number) && number >= 0)) {
  throw new Error('--seed, --minutes and --count are numbers');
}
const chosen = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
if (chosen.length === 0) {
  throw new Error(`no scenario has ${positionals.join(' or ')} in its name; there are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
}

const signal = AbortSignal.timeout(minutes * 60_000);
console.log(`seed ${seed}, at most ${minutes} minutes`);
for (const scenario of chosen) {
  const { name, counts } = scenario;
  if (signal.aborted) {
    console.log(`- ${name}: not run, the time was over`);
    process.exitCode = 1;
    continue;
  }
  const startedAt = performance.now();
  try {
    const figures = await scenario.run({ seed, count: count ?? counts.long, signal });
    console.log(`- ${name} (${Math.round((performance.now() - startedAt) / 1000)} s): ${toText(figures)}`);
  } catch (error) {
    console.log(`- ${name}: FAILED with --seed ${seed}`);
    console.error(error);
    process.exitCode = 1;
  }
}

function toText(figures: Figures): string {
  return Object.entries(figures)
    .map(([what, figure]) => `${what}: ${figure}`)
    .join(', ');
}
