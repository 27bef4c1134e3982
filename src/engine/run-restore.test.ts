import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readContent } from '../../test/harness/redis-content.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../../test/harness/restore-data.ts';
import { makeRestoreSite, recordRestore, SAFETY_ID } from '../../test/harness/restore-site.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { isDomainError } from '../lib/errors.ts';
import { connectAdminClient } from '../redis/admin-client.ts';
import type { RestoreRequest } from './restore-types.ts';
import { runRestore } from './run-restore.ts';

const MIB = 1024 ** 2;

async function fillOther(server: Awaited<ReturnType<typeof startRedis>>): Promise<void> {
  await server.command('SELECT', '7');
  await server.command('MSET', 'old', 'data', 'more', 'data');
  await server.command('FUNCTION', 'LOAD', "#!lua name=old\nredis.register_function('old', function() return 1 end)");
  await server.command('SELECT', '0');
}

describe('a restore over replication', () => {
  test('makes the target equal to the source in every key, expiry and function', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startRedis(COMPARABLE);
    await fillOther(target);
    await target.command('CONFIG', 'SET', 'masterauth', 'of the target');
    await using site = await makeRestoreSite(source);
    const recorder = recordRestore();
    const result = await runRestore(site.restoreRequest(target), recorder);
    assert.deepEqual(await readContent(target), await readContent(source));
    assert.equal(result.way, 'replication', result.report.join('\n'));
    assert.deepEqual([result.counts.keys, result.counts.byDatabase], [2003, { 0: 1800, 1: 200, 15: 3 }]);
    assert.deepEqual(
      recorder.marks.map(({ step, safety }) => [step, safety?.backupId]),
      [
        ['save-target', undefined],
        ['set-credentials', SAFETY_ID],
        ['replicate', SAFETY_ID],
        ['promote', SAFETY_ID],
        ['settled', SAFETY_ID],
      ],
    );
    assert.deepEqual(recorder.phases, ['verifying', 'checking', 'saving-target', 'transferring', 'promoting']);
    assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'of the target']);
    assert.match(String(await target.command('INFO', 'replication')), /^role:master\r$/m);
    // Writes are let in again.
    assert.equal(await target.command('SET', 'new', 'write'), 'OK');
    const safety = await site.repository.verifyAttempt({ backupId: SAFETY_ID, attempt: 1 });
    assert.deepEqual(safety.shards[0]?.keys.byDatabase, { 7: { keys: 2, withExpiry: 0 } });
    assert.deepEqual(result.safety?.sizeBytes, safety.shards[0]?.sizeBytes);
  });

  test('lets no write slip between the safety backup and the new data', async () => {
    await using source = await startRedis();
    await using target = await startRedis();
    await using site = await makeRestoreSite(source);
    let writing: Promise<unknown> | undefined;
    await runRestore(
      site.restoreRequest(target),
      recordRestore({
        onProgress({ phase }) {
          if (phase === 'saving-target') {
            writing ??= target.command('SET', 'late', 'write').catch((error: unknown) => error);
          }
        },
      }),
    );
    assert.match(String(await writing), /READONLY/);
    assert.equal(await target.command('DBSIZE'), 0);
  });

  test('empties the target where the backup is empty, and works without a safety backup', async () => {
    await using source = await startRedis();
    await using target = await startRedis({ password: 'secret' });
    await fillOther(target);
    await using site = await makeRestoreSite(source);
    const { safety: _, ...request } = site.restoreRequest({ host: target.host, port: target.port, password: 'secret' });
    const recorder = recordRestore();
    const result = await runRestore(request, recorder);
    assert.equal(result.safety, undefined);
    assert.deepEqual(
      recorder.marks.map(({ step }) => step),
      ['set-credentials', 'replicate', 'promote', 'settled'],
    );
    assert.doesNotMatch(String(await target.command('INFO', 'keyspace')), /db/);
    assert.deepEqual(await target.command('FUNCTION', 'LIST'), []);
  });

  test('lets a target that holds nothing load while it receives, and puts that back', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startRedis({ config: [...COMPARABLE.config, 'loglevel notice', 'logfile server.log'] });
    await using site = await makeRestoreSite(source);
    await runRestore(site.restoreRequest(target), recordRestore());
    assert.deepEqual(await readContent(target), await readContent(source));
    assert.match(await readFile(join(target.dir, 'server.log'), 'utf8'), /receiving streamed RDB from master with EOF to parser/);
    assert.deepEqual(await target.command('CONFIG', 'GET', 'repl-diskless-load'), ['repl-diskless-load', 'disabled']);
  });

  test('has ended only when the append-only file holds the data', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startRedis({ config: [...COMPARABLE.config, 'appendonly yes'] });
    await fillOther(target);
    await using site = await makeRestoreSite(source);
    await runRestore(site.restoreRequest(target), recordRestore());
    await target.command('DEBUG', 'LOADAOF');
    assert.deepEqual(await readContent(target), await readContent(source));
  });

  test('reaches the replicas of the target, and a value of 100 MB', async () => {
    await using source = await startRedis(COMPARABLE);
    await source.command('SET', 'big', randomBytes(100 * MIB));
    await using target = await startRedis(COMPARABLE);
    await using replica = await startRedis(COMPARABLE);
    await fillOther(target);
    await replica.command('REPLICAOF', target.host, String(target.port));
    await eventually('a replica', async () => /state=online/.test(String(await target.command('INFO', 'replication'))));
    await using site = await makeRestoreSite(source);
    const result = await runRestore(site.restoreRequest(target), recordRestore());
    assert.ok(result.report.includes('1 replicas of the target will copy its new data'), result.report.join('\n'));
    const content = await readContent(source);
    assert.deepEqual(await readContent(target), content);
    await eventually('the replica follows', async () => String(await replica.command('DEBUG', 'DIGEST')) === content.digest);
  });
});

