import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { answerHandshake, type FakeMasterConnection, startFakeMaster } from '../../test/harness/fake-master.ts';
import { rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { openReplicaSession, type ReceivedRdb, type ReplicaSessionOptions } from './replica-session.ts';

const ID = 'a'.repeat(40);
const MARK = 'f'.repeat(40);
const RDB = rdbFile('REDIS0010', ...Array.from({ length: 40 }, (_, index) => rdbKey(0, `key${index}`, rdbString('v'.repeat(index * 40)))));
const FULLRESYNC = `+FULLRESYNC ${ID} 4711\r\n`;
const EOF_HEADER = `$EOF:${MARK}\r\n`;

interface Run {
  readonly received: ReceivedRdb;
  readonly bytes: Buffer;
  readonly commands: string[][];
}

/** One session against `script`; checks afterwards that it left no connection behind, whatever happened. */
async function run(script: (connection: FakeMasterConnection) => Promise<void>, options: ReplicaSessionOptions = {}): Promise<Run> {
  const closings: Array<Promise<void>> = [];
  await using master = await startFakeMaster((connection) => {
    closings.push(connection.closed);
    return script(connection);
  });
  const chunks: Buffer[] = [];
  try {
    await using session = await openReplicaSession(master, { rdbOnly: true, ...options });
    const received = await session.receiveRdb((bytes) => {
      chunks.push(Buffer.from(bytes));
    });
    return { received, bytes: Buffer.concat(chunks), commands: master.commands };
  } finally {
    await Promise.all(closings);
    assert.equal(master.openConnections(), 0);
  }
}

describe('the handshake', () => {
  test('sends one command at a time, ending in PSYNC without a known history', async () => {
    const { commands } = await run(
      async (connection) => {
        await answerHandshake(connection);
        await connection.send(`${FULLRESYNC}$${RDB.length}\r\n`);
        await connection.send(RDB);
        connection.end();
      },
      { serverVersion: '8.0.1' },
    );
    assert.deepEqual(commands, [
      ['PING'],
      ['REPLCONF', 'listening-port', '0'],
      ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'],
      ['REPLCONF', 'version', '8.0.1'],
      ['REPLCONF', 'rdb-only', '1'],
      ['PSYNC', '?', '-1'],
    ]);
  });

  test('has nothing under way while it waits for a reply, since PSYNC is refused then, and skips newlines before each', async () => {
    const { commands } = await run(
      async (connection) => {
        for (let name = ''; name !== 'PSYNC'; ) {
          name = (await connection.readCommand())?.[0] ?? '';
          // What was pipelined behind the command would come within a turn or two of the event loop.
          await connection.send('\n\n', 1);
          await new Promise((resolve) => setImmediate(resolve));
          assert.equal(connection.unreadBytes(), 0, name);
          await connection.send(name === 'PING' ? '+PONG\r\n' : name === 'PSYNC' ? '' : '+OK\r\n');
        }
        await connection.send(`${FULLRESYNC}$${RDB.length}\r\n`);
        await connection.send(RDB);
        connection.end();
      },
      { serverVersion: '7.0.15' },
    );
    assert.equal(commands.length, 6);
  });

  test('signs in before anything else, with a user or without', async () => {
    for (const [login, expected] of [
      [{ password: 'secret' }, ['AUTH', 'secret']],
      [{ user: 'backup', password: 'secret' }, ['AUTH', 'backup', 'secret']],
    ] as const) {
      await using master = await startFakeMaster((connection) => answerHandshake(connection));
      await using _session = await openReplicaSession({ ...login, host: master.host, port: master.port }, { rdbOnly: true });
      assert.deepEqual(master.commands.slice(0, 2), [expected, ['PING']]);
    }
  });

  test('goes on where the source does not know an option, and then just closes at the end', async () => {
    await using master = await startFakeMaster(async (connection) => {
      const unknown = '-ERR Unrecognized REPLCONF option: x\r\n';
      await answerHandshake(connection, { 'REPLCONF rdb-only': unknown, 'REPLCONF version': unknown });
      await connection.send(`${FULLRESYNC}$${RDB.length}\r\n`);
      await connection.send(Buffer.concat([RDB, Buffer.from('*1\r\n$4\r\nPING\r\n')]));
      await connection.closed;
    });
    await using session = await openReplicaSession(master, { rdbOnly: true, serverVersion: '6.0.16' });
    assert.equal(session.isRdbOnly, false);
    assert.equal((await session.receiveRdb(() => {})).sizeBytes, RDB.length);
  });

  test('fails by the code of the reply', async () => {
    const cases: Array<[string, string, string]> = [
      ['PING', '-NOAUTH Authentication required.\r\n', 'source-auth-failed'],
      ['PING', '-LOADING Redis is loading the dataset in memory\r\n', 'source-loading'],
      ['PING', '-MISCONF Errors writing to the AOF file\r\n', 'source-misconf'],
      ['REPLCONF capa', "-NOPERM this user has no permissions to run the 'replconf' command\r\n", 'source-permission-denied'],
      ['PING', 'HTTP/1.1 400 Bad Request\r\n', 'source-protocol-error'],
    ];
    for (const [command, reply, code] of cases) {
      await assert.rejects(
        run(async (connection) => {
          await answerHandshake(connection, { [command]: reply });
        }),
        { code },
        reply,
      );
    }
  });

  test('reads no line of more than 4 KiB', async () => {
    await assert.rejects(
      run(async (connection) => {
        await connection.readCommand();
        await connection.send(`+${'x'.repeat(10_000)}`);
      }),
      { code: 'source-protocol-error', message: /more than 4096 bytes/ },
    );
  });
});

describe('the transfer', () => {
  test('skips newlines before FULLRESYNC and between it and the header, in any split', async () => {
    for (const pieceBytes of [1, 7, undefined]) {
      const { received, bytes } = await run(async (connection) => {
        await answerHandshake(connection);
        await connection.send(`\n\n${FULLRESYNC}\n\n\n${EOF_HEADER}`, pieceBytes);
        await connection.send(Buffer.concat([RDB, Buffer.from(MARK)]), pieceBytes === undefined ? undefined : pieceBytes * 50);
        connection.end();
      });
      assert.deepEqual(received, { replicationId: ID, replicationOffset: 4711, form: 'eof', sizeBytes: RDB.length });
      assert.ok(bytes.equals(RDB));
    }
  });

  test('never lets the mark through, however it is split', async () => {
    for (const cut of [1, 20, 39]) {
      const { bytes } = await run(async (connection) => {
        await answerHandshake(connection);
        await connection.send(FULLRESYNC + EOF_HEADER);
        await connection.send(Buffer.concat([RDB, Buffer.from(MARK.slice(0, cut))]));
        await connection.send(MARK.slice(cut), 1);
        connection.end();
      });
      assert.ok(bytes.equals(RDB));
    }
  });

  test('waits for a sink that answers a promise, and keeps order', async () => {
    await using master = await startFakeMaster(async (connection) => {
      await answerHandshake(connection);
      await connection.send(FULLRESYNC + EOF_HEADER);
      await connection.send(Buffer.concat([RDB, Buffer.from(MARK)]), 3_000);
      connection.end();
    });
    await using session = await openReplicaSession(master, { rdbOnly: true });
    const chunks: Buffer[] = [];
    let isBusy = false;
    await session.receiveRdb(async (bytes) => {
      assert.equal(isBusy, false);
      isBusy = true;
      await new Promise((resolve) => setImmediate(resolve));
      chunks.push(Buffer.from(bytes));
      isBusy = false;
    });
    assert.ok(Buffer.concat(chunks).equals(RDB));
  });

  test('announces FULLRESYNC before the first byte', async () => {
    await using master = await startFakeMaster(async (connection) => {
      await answerHandshake(connection);
      await connection.send(FULLRESYNC + EOF_HEADER);
      await connection.send(Buffer.concat([RDB, Buffer.from(MARK)]));
      connection.end();
    });
    await using session = await openReplicaSession(master, { rdbOnly: true });
    const events: string[] = [];
    await session.receiveRdb(
      () => {
        events.push('bytes');
      },
      ({ replicationId, replicationOffset }) => events.push(`${replicationId} ${replicationOffset}`),
    );
    assert.equal(events[0], `${ID} 4711`);
    assert.equal(events[1], 'bytes');
  });

  test('throws what the sink throws, synchronously or later, and closes', async () => {
    for (const isAsync of [false, true]) {
      await using master = await startFakeMaster(async (connection) => {
        await answerHandshake(connection);
        await connection.send(FULLRESYNC + EOF_HEADER);
        await connection.send(RDB);
        await connection.closed;
      });
      await using session = await openReplicaSession(master, { rdbOnly: true });
      const failure = new Error('disk full');
      const sink = (): Promise<void> => {
        if (isAsync) {
          return Promise.reject(failure);
        }
        throw failure;
      };
      await assert.rejects(session.receiveRdb(sink), (error) => error === failure);
    }
  });

  test('fails when bytes follow an RDB that was to be the end', async () => {
    await assert.rejects(
      run(async (connection) => {
        await answerHandshake(connection);
        await connection.send(FULLRESYNC + EOF_HEADER);
        await connection.send(Buffer.concat([RDB, Buffer.from(`${MARK}*1\r\n$4\r\nPING\r\n`)]));
        await connection.closed;
      }),
      { code: 'source-protocol-error', message: /after an RDB that was to be the end/ },
    );
  });
});

describe('a transfer that goes wrong', () => {
  test('is source-closed wherever the connection ends, at any byte of either form, with newlines or without', async () => {
    const rdb = rdbFile('REDIS0010', rdbKey(0, 'key', rdbString('value')));
    for (const between of ['', '\n\n']) {
      for (const [header, mark] of [
        [EOF_HEADER, MARK],
        [`$${rdb.length}\r\n`, ''],
      ]) {
        const whole = Buffer.concat([Buffer.from(between + FULLRESYNC + between + header), rdb, Buffer.from(mark ?? '')]);
        for (let length = 0; length < whole.length; length++) {
          for (const end of length % 40 === 0 ? (['end', 'reset'] as const) : (['end'] as const)) {
            await assert.rejects(
              run(async (connection) => {
                await answerHandshake(connection);
                await connection.send(whole.subarray(0, length));
                connection[end]();
              }),
              { code: 'source-closed', retryable: true },
              `${end} after ${length} bytes`,
            );
          }
        }
      }
    }
  });

  test('is source-closed when the mark never comes whole', async () => {
    await assert.rejects(
      run(async (connection) => {
        await answerHandshake(connection);
        await connection.send(FULLRESYNC + EOF_HEADER);
        await connection.send(Buffer.concat([RDB, Buffer.from(MARK.slice(1))]));
        connection.end();
      }),
      { code: 'source-closed' },
    );
  });

  test('is source-stalled when nothing comes', async () => {
    await assert.rejects(
      run(
        async (connection) => {
          await answerHandshake(connection);
          await connection.send(FULLRESYNC + EOF_HEADER);
          await connection.send(RDB.subarray(0, 100));
          await connection.closed;
        },
        { idleTimeoutMs: 50 },
      ),
      { code: 'source-stalled', retryable: true },
    );
  });

  test('is not stalled as long as newlines come', async () => {
    const { received } = await run(
      async (connection) => {
        await answerHandshake(connection);
        for (let round = 0; round < 8; round++) {
          await delay(100);
          await connection.send('\n');
        }
        await connection.send(FULLRESYNC + EOF_HEADER);
        await connection.send(Buffer.concat([RDB, Buffer.from(MARK)]));
        connection.end();
      },
      { idleTimeoutMs: 500 },
    );
    assert.equal(received.sizeBytes, RDB.length);
  });

  test('is what the source answers to PSYNC', async () => {
    const cases: Array<[string, string]> = [
      ["-NOMASTERLINK Can't SYNC while not connected with my master\r\n", 'source-no-master-link'],
      ['-LOADING Redis is loading the dataset in memory\r\n', 'source-loading'],
      ['-NOPERM no permission\r\n', 'source-permission-denied'],
      ['-ERR unknown\r\n', 'source-refused'],
      ["-ERR unknown command 'PSYNC', with args beginning with: '?' '-1' \r\n", 'source-refused'],
      ["-ERR BGSAVE failed, replication can't continue\r\n", 'source-refused'],
      // What SYNC is answered with: no history, no offset.
      [`$${RDB.length}\r\n${RDB.toString('latin1')}`, 'source-protocol-error'],
      [`${EOF_HEADER}REDIS0010`, 'source-protocol-error'],
      ['+FULLRESYNC\r\n', 'source-protocol-error'],
      [`+FULLRESYNC ${ID}\r\n`, 'source-protocol-error'],
      [`+FULLRESYNC ${ID} -1\r\n`, 'source-protocol-error'],
      [`+FULLRESYNC ${ID.slice(1)} 4711\r\n`, 'source-protocol-error'],
      ['+CONTINUE\r\n', 'source-protocol-error'],
      [`+FULLRESYNC ${ID} 99999999999999999\r\n`, 'source-protocol-error'],
      ['garbage\0\r\n', 'source-protocol-error'],
      [`${FULLRESYNC}-ERR the fork failed\r\n`, 'source-refused'],
      [`${FULLRESYNC}$nonsense\r\n`, 'source-protocol-error'],
    ];
    for (const [reply, code] of cases) {
      await assert.rejects(
        run(async (connection) => {
          await answerHandshake(connection);
          await connection.send(reply);
          await connection.closed;
        }),
        { code },
        reply,
      );
    }
  });

  test('is aborted by the signal in every state', async () => {
    for (const after of ['PING', 'PSYNC', 'bytes']) {
      const controller = new AbortController();
      await assert.rejects(
        run(
          async (connection) => {
            if (after === 'PING') {
              await connection.readCommand();
            } else {
              await answerHandshake(connection);
            }
            if (after === 'bytes') {
              await connection.send(FULLRESYNC + EOF_HEADER);
              await connection.send(RDB);
            }
            controller.abort();
            await connection.closed;
          },
          { signal: controller.signal },
        ),
        { code: 'aborted' },
        after,
      );
    }
    await assert.rejects(openReplicaSession({ host: '127.0.0.1', port: 1 }, { signal: AbortSignal.abort() }), { code: 'aborted' });
  });

  test('is source-unreachable where nobody listens', async () => {
    await assert.rejects(openReplicaSession({ host: '127.0.0.1', port: 1 }), { code: 'source-unreachable', retryable: true });
  });
});
