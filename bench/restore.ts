import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { restoreBackup } from '../src/engine/restore-backup.ts';
import { takeBackup } from '../src/engine/take-backup.ts';
import { connectAdminClient } from '../src/redis/admin-client.ts';
import { createKeyring } from '../src/repository/keyring.ts';
import { createRepository } from '../src/repository/repository.ts';
import { createFileStorage } from '../src/storage/drivers/file.ts';
import { interleave, range, ratios } from './measure.ts';
import { freePort, startSource } from './source.ts';

const ROUNDS = 5;
const BACKUP = { backupId: '2e4127f8-affe-11e8-941e-4846fb00c75d', attempt: 1 };
const FACTS = {
  accountId: '1',
  region: 'ap-guangzhou',
  instanceId: 'crs-benchbench',
  instanceName: 'bench',
  type: 'manual',
  remark: '',
  startedAt: 0,
  expiresAt: 0,
} as const;
const QUIET = { signal: new AbortController().signal, onProgress: () => {} };

/** A restore into a running server, with all stored bytes verified first, against copying dump.rdb and starting a server on it. */
export async function benchRestore(megabytes = Number(process.env['REDKEEP_BENCH_MB'] ?? 1000)): Promise<string[]> {
  const place = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
  try {
    const keyring = createKeyring();
    const repository = join(place, 'repository');
    await mkdir(repository);
    await createRepository(createFileStorage(repository), keyring);
    const common = { storageUrl: pathToFileURL(repository).href, keyring: keyring.export() };
    const source = await startSource(place, megabytes);
    try {
      const address = { host: '127.0.0.1', port: source.port };
      await takeBackup({ ...BACKUP, ...common, source: address, facts: FACTS, skipDisklessDelay: true, memoryCheck: 'warn' }, QUIET);
      await save(source.port);
    } finally {
      await source.stop();
    }
    const dump = join(place, 'dump.rdb');
    const figures = await interleave(ROUNDS, {
      copy: () => copyAndStart(dump, place),
      redkeep: () => restore(common, place),
    });
    return [
      `${((await stat(dump)).size / 1e6).toFixed(0)} MB RDB: copying dump.rdb and starting a server on it ${range(figures.copy)} s`,
      `restore into a running server, verification included, ${range(figures.redkeep)} s; ratio ${range(ratios(figures.redkeep, figures.copy))}`,
    ];
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Seconds until a server on a copy of `dump` answers. */
async function copyAndStart(dump: string, place: string): Promise<number> {
  return withDirectory(place, async (directory) => {
    const startedAt = performance.now();
    await copyFile(dump, join(directory, 'dump.rdb'));
    const server = await startServer(directory);
    try {
      await waitUntilLoaded(server.port);
      return (performance.now() - startedAt) / 1000;
    } finally {
      await server.stop();
    }
  });
}

/** Seconds that a restore into an empty running server takes. */
async function restore(common: { storageUrl: string; keyring: string }, place: string): Promise<number> {
  return withDirectory(place, async (directory) => {
    const server = await startServer(directory);
    try {
      await waitUntilLoaded(server.port);
      const startedAt = performance.now();
      const { way } = await restoreBackup(
        {
          ...common,
          backup: BACKUP,
          target: { host: '127.0.0.1', port: server.port },
          endpoint: { listen: '127.0.0.1' },
          allowPlainText: false,
          replaceExisting: false,
          ttl: { kind: 'keep' },
          dryRun: false,
        },
        { ...QUIET, mark: async () => {} },
      );
      if (way !== 'replication') {
        throw new Error('the restore did not go over replication');
      }
      return (performance.now() - startedAt) / 1000;
    } finally {
      await server.stop();
    }
  });
}

async function withDirectory<T>(place: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(place, 'target-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function startServer(directory: string): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', directory];
  const child: ChildProcess = spawn('redis-server', options, { stdio: 'ignore' });
  await once(child, 'spawn');
  return {
    port,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function waitUntilLoaded(port: number): Promise<void> {
  for (;;) {
    try {
      await using client = await connectAdminClient({ host: '127.0.0.1', port });
      await client.command('PING');
      return;
    } catch {
      await sleep(10);
    }
  }
}

async function save(port: number): Promise<void> {
  await using client = await connectAdminClient({ host: '127.0.0.1', port }, { timeoutMs: 600_000 });
  await client.command('SAVE');
}
