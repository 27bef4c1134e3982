import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attach, backUp, endOfTask, listBackups, startBackup } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

const ALL_STATES = { Status: [1, 2, 3, 4, -1, -2], Limit: 100 };

/** Where the service is killed: `reached` resolves when a backup is there. */
const moments: Record<string, (site: { dataDir: string; service: RunningService; source: RedisServer }) => Promise<void>> = {
  'while it waits for the source': async ({ service }) => {
    await service.logged('backup.phase');
  },
  'in mid-transfer': async ({ dataDir }) => {
    await until(async () => (await sizeBelow(join(dataDir, 'repository'))) > 8_000_000);
  },
  'after the manifest and before the commit': async ({ dataDir }) => {
    await until(async () => (await namesBelow(join(dataDir, 'repository'))).some((name) => name.endsWith('/manifest')));
  },
};

describe('kill -9 of the service', () => {
  let dataDir: string;
  let source: RedisServer;
  let service: RunningService;
  beforeEach(async () => {
    dataDir = await makeDataDir();
    source = await startRedis();
    // Random text, so that the stored bytes grow with the transfer; a pause at each key while the source saves makes it last.
    await source.command('EVAL', FILL, '0', '3000');
    service = await startService(dataDir);
  });
  afterEach(async () => {
    await service.stop();
    await source.stop();
    await removeDataDir(dataDir);
  });

  for (const [moment, reached] of Object.entries(moments)) {
    it(`${moment}: the next start ends the task, nothing stays behind, the next backup works`, async () => {
      const instanceId = await attach(service, source);
      await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '500');
      const taskId = await startBackup(service, instanceId);
      await reached({ dataDir, service, source });
      assert.equal((await listBackups(service, instanceId)).at(-1)?.Status, 1, 'the backup was still under way');
      await service.kill();
      await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '0');

      service = await startService(dataDir);
      const task = await endOfTask(service, taskId);
      assert.equal(task.Status, 'succeed', task.TaskMessage);
      assert.deepEqual(
        (await listBackups(service, instanceId, ALL_STATES)).map((backup) => backup.Status),
        [2],
      );
      assert.equal((await backUp(service, instanceId)).Status, 2);
      await until(async () => /^connected_slaves:0\r$/m.test(String(await source.command('INFO', 'replication'))));

      const beside = await redkeep(['check', '--data-dir', dataDir]);
      assert.equal(beside.status, 0, beside.stdout + beside.stderr);
      await service.stop();
      const after = await redkeep(['check', '--data-dir', dataDir, '--json']);
      assert.equal(after.status, 0, after.stdout + after.stderr);
      assert.equal(JSON.parse(after.stdout).backups, 2);
      // What the killed try left is swept: each backup has its one attempt, and nothing unfinished lies about.
      const names = await namesBelow(join(dataDir, 'repository'));
      assert.equal(names.filter((name) => name.endsWith('/manifest')).length, 2);
      assert.deepEqual(
        names.filter((name) => name.includes('.tmp/')),
        [],
      );
    });
  }
});

const FILL = `
math.randomseed(7)
for i = 1, tonumber(ARGV[1]) do
  local parts = {}
  for j = 1, 220 do parts[j] = redis.sha1hex(i .. ':' .. j .. ':' .. math.random()) end
  redis.call('SET', 'key' .. i, table.concat(parts))
end`;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await sleep(2);
  }
}

async function namesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function sizeBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await namesBelow(directory)) {
    bytes += (await stat(name).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
