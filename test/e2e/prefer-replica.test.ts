import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { backUp, endOfTask, startBackup } from '../harness/backups.ts';
import { fillSlowly } from '../harness/failing-backup.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { eventually } from '../harness/temp-supervisor.ts';

describe('an instance whose backups are read from a replica, by the command line', () => {
  let dataDir: string;
  let service: RunningService;
  let master: RedisServer;
  let replica: RedisServer;
  let instanceId: string;
  before(async () => {
    dataDir = await makeDataDir();
    service = await startService(dataDir, { env: { REDKEEP_RATE_LIMIT: 'off' } });
    master = await startRedis();
    await fillSlowly(master, 0);
    replica = await startRedis({ config: [`replicaof ${master.host} ${master.port}`] });
    await eventually('it is online', async () => /^slave0:.*state=online/m.test(String(await master.command('INFO', 'replication'))));
    const attached = await redkeep([
      ...['instance', 'attach', `redis://127.0.0.1:${master.port}`, '--name', 'orders', '--prefer-replica', '--data-dir', dataDir],
    ]);
    assert.equal(attached.status, 0, attached.stderr);
    instanceId = attached.stdout.trim();
  });
  after(async () => {
    await replica?.stop();
    await master?.stop();
    await service?.stop();
    await removeDataDir(dataDir);
  });

  /** How often each has sent all its data to somebody; the replica itself is one for the master. */
  const syncs = async (server: RedisServer) => Number(/^sync_full:(\d+)/m.exec(String(await server.command('INFO', 'stats')))?.[1]);
  const readFrom = () => service.log.filter(({ msg }) => msg === 'backup.report').map(({ sentence }) => String(sentence));

  test('the replica is read, the master is not, and the log tells which it was', async () => {
    await backUp(service, instanceId);
    assert.deepEqual([await syncs(master), await syncs(replica)], [1, 1]);
    assert.match(readFrom().join('\n'), new RegExp(`read from the replica 127\\.0\\.0\\.1:${replica.port}, at offset \\d+`));
  });

  test('a replica that is killed in mid-transfer: the next try reads the master, and the backup succeeds', async () => {
    await replica.command('CONFIG', 'SET', 'rdb-key-save-delay', '100000');
    const taskId = await startBackup(service, instanceId);
    await eventually('it forks for the backup', async () =>
      /^rdb_bgsave_in_progress:1\r$/m.test(String(await replica.command('INFO', 'persistence'))),
    );
    process.kill(replica.pid, 'SIGKILL');
    const task = await endOfTask(service, taskId);
    assert.equal(task.Status, 'succeed', task.TaskMessage);
    assert.equal(await syncs(master), 2);
  });

  test('without a replica the master is read at once, and what is stored is sound', async () => {
    await backUp(service, instanceId);
    assert.equal(await syncs(master), 3);
    assert.match(readFrom().at(-1) ?? '', new RegExp(`no replica could be read, but 127\\.0\\.0\\.1:${master.port}, which was named`));
    const check = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(check.status, 0, check.stdout + check.stderr);
  });
});
