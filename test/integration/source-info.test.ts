import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServerSettings } from '../../src/redis/server-settings.ts';
import { readSourceInfo } from '../../src/redis/source-info.ts';
import { startRedis } from '../harness/redis-server.ts';

test('tells kind, version, role and memory of a server', async () => {
  await using redis = await startRedis({ config: ['maxmemory 64mb'] });
  const info = await readSourceInfo(redis);
  assert.equal(info.serverKind, 'redis');
  assert.match(info.serverVersion, /^[0-9]+\.[0-9]+\.[0-9]+$/);
  assert.equal(info.role, 'master');
  assert.equal(info.mode, 'standalone');
  assert.equal(info.maxMemoryBytes, 64 * 1024 ** 2);
  assert.equal(info.replicas, 0);
  assert.ok((info.usedMemoryBytes ?? 0) > 0);
  assert.deepEqual(info.warnings, []);
});

test('warns of a replica without a link, of required replicas, of a Sentinel and of a cluster node', async () => {
  await using replica = await startRedis({ config: ['replicaof 127.0.0.1 1'] });
  const replicaInfo = await readSourceInfo(replica);
  assert.equal(replicaInfo.role, 'replica');
  assert.match(replicaInfo.warnings.join('\n'), /without a link to its master/);

  await using master = await startRedis({ config: ['min-replicas-to-write 2', 'cluster-enabled yes'] });
  const { createClient } = await import('@redis/client');
  const sentinel = createClient({ socket: { host: master.host, port: master.port, reconnectStrategy: false }, RESP: 2 });
  sentinel.on('error', () => {});
  await sentinel.connect();
  await sentinel.subscribe('__sentinel__:hello', () => {});
  const masterInfo = await readSourceInfo(master);
  sentinel.destroy();
  assert.equal(masterInfo.mode, 'cluster');
  assert.match(masterInfo.warnings.join('\n'), /one node of a cluster/);
  assert.match(masterInfo.warnings.join('\n'), /wants 2 replicas/);
  assert.match(masterInfo.warnings.join('\n'), /Sentinel connections watch/);
});

test('degrades to unknown where the user may not ask, and names each missing rule', async () => {
  await using redis = await startRedis({ aclUsers: ['backup on >secret +psync +replconf +ping'] });
  const address = { host: redis.host, port: redis.port, user: 'backup', password: 'secret' };
  const info = await readSourceInfo(address);
  assert.deepEqual(
    { ...info, warnings: info.warnings.map((warning) => /\+[a-z|]+/.exec(warning)?.[0]) },
    {
      serverKind: 'redis',
      serverVersion: String(/^redis_version:(\S+)/m.exec(String(await redis.command('INFO', 'server')))?.[1]),
      mode: 'standalone',
      role: 'master',
      usedMemoryBytes: undefined,
      maxMemoryBytes: undefined,
      residentBytes: undefined,
      machineBytes: undefined,
      replicas: undefined,
      warnings: ['+info', '+config|get', '+pubsub|numsub'],
    },
  );
  const settings = await readServerSettings(address);
  assert.deepEqual({ ...settings, missing: settings.missing.length }, { aclUsers: [], config: {}, modules: [], missing: 3 });
});

test('fails by name where it cannot log in, connect or go on', async () => {
  await using redis = await startRedis({ password: 'secret' });
  const { host, port } = redis;
  await assert.rejects(readSourceInfo({ host, port, password: 'wrong' }), { code: 'source-auth-failed' });
  await assert.rejects(readSourceInfo({ host, port }), { code: 'source-auth-failed' });
  await assert.rejects(readSourceInfo({ host, port: 1 }), { code: 'source-unreachable', retryable: true });
  await assert.rejects(readSourceInfo(redis, { signal: AbortSignal.abort() }), { code: 'aborted' });
});

test('reads users and configuration without secret directives', async () => {
  await using redis = await startRedis({
    password: 'secret',
    aclUsers: ['reader on >other ~* +@read'],
    config: ['masterauth hidden', 'masteruser someone'],
  });
  const settings = await readServerSettings({ host: redis.host, port: redis.port, password: 'secret' });
  assert.equal(settings.aclUsers.length, 2);
  assert.match(settings.aclUsers.join('\n'), /^user reader on #[0-9a-f]{64} /m);
  assert.equal(settings.config['appendonly'], 'no');
  assert.deepEqual(settings.modules, []);
  assert.deepEqual(settings.missing, []);
  const shown = JSON.stringify(settings.config);
  for (const secret of ['"requirepass"', '"masterauth"', '"masteruser"', '"tls-key-file-pass"', 'hidden', '"secret"']) {
    assert.equal(shown.includes(secret), false, secret);
  }
});
