import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const CHILD = new URL('./expire-in-child.ts', import.meta.url).pathname;

/** Runs expiry and removal in a process of their own, killed with SIGKILL before the step of that number; resolves to the step there, or `done`. */
export async function expireIn(dataDir: string, stopBefore: string): Promise<string> {
  const child = spawn(process.execPath, [CHILD, dataDir, stopBefore], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line.startsWith(`${stopBefore} `)) {
      child.kill('SIGKILL');
    }
  }
  await exited;
  return last;
}
