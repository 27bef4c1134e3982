import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { command, connectFakeReplica, type FakeReplica, handshake } from '../../test/harness/fake-replica.ts';
import { rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { isDomainError } from '../lib/errors.ts';
import { type MasterSession, type MasterSessionOptions, openMasterSession } from './master-session.ts';

const LOOPBACK = '127.0.0.1';
const RDB = rdbFile('REDIS0010', rdbKey(0, 'key', rdbString('value')));

function open(more: Partial<MasterSessionOptions> = {}): Promise<MasterSession> {
  return openMasterSession({ host: LOOPBACK, targetAddresses: [LOOPBACK], ...more });
}

async function* pieces(bytes: Uint8Array, sizeBytes = bytes.length) {
  for (let at = 0; at < bytes.length; at += sizeBytes) {
    yield bytes.subarray(at, at + sizeBytes);
  }
}

/** Up to and including PSYNC, each command after the answer to the one before. */
async function signIn(replica: FakeReplica, password: string | undefined, pieceBytes?: number): Promise<Array<string | undefined>> {
  const commands = handshake(password);
  const replies: Array<string | undefined> = [];
  for (const [index, sent] of commands.entries()) {
    await replica.send(sent, pieceBytes);
    if (index < commands.length - 1) {
      replies.push(await replica.readLine());
    }
  }
  return replies;
}

/** Reads what follows PSYNC up to the mark, and checks its form. */
async function readRdb(replica: FakeReplica, session: MasterSession): Promise<Buffer | undefined> {
  assert.equal(await replica.readLine(), `+FULLRESYNC ${session.replicationId} ${session.replicationOffset}`);
  const header = /^\$EOF:([0-9a-f]{40})$/.exec((await replica.readLine()) ?? '');
  assert.ok(header?.[1] !== undefined, 'the RDB comes with a mark');
  return replica.readUpTo(header[1]);
}

async function assertClosed(replica: FakeReplica): Promise<void> {
  await replica.closed;
  assert.equal(replica.unread(), 0);
}

describe('a session with a replica', () => {
  for (const [what, pieceBytes] of [
    ['in whole commands', undefined],
    ['byte by byte', 1],
    ['in threes', 3],
  ] as const) {
    test(`that sends ${what} hands out the RDB and waits for two acknowledgements`, async () => {
      await using session = await open({ replicationOffset: 4711 });
      await using replica = await connectFakeReplica(session.port);
      // Before its AUTH a replica is told to sign in, and goes on.
      assert.deepEqual(await signIn(replica, session.password, pieceBytes), ['-NOAUTH Authentication required.', '+OK', '+OK', '+OK']);
      await session.waitForTarget(10_000);
      const rdb = randomBytes(100_000);
      const sent = session.sendRdb(pieces(rdb, 9_999));
      assert.ok((await readRdb(replica, session))?.equals(rdb));
      assert.deepEqual(await sent, { sizeBytes: rdb.length });
      let isLoaded = false;
      const loaded = session.waitForLoad().then(() => {
        isLoaded = true;
      });
      await replica.send('\n\n\n', pieceBytes);
      assert.equal(replica.unread(), 0, 'nothing follows the mark before the first acknowledgement');
      await replica.send(command('REPLCONF', 'ACK', '4710'), pieceBytes);
      assert.equal(replica.unread(), 0, 'nothing follows one of an older offset');
      await replica.send(command('REPLCONF', 'ACK', '4711'), pieceBytes);
      const getAck = command('REPLCONF', 'GETACK', '*');
      assert.ok((await replica.readUpTo(getAck))?.equals(Buffer.alloc(0)));
      assert.equal(isLoaded, false);
      await replica.send(command('REPLCONF', 'ACK', '4711'), pieceBytes);
      await loaded;
    });
  }

  test('keeps it waiting with newlines while the RDB is not there yet', async () => {
    await using session = await open();
    await using replica = await connectFakeReplica(session.port);
    await signIn(replica, session.password);
    const first = Promise.withResolvers<void>();
    const sent = session.sendRdb(
      (async function* () {
        await first.promise;
        yield RDB;
      })(),
    );
    assert.match((await replica.readLine()) ?? '', /^\+FULLRESYNC/);
    await eventually('newlines', () => replica.unread() >= 2);
    assert.ok((await replica.readUpTo('\n'))?.equals(Buffer.alloc(0)));
    first.resolve();
    const mark = /^\$EOF:(.*)$/.exec((await replica.readLine()) ?? '')?.[1] ?? '';
    assert.ok((await replica.readUpTo(mark))?.equals(RDB));
    await sent;
  });

  test('has a replication id and a password of its own each time', async () => {
    await using one = await open();
    await using other = await open();
    assert.match(one.replicationId, /^[0-9a-f]{40}$/);
    assert.notEqual(one.replicationId, other.replicationId);
    assert.notEqual(one.password, other.password);
  });
});

describe('nothing is handed out', () => {
  for (const [what, password] of [
    ['without a password', undefined],
    ['for a wrong password', 'wrong'],
    ['for an empty password', ''],
  ] as const) {
    test(what, async () => {
      await using session = await open();
      await using replica = await connectFakeReplica(session.port);
      await signIn(replica, password);
      assert.equal(await replica.readLine(), '-NOAUTH Authentication required.');
      await assertClosed(replica);
      // The right one is still served.
      await using target = await connectFakeReplica(session.port);
      await signIn(target, session.password);
      const sent = session.sendRdb(pieces(RDB));
      assert.ok((await readRdb(target, session))?.equals(RDB));
      await sent;
    });
  }

  test('to another address', async () => {
    await using session = await open();
    await using replica = await connectFakeReplica(session.port, { localAddress: '127.0.0.2' });
    await replica.send(handshake(session.password).join(''));
    await assertClosed(replica);
  });

  test('to a second replica, nor to one that is signed in already', async () => {
    await using session = await open();
    await using second = await connectFakeReplica(session.port);
    await second.send(command('AUTH', session.password));
    assert.equal(await second.readLine(), '+OK');
    await using replica = await connectFakeReplica(session.port);
    await signIn(replica, session.password);
    await session.waitForTarget(10_000);
    await assertClosed(second);
    await using third = await connectFakeReplica(session.port);
    await assertClosed(third);
  });

  test('to a replica that cannot read an RDB with a mark, or is none', async () => {
    for (const sent of [
      (password: string) => [command('AUTH', password), command('PSYNC', '?', '-1')],
      (password: string) => [command('AUTH', password), command('SYNC')],
      (password: string) => [command('AUTH', password), command('CONFIG', 'GET', '*')],
    ]) {
      await using session = await open();
      await using replica = await connectFakeReplica(session.port);
      await replica.send(sent(session.password).join(''));
      assert.equal(await replica.readLine(), '+OK');
      assert.match((await replica.readLine()) ?? '', /^-ERR this master/);
      await assertClosed(replica);
    }
  });

  test('to a handshake that is cut short, at each offset', async () => {
    await using session = await open();
    const whole = handshake(session.password).join('');
    for (let length = 0; length < whole.length; length++) {
      await using replica = await connectFakeReplica(session.port);
      await replica.send(whole.slice(0, length));
      replica.end();
      await replica.closed;
    }
    await using target = await connectFakeReplica(session.port);
    await signIn(target, session.password);
    await session.waitForTarget(10_000);
  });
});

describe('a session fails', () => {
  test('where nobody comes', async () => {
    await using session = await open();
    await assert.rejects(session.waitForTarget(20), (error) => isDomainError(error, 'target-did-not-connect'));
    await using replica = await connectFakeReplica(session.port);
    await assertClosed(replica);
  });

  test('where the port is taken', async () => {
    await using session = await open();
    await assert.rejects(open({ port: session.port }), (error) => isDomainError(error, 'listen-failed'));
  });

  test('where the replica goes away in the middle, or before it has loaded', async () => {
    for (const isSent of [false, true]) {
      await using session = await open();
      await using replica = await connectFakeReplica(session.port);
      await signIn(replica, session.password);
      const go = Promise.withResolvers<void>();
      const sending = session.sendRdb(
        (async function* () {
          yield RDB;
          if (!isSent) {
            await go.promise;
            yield randomBytes(20_000_000);
          }
        })(),
      );
      if (isSent) {
        await sending;
      }
      const failing = isSent ? session.waitForLoad() : sending;
      failing.catch(() => {});
      replica.end();
      go.resolve();
      await assert.rejects(failing, (error) => isDomainError(error, 'target-closed') && error.retryable);
    }
  });

  test('where the replica takes no byte, or says nothing while it loads', async () => {
    await using session = await open({ stallTimeoutMs: 50 });
    await using replica = await connectFakeReplica(session.port);
    await signIn(replica, session.password);
    replica.pause();
    await assert.rejects(session.sendRdb(pieces(randomBytes(60_000_000), 4_000_000)), (error) => isDomainError(error, 'target-stalled'));

    await using other = await open({ loadTimeoutMs: 50 });
    await using silent = await connectFakeReplica(other.port);
    await signIn(silent, other.password);
    await other.sendRdb(pieces(RDB));
    await assert.rejects(other.waitForLoad(), (error) => isDomainError(error, 'target-stalled'));
  });

  test('where the replica sends something else than acknowledgements', async () => {
    for (const sent of [command('PING'), 'nonsense\r\n']) {
      await using session = await open();
      await using replica = await connectFakeReplica(session.port);
      await signIn(replica, session.password);
      await session.sendRdb(pieces(RDB));
      const failing = session.waitForLoad();
      failing.catch(() => {});
      await replica.send(sent);
      await assert.rejects(failing, (error) => isDomainError(error, 'target-closed'));
    }
  });

  test('where the RDB itself fails, with its error, and the replica gets no mark', async () => {
    await using session = await open();
    await using replica = await connectFakeReplica(session.port);
    await signIn(replica, session.password);
    const sending = session.sendRdb(
      (async function* () {
        yield RDB;
        throw new Error('damaged');
      })(),
    );
    const received = readRdb(replica, session);
    await assert.rejects(sending, /damaged/);
    await session.close();
    assert.equal(await received, undefined);
  });

  test('where it is aborted', async () => {
    const controller = new AbortController();
    await using session = await open({ signal: controller.signal });
    await using replica = await connectFakeReplica(session.port);
    const waiting = session.waitForTarget(60_000);
    waiting.catch(() => {});
    controller.abort();
    await assert.rejects(waiting, (error) => isDomainError(error, 'aborted'));
    await assertClosed(replica);
    await assert.rejects(open({ signal: controller.signal }), (error) => isDomainError(error, 'aborted'));
  });
});

describe('a session with a real server', () => {
  for (const [what, config] of [
    ['with masterauth', []],
    ['with masteruser', ['masteruser someone']],
    ['with a password of its own', ['requirepass secret']],
    ['that loads without a file', ['repl-diskless-load swapdb']],
    ['with an append-only file', ['appendonly yes']],
  ] as const) {
    test(`${what} loads the RDB`, async () => {
      const password = what === 'with a password of its own' ? 'secret' : undefined;
      const configuration = config.filter((line) => !line.startsWith('requirepass'));
      await using redis = await startRedis({ config: configuration, ...(password === undefined ? {} : { password }) });
      await redis.command('SET', 'old', 'data');
      await using session = await open({ replicationOffset: 1234 });
      await redis.command('CONFIG', 'SET', 'masterauth', session.password);
      await redis.command('REPLICAOF', LOOPBACK, String(session.port));
      await session.waitForTarget(10_000);
      await session.sendRdb(pieces(RDB, 7));
      await session.waitForLoad();
      assert.deepEqual([await redis.command('GET', 'key'), await redis.command('GET', 'old')], ['value', null]);
      await redis.command('REPLICAOF', 'NO', 'ONE');
      assert.match(String(await redis.command('INFO', 'replication')), new RegExp(`master_replid2:${session.replicationId}\\r`));
    });
  }

  test('loads the RDB over TLS, and trusts only who shows a certificate of the CA', async () => {
    const file = (name: string) => new URL(`../../test/fixtures/tls/${name}`, import.meta.url);
    const [cert, key] = await Promise.all([readFile(file('cert.pem'), 'utf8'), readFile(file('key.pem'), 'utf8')]);
    await using redis = await startRedis({
      config: [
        'tls-replication yes',
        `tls-cert-file ${file('cert.pem').pathname}`,
        `tls-key-file ${file('key.pem').pathname}`,
        `tls-ca-cert-file ${file('cert.pem').pathname}`,
      ],
    });
    await using session = await open({ tls: { cert, key, ca: cert } });
    await using stranger = await connectFakeReplica(session.port, { ca: cert });
    await stranger.send(handshake(session.password).join(''));
    assert.equal(await stranger.readLine(), undefined);
    await redis.command('CONFIG', 'SET', 'masterauth', session.password);
    await redis.command('REPLICAOF', LOOPBACK, String(session.port));
    await session.waitForTarget(10_000);
    await session.sendRdb(pieces(RDB));
    await session.waitForLoad();
    assert.equal(await redis.command('GET', 'key'), 'value');
  });

  test('gives nothing to one without masterauth', async () => {
    await using redis = await startRedis();
    await redis.command('SET', 'old', 'data');
    await using session = await open();
    await redis.command('REPLICAOF', LOOPBACK, String(session.port));
    await assert.rejects(session.waitForTarget(3_000), (error) => isDomainError(error, 'target-did-not-connect'));
    assert.equal(await redis.command('GET', 'old'), 'data');
  });
});
