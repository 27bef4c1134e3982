import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from '../../src/app/check.ts';
import type { RedisServer } from '../harness/redis-server.ts';
import type { RunningService } from '../harness/service.ts';

/** Every status of a backup; which ones there are is on the wire. */
const ALL_STATES = [1, 2, 3, 4, -1, -2];

/** `redkeep check` finds nothing, and reads `atLeast` backups whole. Beside a running service or without one. */
export async function assertConsistent(dataDir: string, atLeast = 0): Promise<{ backups: number }> {
  const { backups, findings } = await check({ dataDir }, {});
  assert.deepEqual(findings, []);
  assert.ok(backups >= atLeast, `${backups} backups were read, ${atLeast} were expected`);
  return { backups };
}

/** Each backup of an instance with its status, page by page; every page is as full as it must be, and no backup is on two of them. */
export async function readStatuses(
  service: RunningService,
  instanceId: string,
  Status = ALL_STATES,
  Limit = 100,
): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  for (let read = 0, total = 1; read < total; ) {
    const parameters = { InstanceId: instanceId, Status, Limit, Offset: read };
    const page = await service.client.call<{ TotalCount: number; BackupSet: Array<{ BackupId: string; Status: number }> }>(
      'redis',
      'DescribeInstanceBackups',
      parameters,
    );
    total = page.TotalCount;
    assert.equal(page.BackupSet.length, Math.min(Limit, total - read), `the page from ${read} of ${total}`);
    for (const { BackupId, Status: status } of page.BackupSet) {
      statuses.set(BackupId, status);
    }
    read += page.BackupSet.length;
    assert.equal(statuses.size, read, 'no backup is on two pages');
  }
  return statuses;
}

/** While nothing changes: small pages hold what large ones hold, in each status alone and in all together. */
export async function assertPages(service: RunningService, instanceId: string): Promise<void> {
  const all = await readStatuses(service, instanceId);
  assert.deepEqual(await readStatuses(service, instanceId, ALL_STATES, 7), all);
  for (const status of ALL_STATES) {
    const alone = await readStatuses(service, instanceId, [status], 3);
    assert.deepEqual(alone, new Map([...all].filter(([, other]) => other === status)));
  }
}

/** No unfinished file, no throw-away server and no other process is left of a service that has stopped. */
export async function assertNothingLeft(dataDir: string): Promise<void> {
  assert.deepEqual(await readdir(join(dataDir, 'repository', '.tmp')).catch(() => []), [], 'unfinished objects');
  assert.deepEqual(await readdir(join(dataDir, 'proofs')).catch(() => []), [], 'throw-away servers');
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.endsWith('.tmp') || name.endsWith('.new') || name === 'serving.json'),
    [],
    'unfinished files',
  );
  assert.deepEqual(await processesIn(dataDir), [], 'processes');
}

/** Pids of all processes whose working directory is below a directory. */
async function processesIn(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => ((await readlink(`/proc/${pid}/cwd`).catch(() => '')).startsWith(directory) ? pid : '')),
  );
  return found.filter((pid) => pid !== '');
}

/** What no use of a server as a source may change. */
export interface SourceTraces {
  readonly settings: unknown;
  readonly role: string;
  readonly digest: string;
}

export async function readTraces(server: RedisServer): Promise<SourceTraces> {
  const replication = String(await server.command('INFO', 'replication'));
  return {
    settings: await server.command('CONFIG', 'GET', '*'),
    role: `${/^role:\w+/m.exec(replication)?.[0]} ${/^connected_slaves:\d+/m.exec(replication)?.[0]}`,
    digest: String(await server.command('DEBUG', 'DIGEST')),
  };
}

/** Backups with these ids are there and can be used. */
export async function assertUsable(service: RunningService, instanceId: string, backupIds: Iterable<string>): Promise<void> {
  const usable = await readStatuses(service, instanceId, [2, 3, 4]);
  for (const backupId of backupIds) {
    assert.ok(usable.has(backupId), `${backupId} was available, nobody removed it, and it is not there`);
  }
}
