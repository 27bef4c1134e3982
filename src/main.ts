import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before anything else is loaded, so that all of it is cached; beside the program rather than in a directory that other users may write.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'));
const { runCli } = await import('./cli/cli.ts');
const { EXIT } = await import('./cli/exit-codes.ts');

/** Throws `interrupted` on Ctrl-C; Ctrl-D is an empty answer. */
async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const { DomainError } = await import('./lib/errors.ts');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } catch (error) {
    process.stderr.write('\n');
    if (error instanceof Error && error.message.includes('Ctrl+D')) {
      return '';
    }
    throw new DomainError('interrupted', 'nothing was changed', { cause: error });
  } finally {
    lines.close();
  }
}

let outputFailed = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has gone, such as `| head`, has what it wanted: the command goes on to its end.
    if (error.code !== 'EPIPE') {
      outputFailed = true;
      process.exitCode = EXIT.failed;
      if (stream === process.stdout) {
        process.stderr.write(`redkeep: the output could not be written: ${error.message}\n`);
      }
    }
  });
}

const status = await runCli(process.argv.slice(2), {
  env: process.env,
  interactive: process.stderr.isTTY === true,
  ...(process.stderr.isTTY ? { columns: process.stderr.columns } : {}),
  ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
if (status === EXIT.interrupted) {
  // What was waited for may still be under way.
  process.exit(status);
}
process.exitCode = outputFailed ? EXIT.failed : status;
