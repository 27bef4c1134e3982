import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from './load.ts';
import { interleave, range, ratios } from './measure.ts';
import { residentMiB, startProcess } from './process.ts';
import { PROGRAM } from './program.ts';
import { signRequests } from './signed-requests.ts';

const ROUNDS = 5;
/** Long enough for everything that starts beside the API to have come to rest. */
const IDLE_MS = 3000;

/** From spawn to the first signed answer, against a bare node:http script to its first answer; and memory at rest. */
export async function benchStart(): Promise<string[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
  const idle: number[] = [];
  try {
    const first = async (args: string[], signed: boolean): Promise<number> => {
      const startedAt = performance.now();
      const server = await startProcess(args, { REDKEEP_LOG_LEVEL: 'warn' });
      const credential = signed
        ? JSON.parse(await readFile(join(dataDir, 'default.credential'), 'utf8'))
        : { secretId: 'x', secretKey: 'x' };
      const requests = signRequests(credential, server.port, 'DescribeInstances', [{}]);
      await load(server.port, requests, { connections: 1, seconds: 0, expect: '"TotalCount":0' });
      const tookMs = performance.now() - startedAt;
      if (signed) {
        await sleep(IDLE_MS);
        idle.push(await residentMiB(server.pid, 'VmRSS'));
      }
      await server.stop();
      return tookMs;
    };
    const figures = await interleave(ROUNDS, {
      baseline: () => first([join(import.meta.dirname, 'baseline-server.js')], false),
      redkeep: () => first([PROGRAM, 'serve', '--data-dir', dataDir, '--port', '0'], true),
    });
    return [
      `start to first answer ${range(figures.redkeep, 0)} ms, bare script ${range(figures.baseline, 0)} ms; ratio ${range(ratios(figures.redkeep, figures.baseline))}`,
      `idle RSS ${range(idle, 0)} MiB`,
    ];
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
