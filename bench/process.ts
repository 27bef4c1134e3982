import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

export interface BenchProcess {
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from spawn to the line that says that it is ready. */
  readonly readyMs: number;
  /** JSON lines of standard error. */
  readonly log: Array<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Starts a Node program and resolves when it prints a line with `ready http://host:port`. */
export async function startProcess(args: readonly string[], env: Record<string, string> = {}): Promise<BenchProcess> {
  const startedAt = performance.now();
  // A proof would run beside the next measurement.
  const child = spawn(process.execPath, args, {
    env: { ...process.env, REDKEEP_PROOF: 'none', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: Array<Record<string, unknown>> = [];
  let rest = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop() ?? '';
    log.push(...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>));
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const found = /ready http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (found !== undefined) {
        resolve(Number(found));
      }
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${output}${errors}`)));
  });
  return {
    port,
    pid: child.pid ?? 0,
    readyMs: performance.now() - startedAt,
    log,
    async stop() {
      if (child.exitCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
    },
  };
}

/** A figure of /proc/<pid>/status in MiB: `VmRSS` now, `VmHWM` at its highest. */
export async function residentMiB(pid: number, figure: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