describe('a restore key by key', () => {
  test('makes the target as equal, where its user may not configure it, and says why', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startRedis({ ...COMPARABLE, aclUsers: ['restore on >secret ~* +@all -config'] });
    await fillOther(target);
    await using site = await makeRestoreSite(source);
    const { safety: _, ...request } = site.restoreRequest({ host: target.host, port: target.port, user: 'restore', password: 'secret' });
    const recorder = recordRestore();
    const result = await runRestore(request, recorder);
    assert.deepEqual(await readContent(target), await readContent(source));
    assert.equal(result.way, 'keys');
    assert.match(result.report.join('\n'), /one by one.*may not read and set the configuration/);
    assert.deepEqual(
      recorder.marks.map(({ step, merges }) => [step, merges]),
      [
        ['write-keys', false],
        ['settled', false],
      ],
    );
  });

  test('takes over where the target cannot reach us, with its settings put back', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startRedis(COMPARABLE);
    await target.command('CONFIG', 'SET', 'masterauth', 'of the target');
    await using site = await makeRestoreSite(source);
    const request = site.restoreRequest(target, { endpoint: { listen: '127.0.0.1', advertise: '127.0.0.9' } });
    const result = await runRestore(request, recordRestore());
    assert.equal(result.way, 'keys');
    assert.match(result.report.join('\n'), /nobody signed in/);
    assert.deepEqual(await readContent(target), await readContent(source));
    assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'of the target']);
    assert.match(String(await target.command('INFO', 'replication')), /^role:master\r$/m);
  });

  test('changes nothing where the user may not write either', async () => {
    await using source = await startRedis();
    await source.command('SET', 'key', 'value');
    await using target = await startRedis({ ...COMPARABLE, aclUsers: ['restore on >secret ~* +@all -config -flushall'] });
    await fillOther(target);
    const before = await readContent(target);
    await using site = await makeRestoreSite(source);
    const request = site.restoreRequest({ host: target.host, port: target.port, user: 'restore', password: 'secret' });
    const recorder = recordRestore();
    await assert.rejects(runRestore(request, recorder), (error) => {
      assert.ok(isDomainError(error, 'target-permission-denied'));
      assert.match(error.hint ?? '', /the target holds what it held before/);
      return true;
    });
    assert.equal(recorder.marks.at(-1)?.step, 'settled');
    assert.deepEqual(await readContent(target), before);
  });
});

