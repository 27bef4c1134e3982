import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attach, backUp, endOfTask } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

const NOTHING = { databases: {}, digest: '0'.repeat(40), functions: [] };

interface Restore {
  readonly Status: string;
  readonly Progress: number;
  readonly Phase: string;
  readonly DoneBytes: number;
  readonly TotalBytes: number;
  readonly BackupSize: number;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await sleep(2);
  }
}

describe('the server that is restored to', () => {
  let source: RedisServer;
  let service: RunningService;
  let sourceId: string;
  let backupId: string;
  before(async () => {
    source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await source.command('SET', 'large', randomBytes(60 * 1024 ** 2));
    service = await startService(await makeDataDir(), { env: { REDKEEP_RATE_LIMIT: 'off' } });
    sourceId = await attach(service, source);
    backupId = (await backUp(service, sourceId)).BackupId;
  });
  after(async () => {
    await service?.stop();
    await source?.stop();
    await removeDataDir(service.dataDir);
  });

  for (const { at, config } of [
    { at: { msg: 'restore.marked', step: 'save-target' }, config: ['appendonly yes'] },
    { at: { msg: 'restore.marked', step: 'replicate' }, config: [] },
    { at: { msg: 'restore.phase', phase: 'transferring' }, config: [] },
    { at: { msg: 'restore.phase', phase: 'transferring' }, config: ['appendonly yes'] },
    // Rewriting its file takes far longer than the kill; one without a file is safe only in memory, so that its end is the restore's.
    { at: { msg: 'restore.marked', step: 'promote' }, config: ['appendonly yes'] },
  ]) {
    test(`killed at ${Object.values(at).join(' ')}, ${config.join('') || 'without a file of its own'}: it starts again and holds the old or the new, which the task says`, async () => {
      const options = { config: [...COMPARABLE.config, 'masterauth of-its-own', ...config] };
      await using target = await startRedis(options);
      await target.command('SET', 'only here', 'before');
      await target.command('SELECT', '7');
      await target.command('RPUSH', 'list', 'a', 'b');
      await target.command('SELECT', '0');
      const before = await readContent(target);
      const id = await attach(service, target);
      const seen = service.log.length;
      const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
        ...{ InstanceId: id, BackupId: backupId, BackupInstanceId: sourceId },
      });
      const isAt = (line: Readonly<Record<string, unknown>>) => Object.entries(at).every(([name, value]) => line[name] === value);
      await until(() => service.log.slice(seen).some(isAt));
      process.kill(target.pid, 'SIGKILL');
      await using again = await startRedis({ ...options, dir: target.dir, port: target.port });
      const task = await endOfTask(service, TaskId);
      const content = await readContent(again);
      if (task.Status === 'succeed') {
        // Where the kill came too late, a server without a file has lost a restore that had ended.
        assert.deepEqual(content, config.length === 0 && content.databases['0'] === undefined ? NOTHING : await readContent(source));
      } else if (/nothing of the restore has reached the target, which started anew/.test(task.TaskMessage)) {
        // It was killed before it was told anything, so that it holds what it finds by itself.
        assert.deepEqual(content, config.length > 0 ? before : NOTHING);
      } else {
        assert.match(task.TaskMessage, /the target holds what it held before the restore/);
        assert.deepEqual(content, before);
      }
      assert.match(String(await again.command('INFO', 'replication')), /role:master/);
      assert.deepEqual(await again.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'of-its-own']);
      assert.equal(await again.command('SET', 'new', 'write'), 'OK');
      const { InstanceSet } = await service.client.call<{ InstanceSet: Array<{ Status: number }> }>('redis', 'DescribeInstances', {
        InstanceId: id,
      });
      assert.equal(InstanceSet[0]?.Status, 2);
    });
  }

  test('halted in mid-transfer: DescribeRestore tells the phase and how many bytes are done, until it goes on and holds the backup', async () => {
    await using target = await startRedis(COMPARABLE);
    const id = await attach(service, target);
    const seen = service.log.length;
    const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
      ...{ InstanceId: id, BackupId: backupId, BackupInstanceId: sourceId, SafetyBackup: false },
    });
    await until(() => service.log.slice(seen).some((line) => line['phase'] === 'transferring'));
    process.kill(target.pid, 'SIGSTOP');
    const look = () => service.client.call<Restore>('redkeep', 'DescribeRestore', { TaskId });
    let last = await look();
    await until(async () => {
      last = await look();
      return last.Phase === 'transferring';
    });
    process.kill(target.pid, 'SIGCONT');
    assert.equal(last.Status, 'running');
    assert.equal(last.TotalBytes, last.BackupSize);
    assert.ok(last.DoneBytes >= 0 && last.DoneBytes < last.TotalBytes, String(last.DoneBytes));
    const expected = 0.2 + 0.75 * (last.DoneBytes / last.TotalBytes);
    assert.ok(Math.abs(last.Progress - expected) < 1e-6, `${last.Progress} is not ${expected}`);
    assert.equal((await endOfTask(service, TaskId)).Status, 'succeed');
    const { Phase, DoneBytes, TotalBytes } = await look();
    assert.deepEqual([Phase, DoneBytes, TotalBytes], ['', 0, 0]);
    assert.deepEqual(await readContent(target), await readContent(source));
  });

  test('after all of it catalog and repository agree', async () => {
    const checked = await redkeep(['check', '--data-dir', service.dataDir]);
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  });
});
