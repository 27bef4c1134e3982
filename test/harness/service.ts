import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../src/api/client.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A Redkeep in a process of its own, on a data directory of its own and a free port. */
export interface RunningService {
  readonly dataDir: string;
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  readonly credential: { secretId: string; secretKey: string };
  readonly client: ReturnType<typeof createClient>;
  /** Lines that it logged so far, parsed. */
  readonly log: ReadonlyArray<Record<string, unknown>>;
  /** What it printed so far. */
  output(): string;
  /** Resolves when it has printed that text; rejects where the process ends before. */
  printed(text: string): Promise<void>;
  /** Resolves with the first log line of that event, past or future; rejects where the process ends before. */
  logged(event: string): Promise<Record<string, unknown>>;
  /** SIGKILL, then waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, then waits for the end; resolves to the exit status. */
  stop(): Promise<number | null>;
  /** Waits for the end; resolves to the exit status. */
  ended(): Promise<number | null>;
}

export async function makeDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'redkeep-site-'));
}

/** Removes a data directory after everything that used it has ended. */
export async function removeDataDir(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Starts `redkeep serve` (or `command`) and resolves when it says that it is ready. `serve` proves no backup by itself unless `env` says
 * so: a proof holds its backup, which a test may want to delete.
 */
export async function startService(
  dataDir: string,
  options: { command?: 'serve' | 'up'; env?: Record<string, string>; args?: string[]; program?: string } = {},
): Promise<RunningService> {
  const child = spawn(
    process.execPath,
    [
      options.program ?? join(ROOT, 'src/main.ts'),
      options.command ?? 'serve',
      '--data-dir',
      dataDir,
      '--port',
      '0',
      ...(options.args ?? []),
    ],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        REDKEEP_LOG_LEVEL: 'info',
        ...(options.command === 'up' ? {} : { REDKEEP_PROOF: 'none' }),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  const log: Array<Record<string, unknown>> = [];
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const wake of [...waiting]) {
      wake();
    }
  };
  let ended: number | string | undefined;
  child.on('exit', (code, signal) => {
    ended = signal ?? code ?? 'unknown';
    tell();
  });
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    tell();
  });
  let partial = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
    const lines = (partial + data.toString()).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{')) {
        log.push(JSON.parse(line) as Record<string, unknown>);
      }
    }
    tell();
  });
  const until = <T>(look: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const wake = () => {
        const found = look();
        if (found !== undefined) {
          waiting.delete(wake);
          resolve(found);
        } else if (ended !== undefined) {
          waiting.delete(wake);
          reject(new Error(`the service ended with ${ended} before ${what}:\n${output}${errors}`));
        }
      };
      waiting.add(wake);
      wake();
    });
  const endpoint = await until(() => /^redkeep ready (http:\S+)$/m.exec(output)?.[1], 'it was ready');
  const credential = options.env?.['REDKEEP_SECRET_ID']
    ? { secretId: options.env['REDKEEP_SECRET_ID'], secretKey: options.env['REDKEEP_SECRET_KEY'] ?? '' }
    : (JSON.parse(await readFile(join(dataDir, 'default.credential'), 'utf8')) as { secretId: string; secretKey: string });
  return {
    dataDir,
    endpoint,
    port: Number(new URL(endpoint).port),
    pid: child.pid ?? 0,
    credential,
    client: createClient({ ...credential, endpoint, region: 'ap-guangzhou' }),
    log,
    output: () => output,
    printed: (text) => until(() => (output.includes(text) ? true : undefined), `it printed ${text}`).then(() => {}),
    logged: (event) => until(() => log.find((line) => line['msg'] === event), event),
    kill: () => end(child, 'SIGKILL').then(() => {}),
    stop: () => end(child, 'SIGTERM'),
    async ended() {
      if (child.exitCode === null && child.signalCode === null) {
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

/** Runs one command line of Redkeep to its end. */
export async function redkeep(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}
