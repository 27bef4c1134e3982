import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client as SdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js';
import { attach, backUp, endOfTask } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

const { Client } = createRequire(import.meta.url)('tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js') as {
  Client: typeof SdkClient;
};

describe('cloning through the API', () => {
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

  async function clone(more: { BackupId?: string; GoodsNum?: number } = {}): Promise<string[]> {
    const sdk = new Client({
      credential: service.credential,
      region: 'ap-guangzhou',
      profile: { httpProfile: { protocol: 'http://', endpoint: `127.0.0.1:${service.port}` } },
    });
    const { InstanceIds = [] } = await sdk.CloneInstances({
      InstanceId: sourceId,
      BackupId: backupId,
      GoodsNum: 1,
      ZoneId: 100001,
      BillingMode: 0,
      Period: 1,
      SecurityGroupIdList: [],
      Password: 'correct-horse-7',
      ...more,
    });
    return InstanceIds;
  }

  /** Undefined where it is gone. */
  async function statusOf(instanceId: string): Promise<number | undefined> {
    const { InstanceSet } = await service.client.call<{ InstanceSet: Array<{ Status: number }> }>('redis', 'DescribeInstances', {
      InstanceId: instanceId,
    });
    return InstanceSet[0]?.Status;
  }

  async function settled(instanceId: string): Promise<number | undefined> {
    const limit = AbortSignal.timeout(100_000);
    for (;;) {
      const status = await statusOf(instanceId);
      if (status === 2 || status === undefined) {
        return status;
      }
      limit.throwIfAborted();
      await sleep(60);
    }
  }

  /** A managed server has no DEBUG, so that its content is compared where it is restored to. */
  async function assertHoldsBackup(instanceId: string): Promise<void> {
    await using target = await startRedis(COMPARABLE);
    const targetId = await attach(service, target);
    const { BackupId } = await backUp(service, instanceId);
    const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
      ...{ InstanceId: targetId, BackupId, BackupInstanceId: instanceId, SafetyBackup: false },
    });
    const task = await endOfTask(service, TaskId);
    assert.equal(task.Status, 'succeed', task.TaskMessage);
    assert.deepEqual(await readContent(target), await readContent(source));
  }

  async function assertNothingLeft(instanceId: string): Promise<void> {
    assert.ok(!(await readdir(join(dataDir, 'instances'))).some((name) => name.startsWith(instanceId)));
  }

  test('by the official SDK: each clone is observable from the order on and then holds the backup, every expiry included', async () => {
    const ids = await clone({ GoodsNum: 2 });
    assert.equal(ids.length, 2);
    assert.ok([0, 1, 2].includes((await statusOf(ids[0] ?? '')) ?? -1));
    for (const id of ids) {
      assert.equal(await settled(id), 2);
      await assertHoldsBackup(id);
    }
    const { Backup, Holds } = await service.client.call<{ Backup: { Locked: number }; Holds: unknown[] }>('redkeep', 'DescribeBackup', {
      ...{ InstanceId: sourceId, BackupId: backupId },
    });
    assert.deepEqual([Backup.Locked, Holds], [0, []]);
  });

  test('a backup of another instance takes the place of what a managed one holds, also when the service is killed then and its server restarted', async () => {
    const [id = ''] = await clone();
    assert.equal(await settled(id), 2);
    await source.command('SET', 'of the second backup', 'x');
    const second = (await backUp(service, sourceId)).BackupId;
    const restore = async () => {
      const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
        ...{ InstanceId: id, BackupId: second, BackupInstanceId: sourceId },
      });
      return TaskId;
    };
    const task = await endOfTask(service, await restore());
    assert.equal(task.Status, 'succeed', task.TaskMessage);
    await service.stop();
    service = await startService(dataDir);
    assert.equal(await settled(id), 2);
    await assertHoldsBackup(id);

    const killed = await restore();
    for (
      const limit = AbortSignal.timeout(60_000);
      !service.log.some((line) => line['msg'] === 'restore.marked' && line['step'] === 'replicate');
    ) {
      limit.throwIfAborted();
      await sleep(2);
    }
    await service.kill();
    service = await startService(dataDir);
    const { Status, TaskMessage } = await endOfTask(service, killed);
    assert.ok(Status === 'succeed' || /holds what it held before/.test(TaskMessage), TaskMessage);
    assert.equal(await statusOf(id), 2);
    await assertHoldsBackup(id);
    await source.command('DEL', 'of the second backup');
  });

  for (const moment of ['when it is ordered', 'when its server starts']) {
    test(`kill -9 ${moment}: the next start finishes the clone`, async () => {
      const [id = ''] = await clone();
      if (moment === 'when its server starts') {
        for (let status = await statusOf(id); status === 0; status = await statusOf(id)) {
          await sleep(5);
        }
      }
      await service.kill();
      service = await startService(dataDir);
      assert.equal(await settled(id), 2);
      await assertHoldsBackup(id);
    });
  }

  test('a backup that is damaged makes no instance: row, server and data are gone, and the task says why', async () => {
    const { BackupId } = await backUp(service, sourceId);
    const directory = join(dataDir, 'repository', 'backups', BackupId);
    const path = join(directory, (await readdir(directory, { recursive: true })).find((name) => name.includes('data-')) ?? '');
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
    const [id = ''] = await clone({ BackupId });
    assert.equal(await settled(id), undefined);
    await assertNothingLeft(id);
    const { Tasks } = await service.client.call<{ Tasks: Array<{ TaskId: number; Result: number; TaskType: string }> }>(
      'redis',
      'DescribeTaskList',
      { TaskTypes: ['026'] },
    );
    const [task] = Tasks;
    assert.deepEqual([task?.TaskType, task?.Result], ['026', 4]);
    const { TaskMessage } = await endOfTask(service, task?.TaskId ?? 0);
    assert.match(TaskMessage, /damaged|authentic/);
    const shown = await redkeep(['backup', 'show', sourceId, BackupId, '--data-dir', dataDir]);
    assert.match(shown.stdout, /^proof +BAD, .*it cannot be read: .*data-00000-00000/m);
    const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'DeleteBackup', {
      InstanceId: sourceId,
      BackupId,
      Force: true,
    });
    assert.equal((await endOfTask(service, TaskId)).Status, 'succeed');
  });

  test('after all of it catalog and repository agree', async () => {
    const checked = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  });
});
