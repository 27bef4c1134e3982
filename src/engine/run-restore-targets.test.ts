import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { BACKUP_FACTS, shardFacts } from '../../test/harness/attempts.ts';
import { rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { readContent } from '../../test/harness/redis-content.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../../test/harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../../test/harness/restore-data.ts';
import { makeRestoreSite, recordRestore } from '../../test/harness/restore-site.ts';
import { startSentinel } from '../../test/harness/sentinel.ts';
import { readTlsFile, startTlsRedis, toTlsAddress } from '../../test/harness/tls-server.ts';
import { isDomainError } from '../lib/errors.ts';
import { runRestore } from './run-restore.ts';

const MIB = 1024 ** 2;

async function startSource(): Promise<RedisServer> {
  const source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  return source;
}

async function startTarget(options: RedisServerOptions = {}): Promise<RedisServer> {
  const target = await startRedis({ ...options, config: [...COMPARABLE.config, ...(options.config ?? [])] });
  await target.command('MSET', 'old', 'data', 'more', 'data');
  return target;
}

describe('a target that speaks TLS', () => {
  const endpoint = {
    listen: '127.0.0.1',
    tls: { cert: readTlsFile('server.pem'), key: readTlsFile('server.key'), ca: readTlsFile('ca.pem') },
  };
  const ours = { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' };

  for (const [what, config, way, reason] of [
    ['and replicates in plain text on loopback', [], 'replication', /^$/],
    ['and replicates over TLS, with a certificate of its own', ['tls-replication yes'], 'replication', /^$/],
    [
      'and replicates over TLS, where we have no certificate: key by key, and says why',
      ['tls-replication yes'],
      'keys',
      /TLS only, and no certificate/,
    ],
  ] as const) {
    test(what, async () => {
      await using source = await startSource();
      await using target = await startTlsRedis({ clients: 'yes', password: 'secret', config: [...COMPARABLE.config, ...config] });
      await target.command('SET', 'old', 'data');
      await using site = await makeRestoreSite(source);
      const address = { ...toTlsAddress(target, ours), password: 'secret' };
      // A safety backup is taken over TLS too.
      const request = site.restoreRequest(address, way === 'keys' ? {} : { endpoint });
      const result = await runRestore(request, recordRestore());
      assert.equal(result.way, way, result.report.join('\n'));
      assert.match(result.report.join('\n'), reason);
      assert.ok((result.safety?.sizeBytes ?? 0) > 0);
      assert.deepEqual(await readContent(target), await readContent(source));
      assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', '']);
    });
  }

  test('and does not trust our certificate: key by key, with its settings put back', async () => {
    await using source = await startSource();
    await using target = await startTlsRedis({ config: [...COMPARABLE.config, 'tls-replication yes'] });
    await target.command('SET', 'old', 'data');
    await using site = await makeRestoreSite(source);
    const stranger = { listen: '127.0.0.1', tls: { cert: readTlsFile('cert.pem'), key: readTlsFile('key.pem') } };
    const request = site.restoreRequest(toTlsAddress(target, { ca: 'ca.pem' }), { endpoint: stranger });
    const { way, report } = await runRestore(request, recordRestore());
    assert.equal(way, 'keys');
    assert.match(report.join('\n'), /nobody signed in/);
    assert.deepEqual(await readContent(target), await readContent(source));
    assert.match(String(await target.command('INFO', 'replication')), /^role:master\r$/m);
  });
});

describe('a target whose user may do', () => {
  const REPLICATION = '+info +config|get +config|set +replicaof +client|pause +client|unpause';
  const SAFETY = '+psync +replconf +ping';
  for (const [what, rules, way, reason] of [
    ['just what is documented for a restore with a safety backup', `${REPLICATION} ${SAFETY}`, 'replication', undefined],
    ['all but CONFIG SET', `~* +@all -config|set`, 'keys', /config\|set/],
    ['all but REPLICAOF', `~* +@all -replicaof`, 'keys', /replicaof/],
    [
      'just what is documented for keys one by one',
      `~* +info +select +flushall +restore +exists +function ${SAFETY}`,
      'keys',
      /\+config\|get \+config\|set/,
    ],
  ] as const) {
    test(`${what}`, async () => {
      await using source = await startSource();
      await using target = await startTarget({ aclUsers: [`restorer on >secret resetchannels -@all ${rules}`] });
      await target.command('CONFIG', 'SET', 'masterauth', 'of its own');
      await using site = await makeRestoreSite(source);
      const { host, port } = target;
      const result = await runRestore(site.restoreRequest({ host, port, user: 'restorer', password: 'secret' }), recordRestore());
      const text = result.report.join('\n');
      assert.equal(result.way, way, text);
      assert.match(text, reason ?? /^(?!.*one by one)/s);
      assert.deepEqual(await readContent(target), await readContent(source));
      assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'of its own']);
      assert.match(String(await target.command('INFO', 'replication')), /^role:master\r$/m);
    });
  }
});

