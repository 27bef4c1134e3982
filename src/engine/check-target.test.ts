import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shardFacts } from '../../test/harness/attempts.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { isDomainError } from '../lib/errors.ts';
import type { StoredShard } from '../repository/types.ts';
import { checkTarget } from './check-target.ts';

const SHARD: StoredShard = { ...shardFacts(Buffer.alloc(100)), frames: 1, storedBytes: 100, objectBytes: [100], tagsSha256: '' };
const NEEDS = { shard: SHARD, usedMemoryBytes: 1_000_000, modules: [] };
const OPTIONS = { endpoint: { listen: '127.0.0.1' }, allowPlainText: false, merges: false, signal: new AbortController().signal };
const MODULE_KEYS = { ...SHARD.keys, byType: { module: 1 } };

describe('a target', () => {
  test('is refused a backup that it may not be able to load', async () => {
    await using redis = await startRedis();
    for (const [shard, modules, code] of [
      [{ ...SHARD, rdbVersion: 11, serverVersion: '7.2.0' }, [], 'target-version-unsupported'],
      [{ ...SHARD, rdbVersion: 80, serverKind: 'valkey', serverVersion: '9.0.0' }, [], 'target-version-unsupported'],
      [{ ...SHARD, keys: MODULE_KEYS }, ['bf'], 'target-lacks-module'],
      // The source's user may not have been allowed to list them.
      [{ ...SHARD, keys: MODULE_KEYS }, [], 'target-lacks-module'],
      [{ ...SHARD, keys: { ...SHARD.keys, complete: false } }, ['bf'], 'target-lacks-module'],
      [{ ...SHARD, sizeBytes: 2 ** 50 }, [], 'target-memory-short'],
    ] as const) {
      const checking = checkTarget(redis, { ...NEEDS, shard, modules }, OPTIONS);
      await assert.rejects(checking, (error) => isDomainError(error, code) && error.hint !== undefined, code);
    }
    // A module that no key is of is not missed.
    await checkTarget(redis, { ...NEEDS, modules: ['bf'] }, OPTIONS);
  });

  test('that does not tell its modules is refused keys of modules, and reported where there is none', async () => {
    await using redis = await startRedis({ aclUsers: ['modest on >secret ~* +@all -module'] });
    const modest = { host: redis.host, port: redis.port, user: 'modest', password: 'secret' };
    const keys = { ...NEEDS, shard: { ...SHARD, keys: MODULE_KEYS }, modules: ['bf'] };
    await assert.rejects(checkTarget(modest, keys, OPTIONS), (error) => {
      return isDomainError(error, 'target-lacks-module') && /\+module\|list/.test(error.hint ?? '');
    });
    assert.match((await checkTarget(modest, { ...NEEDS, modules: ['bf'] }, OPTIONS)).report.join('\n'), /lacks \+module\|list/);
  });

  test('gets back what it held, also where that is over its limit and a Sentinel watches', async () => {
    await using redis = await startRedis({ config: ['maxmemory 2mb', 'maxmemory-policy allkeys-lru'] });
    const needs = { ...NEEDS, usedMemoryBytes: 3_000_000 };
    await assert.rejects(checkTarget(redis, needs, OPTIONS), (error) => isDomainError(error, 'target-memory-short'));
    assert.equal((await checkTarget(redis, needs, { ...OPTIONS, isRollback: true })).memoryShort, undefined);
  });

  test('can be made a replica, or cannot for a reason', async () => {
    const tls = ['cert', 'key', 'ca-cert'].map(
      (name) => `tls-${name}-file ${new URL(`../../test/fixtures/tls/${name === 'key' ? 'key' : 'cert'}.pem`, import.meta.url).pathname}`,
    );
    await using plain = await startRedis({ aclUsers: ['modest on >secret +@all -config'] });
    await using encrypted = await startRedis({ config: ['tls-replication yes', ...tls] });
    const checked = await checkTarget(plain, NEEDS, OPTIONS);
    assert.deepEqual(
      [checked.noReplication, checked.settings, checked.useTls],
      [undefined, { masterauth: '', 'repl-diskless-load': 'disabled' }, false],
    );
    const { host, port } = plain;
    assert.match((await checkTarget({ host, port, user: 'modest', password: 'secret' }, NEEDS, OPTIONS)).noReplication ?? '', /\+config/);
    assert.match((await checkTarget(encrypted, NEEDS, OPTIONS)).noReplication ?? '', /TLS only/);
    const endpoint = { listen: '127.0.0.1', tls: { cert: '', key: '' } };
    const withTls = await checkTarget(encrypted, NEEDS, { ...OPTIONS, endpoint });
    assert.deepEqual([withTls.noReplication, withTls.useTls], [undefined, true]);
  });

  test('that would refuse writes afterwards is reported', async () => {
    await using redis = await startRedis({ config: ['maxmemory 2mb'] });
    const { report } = await checkTarget(redis, { ...NEEDS, usedMemoryBytes: 3_000_000 }, OPTIONS);
    assert.match(report.join('\n'), /maxmemory of 2 MiB.*will refuse writes/);
  });
});
