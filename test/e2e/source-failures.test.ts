import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { attach, endOfTask, listBackups, startBackup } from '../harness/backups.ts';
import { fillSlowly } from '../harness/failing-backup.ts';
import { startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, removeDataDir, startService } from '../harness/service.ts';
import { eventually } from '../harness/temp-supervisor.ts';

interface TaskInfo {
  readonly Status: string;
  readonly TaskMessage: string;
}

describe('what a task says of a source that fails', () => {
  let dataDir: string;
  let service: RunningService;
  before(async () => {
    dataDir = await makeDataDir();
    service = await startService(dataDir, { env: { REDKEEP_RATE_LIMIT: 'off' } });
  });
  after(async () => {
    await service.stop();
    await removeDataDir(dataDir);
  });

  const look = (TaskId: number) => service.client.call<TaskInfo>('redis', 'DescribeTaskInfo', { TaskId });
  /** The message with which the task waits for its next try. */
  const untilRetried = (taskId: number) =>
    eventually('a failed try', async () => {
      const { Status, TaskMessage } = await look(taskId);
      assert.notEqual(Status, 'failed', TaskMessage);
      return Status === 'preparing' && TaskMessage !== '' ? TaskMessage : undefined;
    });

  it('killed in mid-transfer and started again: it waits with a message, and succeeds', async () => {
    const source = await startRedis();
    const { port } = source;
    await fillSlowly(source, 10);
    const instanceId = await attach(service, source);
    const taskId = await startBackup(service, instanceId);
    await eventually('a fork', async () => /^rdb_bgsave_in_progress:1\r$/m.test(String(await source.command('INFO', 'persistence'))));
    process.kill(source.pid, 'SIGKILL');
    const message = await untilRetried(taskId);
    assert.match(message, /; (?:see the log of the source: .*restart ends a transfer|check that the source runs)/);
    await source.stop();
    await using restarted = await startRedis({ port });
    await restarted.command('SET', 'key', 'value');
    const { Status, TaskMessage } = await endOfTask(service, taskId);
    assert.deepEqual([Status, TaskMessage], ['succeed', '']);
    assert.equal((await listBackups(service, instanceId)).length, 1);
  });

  it('a replica that has lost its master, then promoted: it waits with a message, and succeeds', async () => {
    await using source = await startRedis();
    const instanceId = await attach(service, source);
    await source.command('REPLICAOF', '127.0.0.1', '1');
    const taskId = await startBackup(service, instanceId);
    assert.match(await untilRetried(taskId), /NOMASTERLINK.*; .*wait for the link, or back up the master/);
    await source.command('REPLICAOF', 'NO', 'ONE');
    assert.equal((await endOfTask(service, taskId)).Status, 'succeed');
  });

  it('a permission taken away: it fails at once and names the rule, and no backup is listed', async () => {
    await using source = await startRedis({ aclUsers: ['backup on >secret +psync +replconf +ping'] });
    const instanceId = await attach(service, source, { UserName: 'backup', Password: 'secret' });
    await source.command('ACL', 'SETUSER', 'backup', '-psync');
    const { Status, TaskMessage } = await endOfTask(service, await startBackup(service, instanceId));
    assert.equal(Status, 'failed');
    assert.match(TaskMessage, /NOPERM.*; allow it on the source: ACL SETUSER backup \+psync;/);
    assert.deepEqual(await listBackups(service, instanceId), []);
  });

  it('a wrong password, and a node of a cluster: attaching fails and says why', async () => {
    await using source = await startRedis({ password: 'secret' });
    await assert.rejects(attach(service, source), /NOAUTH.*attach the instance with one/);
    await assert.rejects(attach(service, source, { Password: 'wrong' }), /WRONGPASS.*with the right user and password/);
    await using node = await startRedis({ config: ['cluster-enabled yes'] });
    await assert.rejects(attach(service, node), /runs in cluster mode.*attach a standalone server/);
  });
});
