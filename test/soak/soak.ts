/**
 * `npm run soak [-- scenario…] [--seed N] [--short | --count N] [--minutes M] [--write]`: everything that test/soak/soak.test.ts runs a little
 * of, at length. The seed is printed first and repeats a run, as far as timing does not decide.
 *
 *   scenario…    only those whose name has one of these words in it
 *   --short      as much of each as the test runs
 *   --count N    so much of each: power cuts, damages, rounds, kills, steps; see the `counts` of each scenario
 *   --minutes M  ends what is under way then, and fails; 60 by default
 *   --write      writes docs/reliability.md as well, if all scenarios ran and passed
 *
 * Exit status 1 where a scenario failed or did not run.
 */
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeFigures, RELIABILITY_PAGE, type Result, toReliabilityPage } from './reliability-page.ts';
import { SCENARIOS } from './scenarios.ts';

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
    count: { type: 'string' },
    minutes: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
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
if (values.write && chosen.length < SCENARIOS.length) {
  throw new Error('--write is for a run of all scenarios');
}

const signal = AbortSignal.timeout(minutes * 60_000);
const startedAt = new Date();
const results: Result[] = [];
console.log(`seed ${seed}, at most ${minutes} minutes`);
for (const scenario of chosen) {
  const { name, counts } = scenario;
  if (signal.aborted) {
    console.log(`- ${name}: not run, the time was over`);
    continue;
  }
  const from = performance.now();
  try {
    const figures = await scenario.run({ seed, count: count ?? (values.short ? counts.short : counts.long), signal });
    const result = { scenario, figures, seconds: Math.round((performance.now() - from) / 1000) };
    results.push(result);
    console.log(`- ${name}: ${describeFigures(result)}, seed ${seed}`);
  } catch (error) {
    console.log(`- ${name}: FAILED with --seed ${seed}`);
    console.error(error);
  }
}

const isComplete = results.length === chosen.length && !signal.aborted;
process.exitCode = isComplete ? 0 : 1;
console.log(`${results.length} of ${chosen.length} passed in ${results.reduce((sum, { seconds }) => sum + seconds, 0)} s`);
if (values.write && isComplete) {
  const options = `${values.short ? ' --short' : ''}${count === undefined ? '' : ` --count ${count}`}`;
  await writeFile(RELIABILITY_PAGE, toReliabilityPage({ seed, options, date: startedAt.toISOString().slice(0, 10), results }));
}
