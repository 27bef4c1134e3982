import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from './service.ts';

export interface Terminal {
  /** What the terminal has shown so far, standard output and standard error together. */
  shown(): string;
  /** Resolves when it has shown that; rejects where the command ends before. */
  until(pattern: RegExp): Promise<void>;
  /** Presses keys, such as `y\r`, or `\x03` for Ctrl-C. */
  press(keys: string): void;
  /** Waits for the end; resolves to the exit status. */
  ended(): Promise<number | null>;
}

/** Runs one command line of Redkeep, with redirections of the shell, on a terminal of its own, made by `script` of util-linux. */
export function onTerminal(args: readonly string[], redirections = ''): Terminal {
  const words = [process.execPath, join(ROOT, 'src/main.ts'), ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const child = spawn(
    'script',
    ['--quiet', '--return', '--flush', '--command', `stty cols 120; ${words.join(' ')} ${redirections}`, '/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let shown = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (data: Buffer) => {
    shown += data.toString();
    for (const wake of [...waiting]) {
      wake();
    }
  });
  // Keys that are pressed after the end.
  child.stdin.on('error', () => {});
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    shown: () => shown,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const wake = (): void => {
          if (pattern.test(shown)) {
            waiting.delete(wake);
            resolve();
          }
        };
        waiting.add(wake);
        wake();
        void closed.then(([status]) => reject(new Error(`it ended with ${status} before ${pattern}:\n${shown}`)));
      }),
    press: (keys) => void child.stdin.write(keys),
    ended: async () => (await closed)[0],
  };
}

/** True where a terminal can be made. */
export async function hasTerminals(): Promise<boolean> {
  const child = spawn('script', ['--version'], { stdio: 'ignore' });
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
  });
}
