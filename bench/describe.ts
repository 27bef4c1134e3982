import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createTimeUuid } from '../src/lib/ids.ts';
import { type LoadResult, load } from './load.ts';
import { interleave, median, range, ratios } from './measure.ts';
import { startProcess } from './process.ts';
import { PROGRAM } from './program.ts';
import { signRequests } from './signed-requests.ts';

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 8;

/** DescribeInstanceBackups, signed, against a bare handler with the same two statements on the same file, and at two sizes. */
export async function benchDescribe(): Promise<string[]> {
  const large = await makeSite(1000, 1000);
  const small = await makeSite(50, 20);
  try {
    const figures = await interleave(ROUNDS, {
      baseline: () => measureBaseline(large),
      large: () => measureService(large),
      small: () => measureService(small),
    });
    const rps = (results: LoadResult[]) => results.map((result) => result.requestsPerSecond);
    const p50 = (results: LoadResult[]) => results.map((result) => result.p50Ms);
    return [
      `requests/s, 1 M rows: ${range(rps(figures.large), 0)}; bare handler: ${range(rps(figures.baseline), 0)}; ratio ${range(ratios(rps(figures.large), rps(figures.baseline)))}`,
      `p50 at 1 M rows ${range(p50(figures.large), 3)} ms, at 1 k rows ${range(p50(figures.small), 3)} ms; ratio ${range(ratios(p50(figures.large), p50(figures.small)))}`,
      `p99 at 1 M rows ${range(figures.large.map((result) => result.p99Ms))} ms; bare handler ${median(figures.baseline.map((result) => result.p99Ms)).toFixed(2)} ms`,
    ];
  } finally {
    await removeSite(large);
    await removeSite(small);
  }
}

/** A data directory whose catalog has so many backups of so many instances. */
export async function makeSite(instances: number, backupsEach: number): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
  const service = await startProcess([PROGRAM, 'serve', '--data-dir', dataDir, '--port', '0'], { REDKEEP_LOG_LEVEL: 'error' });
  await service.stop();
  const db = new DatabaseSync(join(dataDir, 'catalog.db'));
  db.exec('pragma synchronous = off; pragma cache_size = -262144');
  const account = String(db.prepare("select value from settings where name = 'account-id'").get()?.['value']);
  insertInstances(db, account, instances);
  const insert = db.prepare(
    `insert into backups (account_id, region, instance_id, started_at, backup_id, state, instance_name, type, remark, locked, ended_at, expires_at, size_bytes, server_kind, server_version, attempt)
     values (?, 'ap-guangzhou', ?, ?, ?, 'available', ?, 'manual', 'nightly', 0, ?, ?, 1048576, 'redis', '7.0.15', 1)`,
  );
  const first = Date.UTC(2024, 0, 1);
  for (let i = 0; i < backupsEach; i++) {
    db.exec('begin');
    for (let n = 0; n < instances; n++) {
      const startedAt = first + i * 3_600_000 + n * 1000;
      insert.run(
        account,
        instanceId(n),
        startedAt,
        createTimeUuid(startedAt),
        `bench-${n}`,
        startedAt + 60_000,
        startedAt + 7 * 86_400_000,
      );
    }
    db.exec('commit');
  }
  db.exec('pragma wal_checkpoint(truncate); analyze');
  db.close();
  return dataDir;
}

function insertInstances(db: DatabaseSync, account: string, instances: number): void {
  const columns = db.prepare('pragma table_info(instances)').all();
  const values: Record<string, string | number | Uint8Array> = {
    account_id: account,
    region: 'ap-guangzhou',
    kind: 'attached',
    state: 'online',
    host: '127.0.0.1',
    port: 6379,
  };
  for (let n = 0; n < instances; n++) {
    const row = { ...values, instance_id: instanceId(n), name: `bench-${n}`, name_folded: `bench-${n}` } as Record<
      string,
      string | number | Uint8Array
    >;
    const used = columns.filter((column) => Number(column['notnull']) === 1);
    const names = used.map((column) => String(column['name']));
    const bound = used.map(
      (column) =>
        row[String(column['name'])] ?? (String(column['type']) === 'BLOB' ? new Uint8Array(1) : String(column['type']) === 'TEXT' ? '' : 0),
    );
    db.prepare(`insert into instances (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`).run(...bound);
  }
}

function instanceId(n: number): string {
  return `crs-${n.toString(36).padStart(8, '0')}`;
}

async function measureBaseline(dataDir: string): Promise<LoadResult> {
  const server = await startProcess([join(import.meta.dirname, 'baseline-server.js'), join(dataDir, 'catalog.db')]);
  try {
    await measureLoad(server.port, dataDir, 1);
    return await measureLoad(server.port, dataDir, SECONDS);
  } finally {
    await server.stop();
  }
}

async function measureService(dataDir: string): Promise<LoadResult> {
  const service = await startProcess([PROGRAM, 'serve', '--data-dir', dataDir, '--port', '0'], {
    REDKEEP_LOG_LEVEL: 'warn',
    REDKEEP_RATE_LIMIT: 'off',
  });
  try {
    await measureLoad(service.port, dataDir, 1);
    return await measureLoad(service.port, dataDir, SECONDS);
  } finally {
    await service.stop();
  }
}

/** One load of signed requests for pages of all instances, scattered, so that a page is not simply the last one read. */
export async function measureLoad(port: number, dataDir: string, seconds: number): Promise<LoadResult> {
  const credential = JSON.parse(await readFile(join(dataDir, 'default.credential'), 'utf8')) as { secretId: string; secretKey: string };
  const db = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true });
  const ids = db.prepare('select instance_id from instances').all();
  db.close();
  const bodies = ids.map((_, i) => ({ InstanceId: String(ids[(i * 389) % ids.length]?.['instance_id']), Limit: 20, Offset: 0 }));
  const requests = signRequests(credential, port, 'DescribeInstanceBackups', bodies);
  return load(port, requests, { connections: CONNECTIONS, seconds, expect: '"TotalCount":' });
}

export async function removeSite(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
}
