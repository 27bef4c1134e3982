import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../src/api/client.ts';
import { interleave, range, ratios } from './measure.ts';
import { p99, startOpenLoad } from './open-load.ts';
import { type BenchProcess, startProcess } from './process.ts';
import { PROGRAM } from './program.ts';
import { signRequests } from './signed-requests.ts';
import { startSource } from './source.ts';

const ROUNDS = 5;
const REQUESTS_PER_SECOND = 200;
const SETTLE_MS = 5000;
/** So that an answer has a page to tell of. */
const EARLIER_BACKUPS = 3;

/**
 * The p99 of DescribeInstanceBackups, signed, 200 a second in open loop, while a backup runs, against that while `redis-cli --rdb` runs from
 * the same source to the same disk; the same service answers both, and for scale while nothing runs.
 */
export async function benchLatency(megabytes = Number(process.env['REDKEEP_BENCH_MB'] ?? 1000)): Promise<string[]> {
  const place = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
  const source = await startSource(place, megabytes);
  try {
    const service = await startProcess([PROGRAM, 'serve', '--data-dir', join(place, 'site'), '--port', '0'], {
      REDKEEP_LOG_LEVEL: 'warn',
      REDKEEP_RATE_LIMIT: 'off',
    });
    try {
      const site = await attach(service, join(place, 'site'), source.port);
      for (let i = 0; i < EARLIER_BACKUPS; i++) {
        await site.backUp();
      }
      const figures = await interleave(ROUNDS, {
        idle: () => site.measure(() => sleep(3000)),
        cli: () => site.measure(() => dumpWithCli(source.port, join(place, 'cli.rdb'))),
        redkeep: () => site.measure(() => site.backUp()),
      });
      return [
        `p99 at ${REQUESTS_PER_SECOND} requests/s while redis-cli --rdb takes ${megabytes} MB ${range(figures.cli)} ms, with nothing running ${range(figures.idle)} ms`,
        `p99 while a backup of the same runs, to Status 2, ${range(figures.redkeep)} ms; ratio ${range(ratios(figures.redkeep, figures.cli))}`,
      ];
    } finally {
      await service.stop();
    }
  } finally {
    await source.stop();
    await rm(place, { recursive: true, force: true });
  }
}

interface Site {
  /** A backup from its call to Status 2. */
  backUp(): Promise<void>;
  /** Milliseconds: the p99 of all requests that came due while `work` went on. */
  measure(work: () => Promise<unknown>): Promise<number>;
}

async function attach(service: BenchProcess, dataDir: string, port: number): Promise<Site> {
  const credential = JSON.parse(await readFile(join(dataDir, 'default.credential'), 'utf8'));
  const client = createClient({ ...credential, endpoint: `http://127.0.0.1:${service.port}`, region: 'ap-guangzhou' });
  const ended = async (TaskId: number) => {
    for (;;) {
      const { Status, TaskMessage } = await client.call<{ Status: string; TaskMessage: string }>('redis', 'DescribeTaskInfo', { TaskId });
      if (Status === 'succeed') {
        return;
      }
      if (Status === 'failed') {
        throw new Error(TaskMessage);
      }
      await sleep(100);
    }
  };
  const { InstanceId, TaskId } = await client.call<{ InstanceId: string; TaskId: number }>('redkeep', 'AttachInstance', {
    InstanceName: 'bench',
    Host: '127.0.0.1',
    Port: port,
  });
  await ended(TaskId);
  const sign = () => signRequests(credential, service.port, 'DescribeInstanceBackups', [{ InstanceId, Limit: 20, Offset: 0 }]);
  return {
    async backUp() {
      await ended((await client.call<{ TaskId: number }>('redis', 'ManualBackupInstance', { InstanceId })).TaskId);
    },
    async measure(work) {
      await settle();
      const load = await startOpenLoad(service.port, REQUESTS_PER_SECOND, sign);
      await work();
      return p99(await load.stop());
    },
  };
}

/**
 * What the way before has left to be written or to be given back is not this one's. Two seconds after its file was removed a virtual machine
 * stood still for 30 to 80 ms, its processors taken by the host: as it seems for the freed memory (`page_reporting` of Linux).
 */
async function settle(): Promise<void> {
  await once(spawn('sync'), 'exit');
  await sleep(SETTLE_MS);
}

async function dumpWithCli(port: number, file: string): Promise<void> {
  const cli = spawn('redis-cli', ['-p', `${port}`, '--rdb', file], { stdio: 'ignore' });
  const [code] = await once(cli, 'exit');
  if (code !== 0) {
    throw new Error(`redis-cli --rdb ended with ${code}`);
  }
  await rm(file);
}
