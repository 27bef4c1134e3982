import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Client as SdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js';
import { attach, backUp, endOfTask, listBackups } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { readTlsFile, startTlsRedis } from '../harness/tls-server.ts';

const { Client } = createRequire(import.meta.url)('tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js') as {
  Client: typeof SdkClient;
};

interface Restore {
  Status: string;
  Message: string;
  SafetyBackupId: string;
  Way: string;
  Keys: number;
  ByDatabase: Array<{ Name: string; Keys: number }>;
  ByType: Array<{ Name: string; Keys: number }>;
  Existing: number;
}

describe('restoring through the API', () => {
  let source: RedisServer;
  let service: RunningService;
  let sdk: SdkClient;
  let sourceId: string;
  let backupId: string;

  before(async () => {
    source = await startRedis({ ...COMPARABLE, password: 'of-the-source' });
    await fillEveryType(source, 'of-the-source');
    service = await startService(await makeDataDir());
    sdk = new Client({
      credential: service.credential,
      region: 'ap-guangzhou',
      profile: { httpProfile: { protocol: 'http://', endpoint: `127.0.0.1:${service.port}` } },
    });
    sourceId = await attach(service, source, { Password: 'of-the-source' });
    backupId = (await backUp(service, sourceId)).BackupId;
  });
  after(async () => {
    await service?.stop();
    await source?.stop();
    await removeDataDir(service.dataDir);
  });

  async function startTarget(options: RedisServerOptions = {}): Promise<RedisServer> {
    const target = await startRedis({ ...options, config: [...COMPARABLE.config, ...(options.config ?? [])] });
    try {
      await target.command('SET', 'only here', 'before');
      return target;
    } catch (error) {
      await target.stop();
      throw error;
    }
  }

  const restore = (to: string, more: object = {}) =>
    service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
      InstanceId: to,
      BackupId: backupId,
      BackupInstanceId: sourceId,
      ...more,
    });

  async function ended({ TaskId }: { TaskId?: number }): Promise<Restore> {
    await endOfTask(service, TaskId ?? 0);
    return service.client.call<Restore>('redkeep', 'DescribeRestore', { TaskId });
  }

  test('RestoreInstance of the official SDK: digest, keys and every expiry are those of the backup, what was there is a backup now', async () => {
    const before = await readContent(source);
    await source.command('FLUSHALL');
    await source.command('SET', 'made by mistake', 'x');
    const mistake = await readContent(source);

    await assert.rejects(sdk.RestoreInstance({ InstanceId: sourceId, BackupId: backupId, Password: 'wrong' }), {
      code: 'InvalidParameterValue.PasswordError',
    });
    await assert.rejects(sdk.RestoreInstance({ InstanceId: sourceId, BackupId: backupId }), {
      code: 'InvalidParameterValue.PasswordError',
    });
    assert.deepEqual(await readContent(source), mistake);

    const done = await ended(await sdk.RestoreInstance({ InstanceId: sourceId, BackupId: backupId, Password: 'of-the-source' }));
    assert.deepEqual([done.Status, done.Message, done.Way], ['succeed', '', 'replication']);
    assert.deepEqual(await readContent(source), before);
    const { InstanceSet } = await sdk.DescribeInstances({ InstanceId: sourceId });
    assert.equal(InstanceSet?.[0]?.Status, 2);

    const safety = (await listBackups(service, sourceId)).at(-1) as
      | { BackupId: string; Status: number; Remark: string; Locked: number }
      | undefined;
    assert.deepEqual(
      [safety?.BackupId, safety?.Status, safety?.Remark, safety?.Locked],
      [done.SafetyBackupId, 2, `Safety backup before the restore of ${backupId}`, 0],
    );
    const undone = await ended(
      await sdk.RestoreInstance({ InstanceId: sourceId, BackupId: done.SafetyBackupId, Password: 'of-the-source' }),
    );
    assert.equal(undone.Status, 'succeed', undone.Message);
    assert.deepEqual(await readContent(source), mistake);
    await ended(await restore(sourceId));
    assert.deepEqual(await readContent(source), before);
  });

  test('to a server with a password, by an ACL user, and one that speaks TLS; each that is attached by it', async () => {
    await using withPassword = await startTarget({ password: 'p1' });
    await using withUser = await startTarget({ aclUsers: ['restorer on >p2 ~* &* +@all'] });
    await using withTls = await startTlsRedis({ clients: 'yes', config: [...COMPARABLE.config] });
    const tls = {
      Tls: true,
      Port: withTls.tlsPort,
      CaCert: readTlsFile('ca.pem'),
      ClientCert: readTlsFile('client.pem'),
      ClientKey: readTlsFile('client.key'),
    };
    const targets: Array<[RedisServer, object]> = [
      [withPassword, { Password: 'p1' }],
      [withUser, { UserName: 'restorer', Password: 'p2' }],
      [withTls, tls],
    ];
    const expected = await readContent(source);
    for (const [target, how] of targets) {
      const id = await attach(service, target, how);
      const done = await ended(await restore(id));
      assert.equal(done.Status, 'succeed', done.Message);
      assert.deepEqual(await readContent(target), expected);
    }
  });

  test('a dry run tells what the real run then does, by database and type; nothing but the selection changes', async () => {
    await using target = await startTarget();
    const id = await attach(service, target);
    const selection = { Databases: [0, 1], Types: ['hash', 'string'], KeyPattern: '*1*', Replace: true };
    const before = await readContent(target);
    const dry = await ended(await restore(id, { ...selection, DryRun: true }));
    assert.deepEqual([dry.Status, dry.Way, dry.Existing, dry.SafetyBackupId], ['succeed', 'none', 0, '']);
    assert.deepEqual(await readContent(target), before);
    assert.equal((await listBackups(service, id)).length, 0);

    const real = await ended(await restore(id, selection));
    assert.equal(real.Status, 'succeed', real.Message);
    assert.ok(real.Keys > 0 && real.ByDatabase.length === 2 && real.ByType.length === 2);
    assert.deepEqual([real.Keys, real.ByDatabase, real.ByType], [dry.Keys, dry.ByDatabase, dry.ByType]);
    const after = await readContent(target);
    const keys = Object.values(after.databases).reduce((sum, database) => sum + database.keys, 0);
    assert.equal(keys, real.Keys + 1);
    assert.equal(await target.command('GET', 'only here'), 'before');

    const again = await ended(await restore(id, { ...selection, DryRun: true }));
    assert.equal(again.Existing, real.Keys);
    const refused = await ended(await restore(id, { ...selection, Replace: false }));
    assert.equal(refused.Status, 'failed');
    assert.match(refused.Message, /holds \d+ of the keys already.*nothing was changed/);
    assert.deepEqual(await readContent(target), after);
  });

  test('expiries can be dropped and shifted', async () => {
    await using target = await startTarget();
    const id = await attach(service, target);
    await source.command('SET', 'expires', 'x', 'PXAT', '4000000000000');
    const BackupId = (await backUp(service, sourceId)).BackupId;
    for (const [policy, expected] of [
      [{ TtlPolicy: 'keep' }, 4_000_000_000_000],
      [{ TtlPolicy: 'drop' }, -1],
      [{ TtlPolicy: 'shift', TtlShift: -3600 }, 3_999_996_400_000],
    ] as const) {
      const done = await ended(await restore(id, { BackupId, KeyPattern: 'expires', Replace: true, SafetyBackup: false, ...policy }));
      assert.equal(done.Status, 'succeed', done.Message);
      assert.equal(await target.command('PEXPIRETIME', 'expires'), expected);
    }
    assert.equal((await listBackups(service, id)).length, 0, 'the safety backup was declined');
    await source.command('DEL', 'expires');
  });

  test('a target that cannot take the backup is refused before it is touched, and the task says what to do', async () => {
    await using master = await startTarget();
    await using replica = await startTarget();
    await replica.command('REPLICAOF', master.host, String(master.port));
    await using small = await startTarget();
    await using changed = await startTarget({ password: 'p1' });
    const replicaId = await attach(service, replica);
    const smallId = await attach(service, small);
    const changedId = await attach(service, changed, { Password: 'p1' });
    await changed.command('CONFIG', 'SET', 'requirepass', 'p2');
    // Not known to the catalog, which would refuse it at the call.
    await small.command('CONFIG', 'SET', 'maxmemory', '300000', 'maxmemory-policy', 'volatile-lru');
    for (const [server, id, message] of [
      [replica, replicaId, /is a replica of .*restore to its master/],
      [small, smallId, /maxmemory.*raise maxmemory/],
      [changed, changedId, /attach the instance with the right user and password/],
    ] as const) {
      const before = server === replica ? undefined : await readContent(server);
      const refused = await ended(await restore(id));
      assert.equal(refused.Status, 'failed');
      assert.match(refused.Message, message);
      assert.equal(refused.SafetyBackupId, '');
      assert.deepEqual(server === replica ? undefined : await readContent(server), before);
      const { InstanceSet } = await sdk.DescribeInstances({ InstanceId: id });
      assert.equal(InstanceSet?.[0]?.Status, 2);
    }
  });

  test('one task holds an instance: no second restore and no backup beside one', async () => {
    await using target = await startTarget();
    const id = await attach(service, target);
    const calls = await Promise.allSettled([restore(id), restore(id), restore(id), restore(id)]);
    const begun = calls.filter((call) => call.status === 'fulfilled').map((call) => call.value);
    const codes = calls.filter((call) => call.status === 'rejected').map((call) => call.reason.code);
    assert.equal(begun.length, 1);
    assert.deepEqual(codes, Array(3).fill('ResourceUnavailable.InstanceLockedError'));
    assert.equal((await ended(begun[0] ?? {})).Status, 'succeed');
    assert.deepEqual(await readContent(target), await readContent(source));
  });

  test('a damaged byte of what is stored: refused, and the target is never touched', async () => {
    await using target = await startTarget();
    const id = await attach(service, target);
    const before = await readContent(target);
    const { BackupId } = await backUp(service, sourceId);
    const directory = join(service.dataDir, 'repository', 'backups', BackupId);
    const data = (await readdir(directory, { recursive: true })).find((name) => name.includes('data-')) ?? '';
    const path = join(directory, data);
    const bytes = await readFile(path);
    const place = Math.floor(bytes.length / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
    const refused = await ended(await restore(id, { BackupId }));
    assert.equal(refused.Status, 'failed');
    assert.match(refused.Message, /damaged|not what was stored|authentic/);
    assert.deepEqual(await readContent(target), before);
    // Recorded and told, by whoever meets it first.
    const show = async () => (await redkeep(['backup', 'show', sourceId, BackupId, '--data-dir', service.dataDir])).stdout;
    assert.match(await show(), /^proof +BAD, .*it cannot be read: .*data-00000-00000/m);
    const alarms = async () =>
      (await (await fetch(`${service.endpoint}/metrics`)).text()).match(/^redkeep_alarms_total.*proof-failed.*$/m)?.[0];
    assert.match((await alarms()) ?? '', / 1$/);
    await ended(await restore(id, { BackupId, DryRun: true }));
    assert.match((await alarms()) ?? '', / 1$/);
    const { TaskId } = await service.client.call<{ TaskId: number }>('redkeep', 'DeleteBackup', {
      InstanceId: sourceId,
      BackupId,
      Force: true,
    });
    assert.equal((await endOfTask(service, TaskId)).Status, 'succeed');
  });

  test('after all of it catalog and repository agree', async () => {
    const checked = await redkeep(['check', '--data-dir', service.dataDir]);
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  });
});
