import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FakeMasterConnection, startFakeMaster } from '../../test/harness/fake-master.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { isDomainError } from '../lib/errors.ts';
import { openKeyPipe } from './key-pipe.ts';
import { encodeCommand } from './resp/encode-command.ts';

const signal = new AbortController().signal;
const set = (key: string) => Buffer.from(encodeCommand(['SET', key, 'v']));

/** Answers each command with what `reply` gives for it and the number of times that it came. */
function answerWith(reply: (command: string, times: number) => string, pieceBytes?: number) {
  return async (connection: FakeMasterConnection) => {
    const seen = new Map<string, number>();
    for (;;) {
      const command = (await connection.readCommand())?.join(' ');
      if (command === undefined) {
        return;
      }
      const times = (seen.get(command) ?? 0) + 1;
      seen.set(command, times);
      await connection.send(reply(command, times), pieceBytes);
    }
  };
}

describe('commands sent ahead of their answers', () => {
  test('reach a real server, each in its database', async () => {
    await using redis = await startRedis({ password: 'secret' });
    await using pipe = await openKeyPipe({ host: redis.host, port: redis.port, password: 'secret' }, { signal });
    for (let i = 0; i < 3000; i++) {
      if (i % 1000 === 0) {
        await pipe.select(i / 1000);
      }
      await pipe.send(set(`key ${i}`));
    }
    const existing: string[] = [];
    await pipe.send(Buffer.from(encodeCommand(['EXISTS', 'key 2000', 'nothing'])), (line) => existing.push(line));
    await pipe.flush();
    assert.deepEqual(existing, [':1']);
    assert.match(String(await redis.command('INFO', 'keyspace')), /db0:keys=1000.*\r\ndb1:keys=1000.*\r\ndb2:keys=1000/);
  });

  test('get their own answers, however these are cut', async () => {
    for (const pieceBytes of [undefined, 1, 3]) {
      await using server = await startFakeMaster(answerWith((command) => `+${command}\r\n`, pieceBytes));
      await using pipe = await openKeyPipe(server, { signal });
      const answers: string[] = [];
      for (const key of ['a', 'b', 'c']) {
        await pipe.send(set(key), (line) => answers.push(line));
      }
      await pipe.flush();
      assert.deepEqual(answers, ['+SET a v', '+SET b v', '+SET c v']);
    }
  });

  test('are sent again where they were put off, and only those', async () => {
    for (const putOff of ['-LOADING Redis is loading', '-OOM command not allowed', '-BUSY Redis is busy', '-CLUSTERDOWN', '-TRYAGAIN']) {
      await using server = await startFakeMaster(
        answerWith((command, times) => (command.startsWith('SET b') && times < 3 ? `${putOff}\r\n` : '+OK\r\n')),
      );
      await using pipe = await openKeyPipe(server, { signal });
      const answered: string[] = [];
      for (const key of ['a', 'b', 'c']) {
        await pipe.send(set(key), () => answered.push(key));
      }
      await pipe.flush();
      assert.deepEqual(answered, ['a', 'c', 'b'], putOff);
      assert.deepEqual(
        server.commands.map(([, key]) => key),
        ['a', 'b', 'c', 'b', 'b'],
      );
    }
  });

  test('are never sent to another database where the choice of it is put off', async () => {
    await using server = await startFakeMaster(
      answerWith((command, times) => (command === 'SELECT 3' && times === 1 ? '-LOADING\r\n' : '+OK\r\n')),
    );
    await using pipe = await openKeyPipe(server, { signal });
    await pipe.select(3);
    await pipe.send(set('a'));
    await pipe.flush();
    assert.deepEqual(
      server.commands.map((command) => command.slice(0, 2).join(' ')),
      ['SELECT 3', 'SELECT 3', 'SET a'],
    );
  });

  test('end with the error that the target answers, in the words of a restore', async () => {
    for (const [reply, code, patienceMs] of [
      ['-BUSYKEY Target key name already exists.', 'target-key-exists', undefined],
      ['-READONLY You can not write', 'target-is-replica', undefined],
      ['-NOPERM no', 'target-permission-denied', undefined],
      ['-ERR DUMP payload version or checksum are wrong', 'target-refused', undefined],
      ['-OOM command not allowed', 'target-out-of-memory', 1],
      ['-LOADING', 'target-loading', 1],
    ] as const) {
      await using server = await startFakeMaster(answerWith(() => `${reply}\r\n`));
      await using pipe = await openKeyPipe(server, { signal, ...(patienceMs === undefined ? {} : { patienceMs }) });
      await pipe.send(set('a'));
      await assert.rejects(pipe.flush(), (error) => isDomainError(error, code), reply);
    }
  });

  test('are not counted as done where the connection ends, at each byte of the answers', async () => {
    const answers = '+OK\r\n+OK\r\n';
    for (let length = 0; length < answers.length; length++) {
      await using server = await startFakeMaster(async (connection) => {
        await connection.readCommand();
        await connection.readCommand();
        await connection.send(answers.slice(0, length));
        connection.end();
      });
      await using pipe = await openKeyPipe(server, { signal });
      let answered = 0;
      await pipe.send(set('a'), () => {
        answered += 1;
      });
      await pipe.send(set('b'), () => {
        answered += 1;
      });
      await assert.rejects(pipe.flush(), (error) => isDomainError(error, 'target-closed'), `${length} bytes`);
      assert.equal(answered, 0);
    }
  });

  test('end with an abort', async () => {
    await using server = await startFakeMaster(async (connection) => connection.closed);
    const controller = new AbortController();
    await using pipe = await openKeyPipe(server, { signal: controller.signal });
    await pipe.send(set('a'));
    const flushing = pipe.flush();
    controller.abort();
    await assert.rejects(flushing, (error) => isDomainError(error, 'aborted'));
  });
});