describe('a restore of some keys', () => {
  async function prepare() {
    const source = await startRedis(COMPARABLE);
    await source.command('MSET', 'user:1', 'one', 'user:2', 'two', 'order:1', 'three');
    await source.command('PEXPIREAT', 'user:1', '4102444800000');
    await source.command('HSET', 'user:hash', 'f', 'v');
    await source.command('SELECT', '3');
    await source.command('SET', 'user:3', 'in three');
    const target = await startRedis(COMPARABLE);
    await target.command('SET', 'mine', 'stays');
    return { source, target };
  }

  test('writes those alone and removes nothing', async () => {
    for (const [filter, expected] of [
      [{ pattern: 'user:?' }, { 0: ['mine', 'user:1', 'user:2'], 3: ['user:3'] }],
      [{ databases: [3] }, { 0: ['mine'], 3: ['user:3'] }],
      [{ types: ['hash'] }, { 0: ['mine', 'user:hash'], 3: [] }],
      [
        { pattern: 'user:*', databases: [0], types: ['string'] },
        { 0: ['mine', 'user:1', 'user:2'], 3: [] },
      ],
      [{}, { 0: ['mine', 'order:1', 'user:1', 'user:2', 'user:hash'], 3: ['user:3'] }],
    ] as const) {
      const { source, target } = await prepare();
      await using _source = source;
      await using _target = target;
      await using site = await makeRestoreSite(source);
      const result = await runRestore(site.restoreRequest(target, { filter }), recordRestore());
      assert.equal(result.way, 'keys');
      for (const [database, keys] of Object.entries(expected)) {
        await target.command('SELECT', database);
        assert.deepEqual(((await target.command('KEYS', '*')) as string[]).sort(), keys, JSON.stringify(filter));
      }
      assert.equal(result.counts.keys, Object.values(expected).flat().length - 1);
    }
  });

  test('fails on a key that is there, before anything is written, unless told to replace it', async () => {
    const { source, target } = await prepare();
    await using _source = source;
    await using _target = target;
    await target.command('SET', 'user:2', 'mine');
    await using site = await makeRestoreSite(source);
    const recorder = recordRestore();
    const filter = { pattern: 'user:?' };
    await assert.rejects(runRestore(site.restoreRequest(target, { filter }), recorder), (error) => {
      return isDomainError(error, 'target-key-exists') && /1 of the keys.*"user:2"/.test(error.message);
    });
    assert.deepEqual(recorder.marks, []);
    assert.deepEqual(await target.command('MGET', 'user:1', 'user:2'), [null, 'mine']);
    await runRestore(site.restoreRequest(target, { filter, replaceExisting: true }), recordRestore());
    assert.deepEqual(await target.command('MGET', 'user:1', 'user:2', 'mine'), ['one', 'two', 'stays']);
  });

  test('keeps, drops or shifts expiries', async () => {
    for (const [ttl, expected] of [
      [{ kind: 'keep' }, 4_102_444_800_000],
      [{ kind: 'drop' }, -1],
      [{ kind: 'shift', byMs: 172_800_000 }, 4_102_617_600_000],
      [{ kind: 'shift', byMs: -5_000_000_000_000 }, -2],
    ] as const) {
      for (const filter of [{ pattern: 'user:1' }, undefined]) {
        const { source, target } = await prepare();
        await using _source = source;
        await using _target = target;
        await using site = await makeRestoreSite(source);
        const more: Partial<RestoreRequest> = { ttl, ...(filter === undefined ? {} : { filter }) };
        await runRestore(site.restoreRequest(target, more), recordRestore());
        assert.equal(await target.command('PEXPIRETIME', 'user:1'), expected, JSON.stringify(more));
        assert.equal(
          await target.command('EXISTS', 'mine'),
          filter === undefined && ttl.kind !== 'keep' ? 0 : filter === undefined ? 0 : 1,
        );
      }
    }
  });

  test('can be counted before, with nothing changed', async () => {
    const { source, target } = await prepare();
    await using _source = source;
    await using _target = target;
    await target.command('SET', 'user:2', 'mine');
    const before = await readContent(target);
    await using site = await makeRestoreSite(source);
    const recorder = recordRestore();
    const result = await runRestore(site.restoreRequest(target, { filter: { pattern: 'user:*' }, dryRun: true }), recorder);
    assert.deepEqual([result.way, result.existing], ['none', 1]);
    assert.deepEqual(result.counts, { keys: 4, byDatabase: { 0: 3, 3: 1 }, byType: { string: 3, hash: 1 } });
    assert.deepEqual(recorder.marks, []);
    assert.deepEqual(await readContent(target), before);
  });
});

