import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { parseInfoText } from '../../src/redis/info-text.ts';
import { createRdbChecksum, type RdbChecksumResult } from '../../src/redis/rdb/rdb-checksum.ts';
import { createRdbScanner, type RdbScan } from '../../src/redis/rdb/scanner.ts';
import { openReplicaSession, type ReceivedRdb, type ReplicaSessionOptions } from '../../src/redis/replica-session.ts';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import { EVERY_TYPE_COUNTS, fillWithEveryType, readKeyspace } from '../harness/every-type.ts';
import { findFreePort } from '../harness/free-port.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';

interface Synced {
  readonly received: ReceivedRdb;
  readonly checksum: RdbChecksumResult;
  readonly scan: RdbScan;
  readonly warnings: readonly string[];
}

async function sync(address: SourceAddress, options: ReplicaSessionOptions = {}): Promise<Synced> {
  const scanner = createRdbScanner();
  const checksum = createRdbChecksum();
  await using session = await openReplicaSession(address, { rdbOnly: true, ...options });
  const received = await session.receiveRdb((bytes) => {
    scanner.write(bytes);
    checksum.update(bytes);
  });
  await session.close();
  return { received, checksum: checksum.finish(), scan: scanner.end(), warnings: session.warnings };
}

async function readInfo(redis: RedisServer, section: string): Promise<ReadonlyMap<string, string>> {
  return parseInfoText(String(await redis.command('INFO', section)));
}

describe('a synchronisation with a real server', () => {
  test('counts every type as INFO keyspace does, and the checksum is right, in both forms and with compression or without', async () => {
    for (const config of [
      [],
      ['repl-diskless-sync no'],
      ['rdbcompression no', 'hash-max-listpack-entries 0', 'list-max-listpack-size 4'],
    ]) {
      await using redis = await startRedis({ config });
      await fillWithEveryType(redis);
      const { received, checksum, scan } = await sync(redis);
      assert.equal(received.form, config[0] === 'repl-diskless-sync no' ? 'length' : 'eof');
      assert.equal(checksum.state, 'equal');
      assert.equal(scan.incompleteReason, undefined);
      assert.deepEqual(scan.keys.byDatabase, await readKeyspace(redis));
      assert.deepEqual(scan.keys.byType, EVERY_TYPE_COUNTS);
      assert.equal(scan.keys.functions, 2);
      assert.equal(scan.sizeBytes, received.sizeBytes);
      assert.equal(scan.auxiliary['repl-id'], received.replicationId);
      assert.equal(scan.auxiliary['repl-offset'], String(received.replicationOffset));
      assert.equal(scan.auxiliary['redis-ver'], (await readInfo(redis, 'server')).get('redis_version'));
    }
  });

  test('works on an empty server, one after the other and twice at once', async () => {
    await using redis = await startRedis();
    const first = await sync(redis);
    assert.equal(first.scan.keys.total, 0);
    assert.equal(first.checksum.state, 'equal');
    const both = await Promise.all([sync(redis), sync(redis)]);
    assert.deepEqual(
      both.map(({ checksum }) => checksum.state),
      ['equal', 'equal'],
    );
  });

  test('leaves no replica behind, after success and after failure', async () => {
    await using redis = await startRedis();
    await redis.command('SET', 'k', 'v'.repeat(100_000));
    await sync(redis);
    await sync(redis, { rdbOnly: false });
    await assert.rejects(async () => {
      await using session = await openReplicaSession(redis, { rdbOnly: true });
      await session.receiveRdb(() => {
        throw new Error('disk full');
      });
    }, /disk full/);
    await waitFor(async () => (await readInfo(redis, 'replication')).get('connected_slaves') === '0');
  });

  test('finds checksums switched off', async () => {
    await using redis = await startRedis({ config: ['rdbchecksum no'] });
    assert.equal((await sync(redis)).checksum.state, 'disabled');
  });

  test('works over TLS, with a sink that makes the socket wait', async () => {
    const tlsPort = await findFreePort();
    const file = (name: string) => new URL(`../fixtures/tls/${name}`, import.meta.url);
    await using redis = await startRedis({
      config: [
        `tls-port ${tlsPort}`,
        `tls-cert-file ${file('cert.pem').pathname}`,
        `tls-key-file ${file('key.pem').pathname}`,
        'tls-auth-clients no',
      ],
    });
    for (let i = 0; i < 8; i++) {
      await redis.command('SET', `key ${i}`, randomText(1_000_000));
    }
    const ca = await readFile(file('cert.pem'), 'utf8');
    for (const host of ['127.0.0.1', 'localhost']) {
      const checksum = createRdbChecksum();
      await using session = await openReplicaSession({ host, port: tlsPort, tls: { ca } }, { rdbOnly: true });
      let calls = 0;
      await session.receiveRdb((bytes) => {
        if (++calls % 5 !== 0) {
          checksum.update(bytes);
          return undefined;
        }
        return new Promise((resolve) => setImmediate(resolve)).then(() => checksum.update(bytes));
      });
      assert.equal(checksum.finish().state, 'equal');
    }
    await assert.rejects(openReplicaSession({ host: '127.0.0.1', port: tlsPort, tls: {} }), { code: 'source-tls-failed' });
  });
});

