/**
 * Runs every test beside the code and under test/, or those whose path contains one of the arguments, and closes with the line
 * `N passed, N failed, N skipped`. Exit status 1 where a test failed or none ran.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = path.join(import.meta.dirname, '..');
const filters = process.argv.slice(2);
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
  .map((file) => path.join(root, file));

const counts = { passed: 0, failed: 0, skipped: 0 };
const tests = run({ files, concurrency: 2, cwd: root, timeout: 600_000 });
tests.on('test:summary', (summary) => {
  if (summary.file === undefined) {
    counts.passed = summary.counts.passed;
    counts.failed = summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
    counts.skipped = summary.counts.skipped + summary.counts.todo;
  }
});
const report = tests.compose(new spec());
report.pipe(process.stdout, { end: false });
report.on('end', () => {
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