describe('a restore is refused, with nothing changed,', () => {
  for (const [what, code, config, hint] of [
    ['where the target is in cluster mode', 'target-is-cluster', ['cluster-enabled yes'], /not part of a cluster/],
    ['where the target is a replica', 'target-is-replica', ['replicaof 127.0.0.1 1'], /REPLICAOF NO ONE/],
    [
      'where the target would evict keys',
      'target-memory-short',
      ['maxmemory 4mb', 'maxmemory-policy allkeys-lru'],
      /maxmemory-policy noeviction/,
    ],
    ['where the target has too few databases', 'target-has-too-few-databases', ['databases 8'], /databases 16/],
  ] as const) {
    test(what, async () => {
      await using source = await startRedis();
      await fillEveryType(source);
      await source.command('SET', 'big', randomBytes(5 * MIB));
      await using target = await startRedis({ config });
      await using site = await makeRestoreSite(source);
      const recorder = recordRestore();
      await assert.rejects(runRestore(site.restoreRequest(target), recorder), (error) => {
        assert.ok(isDomainError(error, code), String(error));
        assert.match(error.hint ?? '', hint);
        return true;
      });
      assert.deepEqual(recorder.marks, []);
    });
  }

  test('where a Sentinel watches the target', async () => {
    await using source = await startRedis();
    await using target = await startRedis();
    await using site = await makeRestoreSite(source);
    await using watcher = await connectAdminClient(target);
    void watcher.command('SUBSCRIBE', '__sentinel__:hello').catch(() => {});
    await eventually('a subscriber', async () => String(await target.command('PUBSUB', 'NUMSUB', '__sentinel__:hello')).endsWith(',1'));
    await assert.rejects(runRestore(site.restoreRequest(target), recordRestore()), (error) =>
      isDomainError(error, 'target-watched-by-sentinel'),
    );
  });

  test('where a stored byte is wrong, before the target is even asked', async () => {
    await using source = await startRedis();
    await source.command('SET', 'key', randomBytes(10_000));
    await using site = await makeRestoreSite(source);
    const data = (await site.filesLeft()).find((file) => file.includes('/data-')) ?? '';
    const bytes = await readFile(data);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    await chmod(data, 0o600);
    await writeFile(data, bytes);
    const recorder = recordRestore();
    const nobody = { host: '127.0.0.1', port: 1 };
    await assert.rejects(runRestore(site.restoreRequest(nobody), recorder), (error) => isDomainError(error, 'backup-damaged'));
    assert.deepEqual(recorder.phases, ['verifying']);
  });

  test('where the target is not there, or wants another password', async () => {
    await using source = await startRedis();
    await using target = await startRedis({ password: 'secret' });
    await using site = await makeRestoreSite(source);
    for (const [address, code] of [
      [{ host: '127.0.0.1', port: 1 }, 'target-unreachable'],
      [{ host: target.host, port: target.port, password: 'wrong' }, 'target-auth-failed'],
    ] as const) {
      await assert.rejects(runRestore(site.restoreRequest(address), recordRestore()), (error) => isDomainError(error, code));
    }
  });
});
