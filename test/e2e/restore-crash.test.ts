import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attach, backUp, endOfTask } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { RESTORE_STEPS } from '../harness/restore-steps.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

describe('kill -9 of the service while it restores', () => {
  let source: RedisServer;
  let service: RunningService;
  let dataDir: string;
  let sourceId: string;
  let backupId: string;
  before(async () => {
    dataDir = await makeDataDir();
    source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    service = await startService(dataDir);
    sourceId = await attach(service, source);
    backupId = (await backUp(service, sourceId)).BackupId;
  });
  after(async () => {
    await service?.stop();
    await source?.stop();
    await removeDataDir(dataDir);
  });

  for (const { step, how } of RESTORE_STEPS) {
    test(`at the step ${step} of a restore with ${JSON.stringify(how)}: the next start settles it, to the old or the new`, async () => {
      await using target = await startRedis({ ...COMPARABLE, config: [...COMPARABLE.config, 'masterauth of-its-own'] });
      await target.command('SET', 'only here', 'before');
      await target.command('SELECT', '7');
      await target.command('RPUSH', 'list', 'a', 'b');
      await target.command('SELECT', '0');
      const before = await readContent(target);
      const id = await attach(service, target);
      const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
        ...{ InstanceId: id, BackupId: backupId, BackupInstanceId: sourceId },
        ...how,
      });
      await until(() => service.log.some((line) => line['msg'] === 'restore.marked' && line['step'] === step));
      await service.kill();

      service = await startService(dataDir);
      const task = await endOfTask(service, TaskId);
      const after = await readContent(target);
      if (task.Status === 'succeed') {
        assert.equal(after.digest === before.digest, false);
        if (!('TtlPolicy' in how) && !('KeyPattern' in how)) {
          assert.deepEqual(after, await readContent(source));
        }
      } else if (/not certain|a part of the keys/.test(task.TaskMessage)) {
        // What was declined cannot be gone back to, and a merge has nothing to go back to: it is said, never silent.
        assert.ok('KeyPattern' in how || 'SafetyBackup' in how, task.TaskMessage);
        assert.match(task.TaskMessage, /restore/);
      } else {
        assert.match(task.TaskMessage, /interrupted: the target holds what it held before.*ask for the restore again/);
        assert.deepEqual(after, before);
      }
      assert.match(String(await target.command('INFO', 'replication')), /role:master/);
      assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'of-its-own']);
      const { InstanceSet } = await service.client.call<{ InstanceSet: Array<{ Status: number }> }>('redis', 'DescribeInstances', {
        InstanceId: id,
      });
      assert.equal(InstanceSet[0]?.Status, 2);
      // It is writable, and can be restored to again.
      await target.command('SET', 'written after', 'x');
      const again = await service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
        ...{ InstanceId: id, BackupId: backupId, BackupInstanceId: sourceId },
      });
      const ended = await endOfTask(service, again.TaskId);
      assert.equal(ended.Status, 'succeed', ended.TaskMessage);
      assert.deepEqual(await readContent(target), await readContent(source));
      const checked = await redkeep(['check', '--data-dir', dataDir]);
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
    });
  }
});

async function until(condition: () => boolean): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!condition()) {
    limit.throwIfAborted();
    await sleep(2);
  }
}
