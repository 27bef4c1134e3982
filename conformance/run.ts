/**
 * Runs the official clients against a service of their own and prints a line for each client, form and address.
 *
 *   node conformance/run.ts            exit status 1 where one failed
 *   node conformance/run.ts --write    writes docs/compatibility.md as well, if nothing failed or was skipped
 */
import { writeFile } from 'node:fs/promises';
import { COMPATIBILITY_PAGE, toCompatibilityPage } from './compatibility-page.ts';
import type { Result } from './plan.ts';
import { runConformance } from './run-conformance.ts';
import { runSite } from './run-site.ts';

const [option, dataDir] = process.argv.slice(2);
if (option === '--inside' && dataDir !== undefined) {
  await runSite('namespace', dataDir, (result) => process.stdout.write(`${JSON.stringify(result)}\n`));
} else {
  const results: Result[] = [];
  await runConformance((result) => {
    results.push(result);
    process.stdout.write(`${result.outcome.padEnd(8)}${result.name}${result.detail === '' ? '' : `\n  ${result.detail}`}\n`);
  });
  const isComplete = results.every(({ outcome }) => outcome === 'passed');
  if (option === '--write' && isComplete) {
    await writeFile(COMPATIBILITY_PAGE, toCompatibilityPage(results));
  }
  process.exitCode = isComplete || (option !== '--write' && results.every(({ outcome }) => outcome !== 'failed')) ? 0 : 1;
}
