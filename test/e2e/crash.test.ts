import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attach, backUp, endOfTask, listBackups, startBackup } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

const ALL_STATES = { Status: [1, 2, 3, 4, -1, -2], Limit: 100 };
const FIRST_KEYS = 3_000;
const TRIES = 3;

/** Where the service is killed: whether the newest backup, of which nothing but these facts can be seen from outside, has got there. */
const moments: Record<string, (seen: { log: RunningService['log']; newFiles: readonly string[]; newBytes: number }) => boolean> = {
  'while it waits for the source': ({ log, newFiles }) =>
    log.some((line) => line['msg'] === 'backup.phase' && line['phase'] === 'waiting-for-source') && !hasManifest(newFiles),
  'in mid-transfer': ({ newFiles, newBytes }) => newBytes > 8_000_000 && !hasManifest(newFiles),
  'after the manifest and before the commit': ({ newFiles }) => hasManifest(newFiles),
};

describe('kill -9 of the service', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  let dataDir: string;
  let source: RedisServer;
  let service: RunningService;
  beforeEach(async () => {
    dataDir = await makeDataDir();
    source = await startRedis();
    // Random text, so that the stored bytes grow with the transfer; a pause at each key while the source saves makes it last.
    await source.command('EVAL', FILL, '0', String(FIRST_KEYS));
    service = await startService(dataDir);
  });
  afterEach(async () => {
    await service.stop();
    await source.stop();
    await removeDataDir(dataDir);
  });

  /**
   * Starts a backup and stops the process (SIGSTOP) at the moment, so that nothing can happen between what is seen and the kill. False where
   * the backup had left the moment before the stop took hold; it is then waited for.
   */
  async function holdAt(isThere: (typeof moments)[string], instanceId: string): Promise<{ taskId: number; isHeld: boolean }> {
    const before = new Set(await namesBelow(join(dataDir, 'repository')));
    const look = async () => {
      const newFiles = (await namesBelow(join(dataDir, 'repository'))).filter((name) => !before.has(name));
      return isThere({ log: service.log, newFiles, newBytes: await sizeOf(newFiles) });
    };
    const taskId = await startBackup(service, instanceId);
    await until(async () => (await look()) || stateOfNewest(dataDir) !== 'running');
    process.kill(service.pid, 'SIGSTOP');
    let isHeld = false;
    try {
      await until(() => isStopped(service.pid));
      isHeld = (await look()) && stateOfNewest(dataDir) === 'running';
    } finally {
      if (!isHeld) {
        process.kill(service.pid, 'SIGCONT');
      }
    }
    return { taskId, isHeld };
  }

  for (const [moment, isThere] of Object.entries(moments)) {
    it(`${moment}: the next start ends the task, nothing stays behind, the next backup works`, async () => {
      const instanceId = await attach(service, source);
      await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '500');
      let earlier = 0;
      let held = await holdAt(isThere, instanceId);
      for (; !held.isHeld; held = await holdAt(isThere, instanceId)) {
        assert.equal((await endOfTask(service, held.taskId)).Status, 'succeed');
        earlier += 1;
        assert.ok(earlier < TRIES, `${TRIES} backups of growing size passed the moment before the service could be stopped there`);
        await source.command('EVAL', FILL, '0', String(FIRST_KEYS * 3 ** earlier));
      }
      await service.kill();
      await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '0');

      service = await startService(dataDir);
      const task = await endOfTask(service, held.taskId);
      assert.equal(task.Status, 'succeed', task.TaskMessage);
      assert.deepEqual(
        (await listBackups(service, instanceId, ALL_STATES)).map((backup) => backup.Status),
        Array(earlier + 1).fill(2),
      );
      assert.equal((await backUp(service, instanceId)).Status, 2);
      await until(async () => /^connected_slaves:0\r$/m.test(String(await source.command('INFO', 'replication'))));

      const beside = await redkeep(['check', '--data-dir', dataDir]);
      assert.equal(beside.status, 0, beside.stdout + beside.stderr);
      await service.stop();
      const after = await redkeep(['check', '--data-dir', dataDir, '--json']);
      assert.equal(after.status, 0, after.stdout + after.stderr);
      assert.equal(JSON.parse(after.stdout).backups, earlier + 2);
      // What the killed try left is swept: each backup has its one attempt, and nothing unfinished lies about.
      const names = await namesBelow(join(dataDir, 'repository'));
      assert.equal(names.filter((name) => name.endsWith('/manifest')).length, earlier + 2);
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

async function sizeOf(names: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const name of names) {
    bytes += (await stat(name).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

function hasManifest(names: readonly string[]): boolean {
  return names.some((name) => name.endsWith('/manifest'));
}

/** The state in the newest row, as the file holds it, without asking the service. */
function stateOfNewest(dataDir: string): unknown {
  const catalog = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true, timeout: 5_000 });
  try {
    return catalog.prepare('SELECT state FROM backups ORDER BY started_at DESC LIMIT 1').get()?.['state'];
  } finally {
    catalog.close();
  }
}

/** Whether every thread of a process has stopped (state T in man proc_pid_stat), so that none is still inside a write. */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') T');
      return text.slice(text.lastIndexOf(')') + 2)[0];
    }),
  );
  return states.every((state) => state === 'T');
}
