import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before anything else is loaded, so that all of it is cached; beside the program rather than in a directory that other users may write.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'));

const { runCli } = await import('./cli/cli.ts');

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  interactive: process.stdout.isTTY === true,
  ...(process.stdin.isTTY && process.stdout.isTTY ? { ask } : {}),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
