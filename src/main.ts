import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before anything else is loaded, so that all of it is cached; beside the program rather than in a directory that other users may write.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'));

const { runCli } = await import('./cli/cli.ts');

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  interactive: process.stdout.isTTY === true,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
