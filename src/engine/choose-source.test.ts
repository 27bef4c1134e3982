import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressOf, fillSlowly, tryBackup } from '../../test/harness/failing-backup.ts';
import { findFreePort } from '../../test/harness/free-port.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../../test/harness/redis-server.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { startTlsRedis, toTlsAddress } from '../../test/harness/tls-server.ts';

const request = { preferReplica: true } as const;

async function infoOf(server: RedisServer, section: string): Promise<string> {
  return String(await server.command('INFO', section));
}

async function startMaster(options: RedisServerOptions = {}): Promise<RedisServer> {
  const master = await startRedis(options);
  await master.command('MSET', 'a', '1', 'b', '2');
  return master;
}

/** Resolves when `master` lists it as online. */
async function startReplica(master: RedisServer, options: RedisServerOptions = {}): Promise<RedisServer> {
  const countOnline = async () => (await infoOf(master, 'replication')).match(/^slave\d+:.*state=online/gm)?.length ?? 0;
  const before = await countOnline();
  const replica = await startRedis({ ...options, config: [`replicaof ${master.host} ${master.port}`, ...(options.config ?? [])] });
  await eventually('the replica is online', async () => {
    const isUp = /^master_link_status:up\r$/m.test(await infoOf(replica, 'replication'));
    return isUp && (await countOnline()) > before;
  });
  return replica;
}

/** Resolves when `master` no longer lists it. */
async function endReplica(master: RedisServer, replica: RedisServer): Promise<void> {
  await replica.stop();
  await eventually('no replica is left', async () => /^connected_slaves:0\r$/m.test(await infoOf(master, 'replication')));
}

/** How many full synchronisations it has begun, that is how often it forked for somebody. */
async function countSyncs(server: RedisServer): Promise<number> {
  return Number(/^sync_full:(\d+)/m.exec(await infoOf(server, 'stats'))?.[1]);
}