describe('a managed service that has removed', () => {
  for (const [command, reason] of [
    ['REPLICAOF', /one by one.*REPLICAOF.*unknown command/],
    ['CONFIG', /one by one.*may not read and set the configuration/],
  ] as const) {
    test(`${command}: keys are written one by one`, async () => {
      await using source = await startSource();
      await using target = await startTarget({ config: [`rename-command ${command} ""`] });
      await using site = await makeRestoreSite(source);
      const { way, report } = await runRestore(site.restoreRequest(target), recordRestore());
      assert.equal(way, 'keys');
      assert.match(report.join('\n'), reason);
      assert.deepEqual(await readContent(target), await readContent(source));
    });
  }

  test('PSYNC: no safety backup can be taken, which ends the restore with nothing changed; without one keys are written', async () => {
    await using source = await startSource();
    await using target = await startTarget({ config: ['rename-command PSYNC ""'] });
    await using site = await makeRestoreSite(source);
    const before = await readContent(target);
    const { safety, ...request } = site.restoreRequest(target);
    await assert.rejects(runRestore({ ...request, ...(safety && { safety }) }, recordRestore()), (error) => {
      assert.ok(isDomainError(error, 'source-refused'), String(error));
      assert.match(error.hint ?? '', /could not be backed up first: mend that, or restore without a safety backup/);
      return true;
    });
    assert.deepEqual(await readContent(target), before);
    await runRestore(request, recordRestore());
    assert.deepEqual(await readContent(target), await readContent(source));
  });
});

test('a target with an append-only file that is killed right after the end of a restore starts again with all of it', async () => {
  await using source = await startSource();
  const options = { config: [...COMPARABLE.config, 'appendonly yes'] };
  for (const how of [{}, { ttl: { kind: 'shift', byMs: 0 } }] as const) {
    await using target = await startTarget(options);
    await using site = await makeRestoreSite(source);
    const { way } = await runRestore(site.restoreRequest(target, how), recordRestore());
    assert.equal(way, 'ttl' in how ? 'keys' : 'replication');
    process.kill(target.pid, 'SIGKILL');
    await using again = await startRedis({ ...options, dir: target.dir, port: target.port });
    assert.deepEqual(await readContent(again), await readContent(source));
  }
});

test('what no RDB carries stays as it is on the target: users, configuration, a user for its master; waiting for replicas holds up nothing', async () => {
  await using source = await startSource();
  const lines = ['masteruser somebody', 'masterauth of-its-own', 'maxmemory 900mb'];
  await using target = await startRedis({
    config: [...COMPARABLE.config, ...lines],
    aclUsers: ['app on >secret ~app:* +get'],
  });
  await target.command('FUNCTION', 'LOAD', "#!lua name=old\nredis.register_function('old', function() return 1 end)");
  await target.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
  await using site = await makeRestoreSite(source);
  const read = async () => [await target.command('ACL', 'LIST'), await target.command('CONFIG', 'GET', '*')];
  const before = await read();
  const { way, report } = await runRestore(site.restoreRequest(target), recordRestore());
  assert.equal(way, 'replication', report.join('\n'));
  assert.deepEqual(await readContent(target), await readContent(source));
  assert.deepEqual(await read(), before);
  await assert.rejects(target.command('SET', 'a', 'b'), /NOREPLICAS/);
});

test('a target that wants replicas for a write is left as it is where keys would have to be written one by one', async () => {
  await using source = await startSource();
  await using target = await startTarget();
  await target.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
  const before = await readContent(target);
  await using site = await makeRestoreSite(source);
  await assert.rejects(runRestore(site.restoreRequest(target, { ttl: { kind: 'drop' } }), recordRestore()), (error) => {
    assert.ok(isDomainError(error, 'target-refused'), String(error));
    assert.match(`${error.message}; ${error.hint}`, /NOREPLICAS.*the target holds what it held before/);
    return true;
  });
  assert.deepEqual(await readContent(target), before);
});

