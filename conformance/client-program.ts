import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Call, Report } from './call.ts';

/** More than any step takes; a client that hangs must not hang the run. */
const CALL_TIMEOUT_MS = 60_000;

/** A running client program. */
export interface ClientProgram extends AsyncDisposable {
  /**
   * One call at a time: resolves with the report that the program gives for it, rejects where the program ends before. A program that
   * gives none for a minute is ended.
   */
  ask(call: Call): Promise<Report>;
}

/** Starts a client program; `path` is put before PATH. Disposing closes its input and waits for its end. */
export function startClientProgram(command: readonly string[], path?: string): ClientProgram {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: clientEnvironment(path) });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  const ended = once(child, 'close');
  ended.catch(() => {}); // told by ask
  child.stdin.on('error', () => {}); // likewise
  return {
    async ask(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const limit = setTimeout(() => child.kill('SIGKILL'), CALL_TIMEOUT_MS);
      const { value, done } = await lines.next();
      clearTimeout(limit);
      if (done === true) {
        await ended;
        throw new Error(`the client program ended at step ${call.step}: ${errors}`);
      }
      const report = JSON.parse(value) as Report;
      if (report.step !== call.step) {
        throw new Error(`the client program answered to step ${report.step} instead of ${call.step}`);
      }
      return report;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const limit = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended.catch(() => {});
      clearTimeout(limit);
    },
  };
}

/** Several SDKs go through a proxy that the environment names, even to loopback. */
export function clientEnvironment(path?: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:(?:https?|all|no)_proxy|TENCENTCLOUD_.*)$/i.test(name));
  return { ...Object.fromEntries(kept), ...(path === undefined ? {} : { PATH: `${path}:${process.env['PATH'] ?? ''}` }) };
}