describe('a backup that prefers a replica', () => {
  test('is read from the one that is online, and its report tells which and from where in the history', async () => {
    await using master = await startMaster();
    await using replica = await startReplica(master);
    const { manifest, text } = await tryBackup(addressOf(master), { request });
    assert.deepEqual(manifest?.shards[0]?.keys.total, 2, text);
    const told = new RegExp(`^read from the replica 127\\.0\\.0\\.1:${replica.port}, at offset \\d+, \\d+ bytes behind its master`, 'm');
    assert.match(manifest?.report.join('\n') ?? '', told);
    assert.deepEqual([await countSyncs(master), await countSyncs(replica)], [1, 1]);
    // The same history, so that the offset is one of the master's.
    const [id] = /(?<=^master_replid:)\w+/m.exec(await infoOf(master, 'replication')) ?? [];
    assert.equal(manifest?.shards[0]?.replicationId, id);
  });

  test('is read from the server that was named where it is not asked for, and where that is a replica itself', async () => {
    await using master = await startMaster();
    await using replica = await startReplica(master);
    const plain = await tryBackup(addressOf(master));
    assert.deepEqual([plain.code, plain.manifest?.report], [undefined, []]);
    assert.deepEqual([await countSyncs(master), await countSyncs(replica)], [2, 0]);
    const named = await tryBackup(addressOf(replica), { request });
    assert.deepEqual([named.code, named.manifest?.report], [undefined, []]);
    assert.equal(await countSyncs(replica), 1);
  });

  test('reaches it with the password, and over TLS, by which the master is reached', async () => {
    const secured = { clients: 'yes', password: 'secret' } as const;
    await using master = await startTlsRedis(secured);
    await master.command('SET', 'a', '1');
    // A replica announces its one port: that of TLS.
    await using replica = await startTlsRedis({
      ...secured,
      config: [`replicaof 127.0.0.1 ${master.tlsPort}`, 'masterauth secret', 'tls-replication yes'],
    });
    await eventually('the replica is online', async () => /^slave0:.*state=online/m.test(await infoOf(master, 'replication')));
    const address = { ...toTlsAddress(master, { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' }), password: 'secret' };
    const { manifest, text } = await tryBackup(address, { request });
    assert.match(manifest?.report.join('\n') ?? '', new RegExp(`read from the replica 127\\.0\\.0\\.1:${replica.tlsPort}`), text);
    assert.equal(await countSyncs(replica), 1);
  });
});

describe('a backup that prefers a replica is read from its master, and says why,', () => {
  async function assertFromMaster(master: RedisServer, why: RegExp): Promise<void> {
    const before = await countSyncs(master);
    const { manifest, text } = await tryBackup(addressOf(master), { request });
    assert.equal(manifest?.shards[0]?.keys.total, 2, text);
    const report = manifest?.report.join('\n') ?? '';
    assert.match(report, why);
    assert.match(report, new RegExp(`no replica could be read, but 127\\.0\\.0\\.1:${master.port}, which was named`));
    assert.equal(await countSyncs(master), before + 1);
  }

  test('where it has none', async () => {
    await using master = await startMaster();
    await assertFromMaster(master, /^no replica/);
  });

  test('where nobody answers at the address that the replica announces', async () => {
    await using master = await startMaster();
    for (const lines of [[`replica-announce-port ${await findFreePort()}`], ['replica-announce-ip 127.0.0.99']]) {
      await using replica = await startReplica(master, { config: lines });
      await assertFromMaster(master, /was not read: .*(?:refused|ECONNREFUSED|reach)/);
      await endReplica(master, replica);
    }
  });

  test('where the replica hangs', async () => {
    await using master = await startMaster();
    await using replica = await startReplica(master);
    process.kill(replica.pid, 'SIGSTOP');
    try {
      await assertFromMaster(master, /was not read: /);
    } finally {
      process.kill(replica.pid, 'SIGCONT');
    }
  });

  test('where another server is at that address: a stranger gets the password, but never into the backup', async () => {
    await using master = await startMaster();
    await using stranger = await startMaster();
    await using others = await startReplica(stranger);
    for (const { port } of [stranger, others]) {
      await using replica = await startReplica(master, { config: [`replica-announce-port ${port}`] });
      await assertFromMaster(master, /was not read: who answers there is no replica of that master/);
      await endReplica(master, replica);
    }
  });

  test('where its link is down, which its master does not know yet', async () => {
    await using master = await startMaster();
    await using lonely = await startReplica(master);
    await using _replica = await startReplica(master, { config: [`replica-announce-port ${lonely.port}`] });
    // It keeps the history of the master that it has lost.
    await lonely.command('REPLICAOF', '127.0.0.1', '1');
    await eventually('one replica is left', async () => /^connected_slaves:1\r$/m.test(await infoOf(master, 'replication')));
    await assertFromMaster(master, /was not read: its link to the master is down/);
  });

  test('where others may write to it, or it wants another password', async () => {
    for (const [options, why] of [
      [{ config: ['replica-read-only no'] }, /was not read: it may be written to/],
      [{ config: ['requirepass other'], password: 'other' }, /was not read: .*NOAUTH.*password/],
    ] as const) {
      await using master = await startMaster();
      await using _replica = await startReplica(master, options);
      await assertFromMaster(master, why);
    }
  });

  test('where its user may not ask who they are', async () => {
    await using master = await startMaster({ aclUsers: ['backup on >secret +psync +replconf +ping'] });
    await using _replica = await startReplica(master);
    const { manifest } = await tryBackup(addressOf(master, { user: 'backup', password: 'secret' }), { request });
    assert.match(manifest?.report.join('\n') ?? '', /replicas of the source are not known: its user lacks \+info/);
  });
});

test('a replica that is killed in mid-transfer, or takes no PSYNC, fails the try, which may be repeated', async () => {
  await using master = await startMaster();
  await fillSlowly(master, 0);
  await using replica = await startReplica(master, { aclUsers: ['default on nopass ~* &* +@all -psync'] });
  const refused = await tryBackup(addressOf(master), { request });
  assert.deepEqual([refused.code, refused.retryable], ['source-permission-denied', true]);
  assert.match(refused.text, /\+psync.*read from the replica/);
  await replica.command('ACL', 'SETUSER', 'default', '+psync');
  await replica.command('CONFIG', 'SET', 'rdb-key-save-delay', '100000');
  const end = await tryBackup(addressOf(master), { request, inMidTransfer: () => process.kill(replica.pid, 'SIGKILL') });
  assert.deepEqual([end.code, end.retryable], ['source-closed', true]);
  assert.match(end.text, /read from the replica/);
});
