import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Client as SdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js';
import { attach, backUp, decodeBackup, type ListedBackup, listBackups } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { eventually } from '../harness/temp-supervisor.ts';

const { Client } = createRequire(import.meta.url)('tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js') as {
  Client: typeof SdkClient;
};

describe('a backup is downloaded by the official SDK’s link', () => {
  let source: RedisServer;
  let service: RunningService;
  let sdk: SdkClient;
  let instanceId: string;
  let backup: ListedBackup;

  before(async () => {
    source = await startRedis({ config: ['enable-debug-command local'] });
    for (let i = 0; i < 5000; i++) {
      await source.command('SET', `key ${i}`, `value ${i} ${'x'.repeat(i % 400)}`);
    }
    service = await startService(await makeDataDir(), { env: { REDKEEP_VPCS: 'vpc-a=203.0.113.0/24' } });
    sdk = connect();
    instanceId = await attach(service, source);
    backup = await backUp(service, instanceId);
  });
  after(async () => {
    await service?.stop();
    await source?.stop();
    await removeDataDir(service.dataDir);
  });

  const connect = () =>
    new Client({
      credential: service.credential,
      region: 'ap-guangzhou',
      profile: { httpProfile: { protocol: 'http://', endpoint: `127.0.0.1:${service.port}` } },
    });
  const of = () => ({ InstanceId: instanceId, BackupId: backup.BackupId });
  const linkOf = async (more: object = {}) => (await sdk.DescribeBackupUrl({ ...of(), ...more })).BackupInfos?.[0];

  test('the bytes are those that are stored, the size is exact, and a server that starts on them holds the same', async () => {
    const path = await decodeBackup(service.dataDir, backup.BackupId);
    const stored = await readFile(path);
    const link = await linkOf();
    assert.equal(link?.FileSize, stored.length);
    const response = await fetch(link?.DownloadUrl ?? '');
    assert.equal(response.headers.get('content-length'), String(stored.length));
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(stored));
    await using started = await startRedis({ dump: path, config: ['enable-debug-command local'] });
    assert.deepEqual(await started.command('DEBUG', 'DIGEST'), await source.command('DEBUG', 'DIGEST'));
    await rm(join(path, '..'), { recursive: true });
  });

  test('the backup is converted meanwhile', async () => {
    await linkOf();
    await eventually('Status 4', async () => (await listBackups(service, instanceId))[0]?.Status === 4);
    assert.ok(service.log.some((line) => line['msg'] === 'backup.converted' && line['sizeBytes'] === backup.BackupSize));
  });

  test('DescribeBackupDetail tells of one shard, encrypted', async () => {
    const detail = await sdk.DescribeBackupDetail(of());
    assert.deepEqual(
      [detail.BackupId, detail.BackupSize, detail.ShardNum, detail.Encrypted, detail.KeyAlgorithm],
      [backup.BackupId, backup.BackupSize, 1, true, 'AES-256-GCM'],
    );
  });

  test('the restriction of the region holds for links that are made from then on', async () => {
    const before = (await linkOf())?.DownloadUrl ?? '';
    await sdk.ModifyBackupDownloadRestriction({
      LimitType: 'Customize',
      LimitVpc: [{ Region: 'ap-guangzhou', VpcList: ['vpc-a'] }],
      LimitIp: ['198.51.100.0/24'],
    });
    assert.equal((await sdk.DescribeBackupDownloadRestriction()).LimitType, 'Customize');
    const refused = await fetch((await linkOf())?.DownloadUrl ?? '');
    assert.deepEqual([refused.status, await refused.text()], [403, 'AddressNotAllowed: this link may not be used from this address.\n']);
    assert.equal((await fetch((await linkOf({ LimitType: 'LimitOnlyIntranet' }))?.DownloadUrl ?? '')).status, 200);
    assert.equal((await fetch(before)).status, 200);
    await sdk.ModifyBackupDownloadRestriction({ LimitType: 'NoLimit' });
  });

  test('redkeep backup download writes the file, and refuses to replace one or to take a shard that there is not', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'redkeep-out-'));
    const run = (...args: string[]) =>
      redkeep(['backup', 'download', instanceId, backup.BackupId, '--data-dir', service.dataDir, '-o', directory, ...args]);
    const path = await decodeBackup(service.dataDir, backup.BackupId);
    const { status, stdout, stderr } = await run();
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok((await readFile(stdout.trimEnd())).equals(await readFile(path)));
    const again = await run();
    assert.equal(again.status, 1);
    assert.match(again.stderr, /is there already; give another --output, or --force to replace it/);
    const forced = JSON.parse((await run('--force', '--json')).stdout) as { File: string; FileSize: number; Sha256: string };
    assert.deepEqual([forced.File, forced.FileSize], [stdout.trimEnd(), backup.BackupSize]);
    const none = await run('--shard', '1');
    assert.deepEqual([none.status, none.stderr], [2, 'redkeep: --shard is 1; the backup has shards 0 to 0\n']);
    await rm(directory, { recursive: true });
    await rm(join(path, '..'), { recursive: true });
  });

  test('metrics count what ended, what is refused, and how many bytes', async () => {
    await fetch(`${service.endpoint}/download/nothing`);
    const text = await (await fetch(`${service.endpoint}/metrics`)).text();
    assert.match(text, /^redkeep_downloads_total\{outcome="finished"\} [1-9]/m);
    assert.match(text, /^redkeep_downloads_refused_total\{reason="link-invalid"\} 1$/m);
    assert.match(text, /^redkeep_downloads_active 0$/m);
    assert.match(text, /^redkeep_conversions_total\{outcome="converted"\} 1$/m);
  });

  test('killed while it converts, the next start converts it to the end', async () => {
    const { BackupId } = await backUp(service, instanceId);
    const { dataDir } = service;
    await sdk.DescribeBackupUrl({ InstanceId: instanceId, BackupId });
    await service.kill();
    service = await startService(dataDir);
    const statusOf = async () => (await listBackups(service, instanceId)).find((listed) => listed.BackupId === BackupId)?.Status;
    await eventually('Status 4', async () => (await statusOf()) === 4, 60_000);
    sdk = connect();
    const { status, stdout } = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(status, 0, stdout);
  });

  test('a link outlives a restart of the service, and the audit log has told of everything', async () => {
    const { pathname } = new URL((await linkOf())?.DownloadUrl ?? '');
    const { dataDir } = service;
    await service.kill();
    service = await startService(dataDir);
    assert.equal((await fetch(service.endpoint + pathname)).status, 200);
    const events = (await readFile(join(dataDir, 'audit.log'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; action?: string });
    for (const event of ['api.called', 'download.started', 'download.finished', 'download.refused']) {
      assert.ok(
        events.some((entry) => entry.event === event),
        event,
      );
    }
    assert.ok(events.some(({ action }) => action === 'redis:ModifyBackupDownloadRestriction'));
  });
});