describe('credentials', () => {
  const users = ['backup on >secret +psync +replconf +ping', 'limited on >secret +ping +replconf'];

  test('password, or an ACL user with three commands, are enough', async () => {
    await using redis = await startRedis({ password: 'passwords', aclUsers: users });
    await redis.command('SET', 'k', 'v');
    for (const login of [{ password: 'passwords' }, { user: 'default', password: 'passwords' }, { user: 'backup', password: 'secret' }]) {
      const { scan } = await sync({ host: redis.host, port: redis.port, ...login });
      assert.equal(scan.keys.total, 1);
    }
  });

  test('are refused by name of what is wrong', async () => {
    await using redis = await startRedis({ password: 'secret', aclUsers: users });
    const { host, port } = redis;
    await assert.rejects(sync({ host, port, password: 'wrong' }), { code: 'source-auth-failed', message: /WRONGPASS/ });
    await assert.rejects(sync({ host, port, user: 'nobody', password: 'secret' }), { code: 'source-auth-failed' });
    await assert.rejects(sync({ host, port }), { code: 'source-auth-failed', message: /NOAUTH/ });
    await assert.rejects(sync({ host, port, user: 'limited', password: 'secret' }), { code: 'source-permission-denied', message: /psync/ });
    await using open = await startRedis();
    await assert.rejects(sync({ host, port: open.port, password: 'secret' }), {
      code: 'source-auth-failed',
      message: /without any password/,
    });
  });
});

describe('the diskless delay', () => {
  const readDelay = async (redis: RedisServer) => String(await redis.command('CONFIG', 'GET', 'repl-diskless-sync-delay'));

  test('is skipped and put back, after success and after failure', async () => {
    await using redis = await startRedis({ config: ['repl-diskless-sync-delay 3600'] });
    const { checksum, warnings } = await sync(redis, { skipDisklessDelay: true });
    assert.equal(checksum.state, 'equal');
    assert.deepEqual(warnings, []);
    assert.match(await readDelay(redis), /,3600$/);

    await using session = await openReplicaSession(redis, { rdbOnly: true, skipDisklessDelay: true });
    const failing = session.receiveRdb(() => {
      throw new Error('disk full');
    });
    await assert.rejects(failing, /disk full/);
    assert.match(await readDelay(redis), /,3600$/);
  });

  test('is left alone, with a warning, where the user may not change it', async () => {
    await using redis = await startRedis({
      aclUsers: ['backup on >secret +psync +replconf +ping'],
      config: ['repl-diskless-sync-delay 1'],
    });
    const address = { host: redis.host, port: redis.port, user: 'backup', password: 'secret' };
    const { checksum, warnings } = await sync(address, { skipDisklessDelay: true });
    assert.equal(checksum.state, 'equal');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /diskless delay of the source was not skipped: .*NOPERM/);
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 5_000; !(await condition()); ) {
    assert.ok(Date.now() < deadline, 'the condition did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    text += Math.random().toString(36);
  }
  return text;
}
