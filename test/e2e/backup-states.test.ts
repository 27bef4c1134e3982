import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { attach, backUp, endOfTask, type ListedBackup, startBackup } from '../harness/backups.ts';
import { fillSlowly } from '../harness/failing-backup.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, removeDataDir, startService } from '../harness/service.ts';
import { eventually } from '../harness/temp-supervisor.ts';

interface Shown extends ListedBackup {
  readonly EndTime: string;
  readonly ExpireTime: string;
  readonly Locked: number;
}

/** A service, its worker and a server, asked over HTTP alone. */
describe('the states of a backup are seen while they last', () => {
  let source: RedisServer;
  let service: RunningService;
  let instanceId: string;
  before(async () => {
    source = await startRedis();
    // Asked more often than twenty times a second.
    service = await startService(await makeDataDir(), { env: { REDKEEP_RATE_LIMIT: 'off' } });
    instanceId = await attach(service, source);
  });
  after(async () => {
    await service.stop();
    await source.stop();
    await removeDataDir(service.dataDir);
  });

  const ask = <Output extends object>(action: string, parameters: object = {}, product: 'redis' | 'redkeep' = 'redis') =>
    service.client.call<Output>(product, action, { InstanceId: instanceId, ...parameters });
  const list = async (parameters: object = {}) => (await ask<{ BackupSet: Shown[] }>('DescribeInstanceBackups', parameters)).BackupSet;
  const show = async (backupId: string) => {
    const found = (await list({ Status: [1, 2, 3, 4, -1, -2], Limit: 100 })).find(({ BackupId }) => BackupId === backupId);
    assert.ok(found !== undefined, backupId);
    return found;
  };

  it('Status 1 from the call to the end of the task, then 2', async () => {
    await fillSlowly(source, 2);
    const taskId = await startBackup(service, instanceId);
    const [running, ...others] = await list();
    assert.ok(running !== undefined && others.length === 0);
    assert.deepEqual([running.Status, running.EndTime, running.ExpireTime, running.BackupSize, running.Locked], [1, '', '', 0, 0]);
    assert.deepEqual([await list({ Status: [1] }), await list({ Status: [2] })], [[running], []]);
    const { Status, BackupSize } = await ask<Shown>('DescribeBackupDetail', { BackupId: running.BackupId });
    assert.deepEqual([Status, BackupSize], [1, 0]);
    assert.equal((await endOfTask(service, taskId)).Status, 'succeed');
    const ended = await show(running.BackupId);
    assert.ok(ended.Status === 2 && ended.BackupSize > 2_000_000 && ended.EndTime >= ended.StartTime && ended.ExpireTime > ended.EndTime);
    assert.deepEqual([await list({ Status: [1] }), await list({ Status: [2] })], [[], [ended]]);
  });

  it('Status 3 from the call for its links until it was read whole, then 4', async () => {
    await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '0');
    for (let index = 0; index < 30; index++) {
      await source.command('SET', `large ${index}`, randomBytes(1_000_000));
    }
    // One is converted at a time, so that the last one waits for the others.
    const others = [await backUp(service, instanceId), await backUp(service, instanceId)];
    const { BackupId } = await backUp(service, instanceId);
    const seen: number[] = [];
    const watch = async () => {
      while (seen.at(-1) !== 4) {
        const { Status } = await show(BackupId);
        if (Status !== seen.at(-1)) {
          seen.push(Status);
        }
      }
    };
    const watching = watch();
    await eventually('Status 2', async () => seen.length > 0);
    await Promise.all(others.map((other) => ask('DescribeBackupUrl', { BackupId: other.BackupId })));
    await ask('DescribeBackupUrl', { BackupId });
    await watching;
    assert.deepEqual(seen, [2, 3, 4]);
  });

  it('Locked is 1 under an operator’s lock, and as long as somebody downloads', async () => {
    const BackupId = (await list()).at(-1)?.BackupId ?? '';
    const lockedAfter = async (action: string) => {
      await ask(action, { BackupId }, 'redkeep');
      return (await show(BackupId)).Locked;
    };
    assert.deepEqual([await lockedAfter('LockBackup'), await lockedAfter('UnlockBackup')], [1, 0]);

    const { BackupInfos } = await ask<{ BackupInfos: Array<{ DownloadUrl: string }> }>('DescribeBackupUrl', { BackupId });
    const { promise: begun, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Far more than what buffers hold between both, so that it cannot end before it is read.
    get(BackupInfos[0]?.DownloadUrl ?? '', { agent: false }, resolve).on('error', reject);
    const download = await begun;
    assert.equal((await show(BackupId)).Locked, 1);
    const { Holds } = await ask<{ Holds: Array<{ Kind: string }> }>('DescribeBackup', { BackupId }, 'redkeep');
    assert.deepEqual(
      Holds.map(({ Kind }) => Kind),
      ['download'],
    );
    await assert.rejects(ask('DeleteBackup', { BackupId, Force: true }, 'redkeep'), { code: 'ResourceUnavailable.BackupLockedError' });
    download.resume();
    await eventually('the end of the hold', async () => (await show(BackupId)).Locked === 0);
  });

  it('Locked is 1 as long as a proof or a restore reads it, and the instance has Status 1 while it is restored', async () => {
    const BackupId = (await list()).at(-1)?.BackupId ?? '';
    /** What was seen until the task ended: whether the backup was locked, by whom, and the instance's Status. */
    const watch = async (TaskId: number) => {
      const seen = { locked: new Set<number>(), kinds: new Set<string>(), statuses: new Set<number | undefined>() };
      const ended = endOfTask(service, TaskId).then(({ Status }) => Status);
      for (let state: string | undefined; state === undefined; state = await Promise.race([ended, undefined])) {
        seen.locked.add((await show(BackupId)).Locked);
        const { Holds } = await ask<{ Holds: Array<{ Kind: string }> }>('DescribeBackup', { BackupId }, 'redkeep');
        for (const { Kind } of Holds) {
          seen.kinds.add(Kind);
        }
        const { InstanceSet } = await ask<{ InstanceSet: Array<{ Status: number }> }>('DescribeInstances');
        seen.statuses.add(InstanceSet[0]?.Status);
      }
      assert.equal(await ended, 'succeed');
      return seen;
    };
    const proof = await watch((await ask<{ TaskId: number }>('VerifyBackup', { BackupId }, 'redkeep')).TaskId);
    assert.deepEqual([proof.locked.has(1), [...proof.kinds], [...proof.statuses]], [true, ['proof'], [2]]);
    const restore = await watch((await ask<{ TaskId: number }>('RestoreInstance', { BackupId })).TaskId);
    assert.deepEqual([restore.locked.has(1), [...restore.kinds], restore.statuses.has(1)], [true, ['restore'], true]);
    const { InstanceSet } = await ask<{ InstanceSet: Array<{ Status: number }> }>('DescribeInstances');
    assert.deepEqual([(await show(BackupId)).Locked, InstanceSet[0]?.Status], [0, 2]);
  });

  it('Status -1 or -2 once it is deleted, -2 when its bytes are gone; both stay listable', async () => {
    const [oldest] = await list();
    assert.ok(oldest !== undefined);
    const { TaskId } = await ask<{ TaskId: number }>('DeleteBackup', { BackupId: oldest.BackupId }, 'redkeep');
    assert.ok([-1, -2].includes((await show(oldest.BackupId)).Status));
    assert.equal((await endOfTask(service, TaskId)).Status, 'succeed');
    assert.equal((await show(oldest.BackupId)).Status, -2);
    const ids = async (parameters: object) => (await list(parameters)).map(({ BackupId }) => BackupId);
    assert.deepEqual([await ids({ Status: [-2] }), await ids({ Status: [-1] })], [[oldest.BackupId], []]);
    assert.ok(!(await ids({})).includes(oldest.BackupId));
  });
});
