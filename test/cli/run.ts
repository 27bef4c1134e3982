/**
 * Prints docs/cli.md as the definitions of the commands make it.
 *
 *   node test/cli/run.ts            prints it
 *   node test/cli/run.ts --write    writes it
 */
import { writeFile } from 'node:fs/promises';
import { CLI_PAGE, toCliPage } from './cli-page.ts';

if (process.argv[2] === '--write') {
  await writeFile(CLI_PAGE, toCliPage());
} else {
  process.stdout.write(toCliPage());
}
