import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { openReplicaSession } from '../../src/redis/replica-session.ts';
import { readSourceInfo } from '../../src/redis/source-info.ts';
import { addressOf, fillSlowly, tryBackup } from '../harness/failing-backup.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { startSentinel } from '../harness/sentinel.ts';
import { eventually } from '../harness/temp-supervisor.ts';

/** Servers of version 7.0; what a backup of each ends with is what the task's message says. */

async function info(server: RedisServer, section: string): Promise<string> {
  return String(await server.command('INFO', section));
}

describe('a source that ends or changes its role in mid-transfer', () => {
  test('killed: the try fails, may be repeated, and names what ends a transfer', async () => {
    await using source = await startRedis();
    await fillSlowly(source, 10);
    const end = await tryBackup(addressOf(source), { inMidTransfer: () => process.kill(source.pid, 'SIGKILL') });
    assert.deepEqual([end.code, end.retryable], ['source-closed', true]);
    assert.match(end.text, /closed the connection: .*; see the log of the source: a limit of its output buffer, .* failover or a restart/);
    const after = await tryBackup(addressOf(source));
    assert.deepEqual([after.code, after.retryable], ['source-unreachable', true]);
    assert.match(after.text, /check that the source runs and that host, port and firewall let this machine reach it/);
  });

  test('its fork child killed, as the system does when memory is short', async () => {
    await using source = await startRedis();
    await fillSlowly(source, 10);
    let killed: Promise<unknown> = Promise.resolve();
    const end = await tryBackup(addressOf(source), {
      inMidTransfer: () => {
        killed = killChildOf(source);
      },
    });
    await killed;
    assert.deepEqual([end.code, end.retryable], ['source-closed', true]);
    assert.match(await info(source, 'replication'), /^connected_slaves:0\r$/m);
  });

  test('demoted by a failover: the try fails, the next one finds it a replica of the new master and succeeds', async () => {
    await using source = await startRedis();
    await using promoted = await startRedis();
    await fillSlowly(source, 10);
    await promoted.command('REPLICAOF', source.host, String(source.port));
    await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '0');
    await eventually('the replica has its data', async () => /^master_link_status:up\r$/m.test(await info(promoted, 'replication')));
    await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '100000');
    // What a Sentinel sends to the two.
    const failOver = async () => {
      await promoted.command('REPLICAOF', 'NO', 'ONE');
      await promoted.command('SET', 'after the failover', 'v');
      await source.command('REPLICAOF', promoted.host, String(promoted.port));
    };
    let failedOver: Promise<unknown> = Promise.resolve();
    const end = await tryBackup(addressOf(source), {
      inMidTransfer: () => {
        failedOver = failOver();
      },
    });
    assert.deepEqual([end.code, end.retryable], ['source-closed', true]);
    await failedOver;
    await eventually('the old master follows', async () => /^master_link_status:up\r$/m.test(await info(source, 'replication')));
    await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '0');
    for (const server of [source, promoted]) {
      const { manifest } = await tryBackup(addressOf(server));
      assert.deepEqual([manifest?.shards[0]?.keys.total, manifest?.report], [101, []]);
    }
  });
});

test('a replica whose master dies: may be repeated until a real Sentinel has promoted it, and then succeeds with all data', async () => {
  const master = await startRedis();
  await using source = await startRedis({ config: [`replicaof ${master.host} ${master.port}`] });
  await Promise.all(Array.from({ length: 50 }, (_, i) => master.command('SET', `key ${i}`, 'v')));
  await eventually('the replica has its data', async () => (await source.command('DBSIZE')) === 50);
  await using _sentinel = await startSentinel(master);
  await eventually('the Sentinel knows the replica', async () => {
    const [, watching] = (await source.command('PUBSUB', 'NUMSUB', '__sentinel__:hello')) as [string, number];
    return Number(watching) === 1;
  });
  process.kill(master.pid, 'SIGKILL');
  await master.stop();
  const end = await tryBackup(addressOf(source));
  // The Sentinel may have been faster, and may have ended a connection of the try.
  assert.ok(end.code === undefined || (['source-no-master-link', 'source-closed'].includes(end.code) && end.retryable), end.text);
  // By a connection of its own each time: the Sentinel ends those that it finds.
  await eventually('the Sentinel promotes it', async () => {
    const look = await readSourceInfo(addressOf(source)).catch(() => undefined);
    return look?.role === 'master';
  });
  const { manifest, text } = await tryBackup(addressOf(source));
  assert.equal(manifest?.shards[0]?.keys.total, 50, text);
});

