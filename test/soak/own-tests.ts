import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from '../harness/service.ts';
import type { Figures, Scenario, Soak } from './scenario.ts';

/** Runs test files in a process of their own, the seed of the soak being theirs; throws what they printed where one failed or none ran. */
async function runTests(files: readonly string[], soak: Soak, env: Record<string, string> = {}): Promise<number> {
  // A test that runs this scenario would otherwise be told of its tests in another form.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', '--test-concurrency=1', ...files], {
    cwd: ROOT,
    env: { ...inherited, REDKEEP_SEED: String(soak.seed), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: soak.signal,
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  const count = (of: string) => Number(new RegExp(`^# ${of} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  if (status !== 0 || count('pass') === 0 || count('fail') > 0) {
    throw new Error(`${files.join(', ')} ended with ${status}\n${output}`);
  }
  return count('pass');
}

/** A property that a test file tries as often as an environment variable says. */
function property(of: {
  name: string;
  about: string;
  invariants: Scenario['invariants'];
  counts: Scenario['counts'];
  file: string;
  variable: string;
  unit: string;
}): Scenario {
  return {
    name: of.name,
    about: of.about,
    invariants: of.invariants,
    counts: of.counts,
    async run(soak): Promise<Figures> {
      await runTests([of.file], soak, { [of.variable]: String(soak.count) });
      return { [of.unit]: soak.count };
    },
  };
}

export const interleavings = property({
  name: 'interleavings',
  about:
    'Expiry, deletion, lock, two downloads, a restore and a conversion of one backup meet in an order that a seeded scheduler makes up: who was given a hold reads every byte, a lock wins, no state changes but as it may, and in the end nothing is left.',
  invariants: ['I3'],
  counts: { short: 60, long: 1_000 },
  file: 'test/integration/interleavings.test.ts',
  variable: 'REDKEEP_INTERLEAVINGS',
  unit: 'interleavings',
});

export const retentionModel = property({
  name: 'retention against a model',
  about:
    'Random steps (backups that succeed, fail, are proven or found bad, locks, holds, deletions, expiry, clocks that pass and jump) on the real catalog and on a plain model: after each step both have the same sets, and the newest that can be relied on is there.',
  invariants: ['I4', 'I5'],
  counts: { short: 500, long: 10_000 },
  file: 'src/tasks/retention-model.test.ts',
  variable: 'REDKEEP_MODEL_STEPS',
  unit: 'steps, at least',
});

/** Windows alone, without the files that look at them for days of made-up time. */
const SHORT_CLOCK_TESTS = ['src/tasks/schedule-windows.test.ts', 'src/tasks/clock-guard.test.ts', 'src/api/pipeline/authenticate.test.ts'];
const CLOCK_TESTS = [
  ...SHORT_CLOCK_TESTS,
  'src/tasks/run-schedules.test.ts',
  'src/tasks/run-retention.test.ts',
  'src/downloads/serve-download.test.ts',
  'test/abuse/mutated-signatures.test.ts',
  'test/e2e/schedule.test.ts',
];

export const clocks: Scenario = {
  name: 'clocks',
  about:
    'Clocks that jump by -13 hours to +42 days and back, steps, summer time in three zones, leap day and end of year, windows missed while the service is down, requests 299 to 301 seconds off, links at their end: each window fires once, nothing expires by a jump, no span is negative.',
  invariants: ['I4'],
  counts: { short: SHORT_CLOCK_TESTS.length, long: CLOCK_TESTS.length },
  async run(soak) {
    const files = CLOCK_TESTS.slice(0, soak.count);
    return { 'tests that passed': await runTests(files, soak), files: files.length };
  },
};