describe('a target with too low a maxmemory', () => {
  async function restoreLarge(target: RedisServer, how: object) {
    const source = await startSource();
    await source.command('SET', 'large', randomBytes(6 * MIB));
    const site = await makeRestoreSite(source);
    const before = await readContent(target);
    const recorder = recordRestore();
    try {
      return { ...(await runRestore(site.restoreRequest(target, how), recorder)), source: await readContent(source) };
    } catch (error) {
      assert.deepEqual(await readContent(target), before);
      assert.equal(recorder.marks.at(-1)?.step ?? 'settled', 'settled');
      throw error;
    } finally {
      await Promise.all([source.stop(), site[Symbol.asyncDispose]()]);
    }
  }

  for (const [what, policy, how, message] of [
    ['that evicts keys', 'allkeys-lru', {}, /evicts keys beyond it/],
    ['that evicts keys with an expiry', 'volatile-ttl', {}, /evicts keys beyond it/],
    [
      'that evicts nothing, key by key',
      'noeviction',
      { ttl: { kind: 'drop' } },
      /one by one \(expiries are to be changed\).*maxmemory of 5 MiB/,
    ],
    ['that would evict keys of its own for those that are merged', 'allkeys-lru', { filter: { pattern: 'large' } }, /at least 7 MiB/],
    ['that would refuse a part of those that replace', 'noeviction', { filter: { pattern: '*' }, replaceExisting: true }, /at least/],
  ] as const) {
    test(`${what}: refused, with nothing changed`, async () => {
      await using target = await startTarget({ config: ['maxmemory 5mb', `maxmemory-policy ${policy}`] });
      await assert.rejects(restoreLarge(target, how), (error) => {
        assert.ok(isDomainError(error, 'target-memory-short'), String(error));
        assert.match(error.message, message);
        assert.match(error.hint ?? '', /raise maxmemory of the target/);
        return true;
      });
    });
  }

  test('that evicts nothing, over replication: it loads everything, and the report says that it refuses writes', async () => {
    await using target = await startTarget({ config: ['maxmemory 5mb', 'maxmemory-policy noeviction'] });
    const { way, report, source } = await restoreLarge(target, {});
    assert.equal(way, 'replication');
    assert.match(report.join('\n'), /maxmemory of 5 MiB.*it will refuse writes afterwards/);
    assert.deepEqual(await readContent(target), source);
    await assert.rejects(target.command('SET', 'a', 'b'), /OOM/);
  });

  test('and keys that fit: a merge is not refused', async () => {
    await using target = await startTarget({ config: ['maxmemory 50mb', 'maxmemory-policy allkeys-lru'] });
    const { counts } = await restoreLarge(target, { filter: { pattern: 'large' } });
    assert.equal(counts.keys, 1);
    assert.deepEqual(await target.command('MGET', 'old', 'more'), ['data', 'data']);
  });
});

test('a target that a real Sentinel watches is refused before it is touched; a merge into it is not', async () => {
  await using source = await startSource();
  await using target = await startTarget();
  await using _sentinel = await startSentinel(target);
  await using site = await makeRestoreSite(source);
  const before = await readContent(target);
  const recorder = recordRestore();
  await assert.rejects(runRestore(site.restoreRequest(target), recorder), (error) => {
    return isDomainError(error, 'target-watched-by-sentinel') && /SENTINEL REMOVE/.test(error.hint ?? '');
  });
  assert.deepEqual(recorder.marks, []);
  assert.deepEqual(await readContent(target), before);
  const { counts } = await runRestore(site.restoreRequest(target, { filter: { databases: [15] } }), recordRestore());
  assert.equal(counts.keys, 3);
});

test('an RDB of a newer version than the target loads is refused before it is touched, whole and key by key', async () => {
  await using source = await startRedis(COMPARABLE);
  await using target = await startTarget();
  await using site = await makeRestoreSite(source);
  const before = await readContent(target);
  for (const [index, [magic, facts]] of (
    [
      ['REDIS0012', { rdbVersion: 12, serverVersion: '8.0.1' }],
      ['REDIS0011', { rdbVersion: 11, serverVersion: '7.2.4' }],
      ['VALKEY080', { rdbVersion: 80, serverKind: 'valkey', serverVersion: '9.0.0' }],
    ] as const
  ).entries()) {
    const ref = { backupId: `4e4127f8-affe-11e8-941e-4846fb00c75${index}`, attempt: 1 };
    const rdb = rdbFile(magic, rdbKey(0, 'key', rdbString('value')));
    const writer = await site.repository.startAttempt(ref, 1);
    await writer.appendFrame(0, rdb, true);
    await writer.finish({ facts: BACKUP_FACTS, endedAt: 0, report: [], shards: [{ ...shardFacts(rdb), ...facts }] });
    for (const how of [{}, { filter: {} }, { ttl: { kind: 'drop' } }] as const) {
      const recorder = recordRestore();
      await assert.rejects(runRestore(site.restoreRequest(target, { backup: ref, ...how }), recorder), (error) => {
        assert.ok(isDomainError(error, 'target-version-unsupported'), String(error));
        assert.match(error.message, /redis 7\.0\.\d+, which does not load RDB version/);
        return true;
      });
      assert.deepEqual(recorder.marks, []);
      assert.deepEqual(await readContent(target), before);
    }
  }
});