describe('a source that is not ready', () => {
  test('loading its data: may be repeated, and says to wait', async () => {
    await using full = await startRedis();
    await Promise.all(Array.from({ length: 200 }, (_, i) => full.command('SET', `key ${i}`, 'x'.repeat(50_000))));
    await full.command('CONFIG', 'SET', 'rdbcompression', 'no');
    await full.command('SAVE');
    await using source = await startRedis({
      dump: `${full.dir}/dump.rdb`,
      config: ['key-load-delay 100000', 'loading-process-events-interval-bytes 1024'],
      whileLoading: true,
    });
    const end = await tryBackup(addressOf(source));
    assert.deepEqual([end.code, end.retryable], ['source-loading', true]);
    assert.match(end.text, /wait until it has finished/);
  });

  test('a replica without its master: may be repeated, and says to wait or to take the master', async () => {
    await using source = await startRedis({ config: ['replicaof 127.0.0.1 1'] });
    const end = await tryBackup(addressOf(source));
    assert.deepEqual([end.code, end.retryable], ['source-no-master-link', true]);
    assert.match(end.text, /NOMASTERLINK.*; the source is a replica that has lost its master: wait for the link, or back up the master/);
  });

  test('unable to write its snapshots: says what to look at, in the one form and the other', async () => {
    await using source = await startRedis({ config: ['save 3600 1'] });
    await source.command('SET', 'key', 'value');
    await rm(source.dir, { recursive: true });
    await source.command('BGSAVE');
    await eventually('a failed snapshot', async () => /^rdb_last_bgsave_status:err\r$/m.test(await info(source, 'persistence')));
    const end = await tryBackup(addressOf(source));
    assert.deepEqual([end.code, end.retryable], ['source-misconf', false]);
    assert.match(end.text, /MISCONF .*; the source cannot write its own snapshots or log: see its log and its disk/);

    await source.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    assert.equal((await tryBackup(addressOf(source))).code, undefined);
    await source.command('CONFIG', 'SET', 'repl-diskless-sync', 'no');
    const onDisk = await tryBackup(addressOf(source));
    assert.deepEqual([onDisk.code, onDisk.retryable], ['source-closed', true]);
    assert.match(onDisk.text, /see the log of the source: .*failed fork/);
    await source.command('CONFIG', 'SET', 'save', ''); // else it does not end by itself
  });

  test('out of connections: may be repeated, and names the setting', async () => {
    await using source = await startRedis();
    const sockets: Socket[] = [];
    const answers = async () => {
      const socket = connect(source.port, source.host).on('error', () => undefined);
      sockets.push(socket);
      socket.write('PING\r\n');
      return await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))).once('close', resolve));
    };
    assert.equal(await answers(), '+PONG\r\n');
    await source.command('CONFIG', 'SET', 'maxclients', '1');
    await eventually('no connection but ours', async () => (await answers()) !== '+PONG\r\n');
    const end = await tryBackup(addressOf(source));
    for (const socket of sockets) {
      socket.destroy();
    }
    assert.deepEqual([end.code, end.retryable], ['source-refused', true]);
    assert.match(end.text, /max number of clients reached"; .* raise its maxclients, or close idle connections/);
  });

  test('a node of a cluster: refused, since its backup would pass for the whole', async () => {
    await using source = await startRedis({ config: ['cluster-enabled yes'] });
    const end = await tryBackup(addressOf(source));
    assert.deepEqual([end.code, end.retryable], ['source-is-cluster', false]);
    assert.match(end.text, /not supported yet; attach a standalone server/);

    await using shy = await startRedis({ config: ['cluster-enabled yes'], aclUsers: ['backup on >secret +psync +replconf +ping'] });
    assert.equal(
      (await tryBackup(addressOf(shy, { user: 'backup', password: 'secret' }))).code,
      'source-is-cluster',
      'known without +info',
    );
  });

  test('a Sentinel: refused, and says what to attach', async () => {
    await using watched = await startRedis();
    await using sentinel = await startSentinel(watched);
    const end = await tryBackup(sentinel.address);
    assert.deepEqual([end.code, end.retryable], ['source-is-sentinel', false]);
    assert.match(end.text, /holds no data; attach the master or a replica that it watches/);
  });

  test('without the command for replication, as at many managed services: says what a backup needs', async () => {
    await using source = await startRedis({ config: ['rename-command PSYNC ""'] });
    const end = await tryBackup(addressOf(source));
    assert.deepEqual([end.code, end.retryable], ['source-refused', false]);
    assert.match(end.text, /unknown command 'PSYNC'"; a backup needs AUTH, PING, REPLCONF and PSYNC/);
  });
});

