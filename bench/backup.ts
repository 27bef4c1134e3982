import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../src/api/client.ts';
import { interleave, range, ratios } from './measure.ts';
import { residentMiB, startProcess } from './process.ts';
import { PROGRAM } from './program.ts';
import { startSource } from './source.ts';

const ROUNDS = 5;

interface BackupFigure {
  readonly lastByteS: number;
  readonly status2S: number;
  readonly peakMiB: number;
  readonly bytes: number;
}

/** A backup with everything on against `redis-cli --rdb` to the same disk, both with a diskless delay of 0. */
export async function benchBackup(megabytes = 1000): Promise<string[]> {
  const place = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
  const source = await startSource(place, megabytes);
  try {
    const figures = await interleave(ROUNDS, {
      cli: () => dumpWithCli(source.port, join(place, 'cli.rdb')),
      redkeep: () => backUp(source.port, join(place, 'site')),
    });
    const lastByte = figures.redkeep.map((figure) => figure.lastByteS);
    const status2 = figures.redkeep.map((figure) => figure.status2S);
    return [
      `${((figures.redkeep[0]?.bytes ?? 0) / 1e6).toFixed(0)} MB RDB: redis-cli --rdb ${range(figures.cli)} s`,
      `to the last source byte ${range(lastByte)} s; ratio ${range(ratios(lastByte, figures.cli))}`,
      `to Status 2 ${range(status2)} s; ratio ${range(ratios(status2, figures.cli))}`,
      `peak RSS ${range(
        figures.redkeep.map((figure) => figure.peakMiB),
        0,
      )} MiB`,
    ];
  } finally {
    await source.stop();
    await rm(place, { recursive: true, force: true });
  }
}

/** Peak memory of the whole process by the size of the dataset. */
export async function benchMemory(): Promise<string[]> {
  const lines: string[] = [];
  for (const megabytes of [350, 1000, 4000]) {
    const place = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
    const source = await startSource(place, megabytes);
    try {
      const peaks: number[] = [];
      for (let round = 0; round < 2; round++) {
        peaks.push((await backUp(source.port, join(place, 'site'))).peakMiB);
      }
      lines.push(`${megabytes} MB: peak RSS ${range(peaks, 0)} MiB`);
    } finally {
      await source.stop();
      await rm(place, { recursive: true, force: true });
    }
  }
  return lines;
}

async function dumpWithCli(port: number, file: string): Promise<number> {
  const startedAt = performance.now();
  const cli = spawn('redis-cli', ['-p', `${port}`, '--rdb', file], { stdio: 'ignore' });
  const [code] = await once(cli, 'exit');
  const tookS = (performance.now() - startedAt) / 1000;
  if (code !== 0 || (await stat(file)).size < 1e6) {
    throw new Error(`redis-cli --rdb ended with ${code}`);
  }
  await rm(file);
  return tookS;
}

async function backUp(port: number, dataDir: string): Promise<BackupFigure> {
  const service = await startProcess([PROGRAM, 'serve', '--data-dir', dataDir, '--port', '0'], { REDKEEP_LOG_LEVEL: 'info' });
  try {
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
    const attached = await client.call<{ InstanceId: string; TaskId: number }>('redkeep', 'AttachInstance', {
      InstanceName: 'bench',
      Host: '127.0.0.1',
      Port: port,
    });
    await ended(attached.TaskId);
    const startedAt = Date.now();
    const { TaskId } = await client.call<{ TaskId: number }>('redis', 'ManualBackupInstance', { InstanceId: attached.InstanceId });
    await ended(TaskId);
    const event = (msg: string, more: Record<string, unknown> = {}) =>
      service.log.find((line) => line['msg'] === msg && Object.entries(more).every(([key, value]) => line[key] === value));
    const received = event('backup.phase', { phase: 'verifying' });
    return {
      lastByteS: (Number(received?.['time']) - startedAt) / 1000,
      status2S: (Number(event('task.succeeded', { taskId: TaskId })?.['time']) - startedAt) / 1000,
      peakMiB: await residentMiB(service.pid, 'VmHWM'),
      bytes: Number(received?.['receivedBytes']),
    };
  } finally {
    await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