describe('a source that does not let us in', () => {
  test('without the right password: says what to attach it with', async () => {
    await using source = await startRedis({ password: 'secret' });
    for (const [login, text] of [
      [{}, /NOAUTH.*; the source wants a password: attach the instance with one/],
      [{ password: 'wrong' }, /WRONGPASS.*; attach the instance with the right user and password/],
      [{ user: 'nobody', password: 'secret' }, /WRONGPASS.*; attach the instance with the right user and password/],
    ] as const) {
      const end = await tryBackup(addressOf(source, login));
      assert.deepEqual([end.code, end.retryable], ['source-auth-failed', false]);
      assert.match(end.text, text);
      assert.doesNotMatch(end.text, /wrong"|"secret/);
    }
    await using open = await startRedis();
    const end = await tryBackup(addressOf(open, { password: 'secret' }));
    assert.equal(end.code, 'source-auth-failed');
    assert.match(end.text, /the source has no password: attach it without one/);
  });

  for (const missing of ['psync', 'replconf', 'ping']) {
    test(`without the permission for ${missing}: names the rule and the user`, async () => {
      const rules = ['psync', 'replconf', 'ping'].filter((rule) => rule !== missing).map((rule) => `+${rule}`);
      await using source = await startRedis({ aclUsers: [`backup on >secret ${rules.join(' ')}`] });
      const end = await tryBackup(addressOf(source, { user: 'backup', password: 'secret' }));
      assert.deepEqual([end.code, end.retryable], ['source-permission-denied', false]);
      assert.match(end.text, new RegExp(`NOPERM.*; allow it on the source: ACL SETUSER backup \\+${missing};`));
    });
  }

  for (const [missing, sentence] of [
    ['info', /memory of the source not known: its user lacks \+info/],
    ['config|get', /the configuration of the source is not in the backup: its user lacks \+config\|get/],
    ['acl|list', /the list of ACL users of the source is not in the backup: its user lacks \+acl\|list/],
    ['module|list', /the list of modules of the source is not in the backup: its user lacks \+module\|list/],
    ['pubsub|numsub', /whether a Sentinel watches the source is not known: its user lacks \+pubsub\|numsub/],
  ] as const) {
    test(`without the permission for ${missing}: backed up, and the report names the rule`, async () => {
      const rules = ['psync', 'replconf', 'ping', 'info', 'config|get', 'acl|list', 'module|list', 'pubsub|numsub'];
      const allowed = rules.filter((rule) => rule !== missing).map((rule) => `+${rule}`);
      await using source = await startRedis({ aclUsers: [`backup on >secret ${allowed.join(' ')}`] });
      const { manifest } = await tryBackup(addressOf(source, { user: 'backup', password: 'secret' }));
      assert.match(manifest?.report.join('\n') ?? '', sentence);
    });
  }
});

describe('a source that others watch or wait for', () => {
  test('a Sentinel: the report tells what it may list', async () => {
    await using source = await startRedis();
    await using _sentinel = await startSentinel(source);
    const { manifest } = await tryBackup(addressOf(source));
    assert.match(
      manifest?.report.join('\n') ?? '',
      /1 Sentinel connections watch the source: while a backup runs they may list it as a replica/,
    );
  });

  test('writers that want replicas: a backup under way counts for none of them, and the report tells', async () => {
    await using source = await startRedis({ config: ['min-replicas-to-write 1'] });
    await fillWithReplica(source);
    let answers: Promise<unknown[]> = Promise.resolve([]);
    const { manifest } = await tryBackup(addressOf(source), {
      inMidTransfer: () => {
        answers = Promise.all([source.command('WAIT', '1', '1'), source.command('SET', 'key', 'v').catch(String)]);
      },
    });
    const [waited, written] = await answers;
    assert.equal(waited, 0);
    assert.match(String(written), /NOREPLICAS/);
    assert.match(manifest?.report.join('\n') ?? '', /the source wants 1 replicas for a write: a backup does not count as one/);
  });
});

describe('a source under heavy writes', () => {
  const limits = { config: ['client-output-buffer-limit replica 1mb 1mb 60', 'repl-backlog-size 1mb'] };
  const write = async (source: RedisServer) => {
    for (let i = 0; i < 50; i++) {
      await source.command('SET', 'hot', randomBytes(100_000));
    }
  };

  test('does not drop a backup by the limit of its output buffer, since rdb-only needs none', async () => {
    await using source = await startRedis(limits);
    await fillSlowly(source);
    let written: Promise<void> = Promise.resolve();
    const end = await tryBackup(addressOf(source), {
      inMidTransfer: () => {
        written = write(source);
      },
    });
    await written;
    assert.equal(end.code, undefined, end.text);
  });

  test('drops a session that is not rdb-only, as every one before version 6.2, and the error names the limit', async () => {
    await using source = await startRedis(limits);
    await fillSlowly(source);
    await using session = await openReplicaSession(source, { rdbOnly: false });
    let written: Promise<void> | undefined;
    const receiving = session.receiveRdb(() => {
      written ??= write(source);
    });
    await assert.rejects(receiving, { code: 'source-closed', retryable: true, hint: /limit of its output buffer/ });
    await written;
  });
});

/** As `fillSlowly`, where a write needs a replica. */
async function fillWithReplica(source: RedisServer): Promise<void> {
  await source.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
  await fillSlowly(source);
  await source.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
}

/** SIGKILL to the process that the server forked to send its data; by its pid, as Linux tells it. */
async function killChildOf(source: RedisServer): Promise<void> {
  const children = await readFile(`/proc/${source.pid}/task/${source.pid}/children`, 'utf8');
  process.kill(Number(children.trim().split(' ')[0]), 'SIGKILL');
}
