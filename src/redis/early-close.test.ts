import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeMaster } from '../../test/harness/fake-master.ts';
import { DomainError } from '../lib/errors.ts';
import { connectAdminClient } from './admin-client.ts';
import { explainEarlyClose } from './early-close.ts';

const CLOSED = new DomainError('source-closed', 'closed', { retryable: true });

test('finds what a source says to everybody who connects', async () => {
  for (const [line, code] of [
    ['-ERR max number of clients reached\r\n', 'source-refused'],
    ['-DENIED Redis is running in protected mode because protected mode is enabled\r\n', 'source-refused'],
  ] as const) {
    await using source = await startFakeMaster(async (connection) => {
      await connection.send(line);
      connection.end();
    });
    assert.equal((await explainEarlyClose(source, CLOSED)).code, code);
    await assert.rejects(
      async () => {
        await using client = await connectAdminClient(source);
        await client.command('PING');
      },
      { code },
      line,
    );
  }
});

test('leaves the error as it is where the source says nothing, something else, or is gone', async () => {
  for (const said of ['', '+OK\r\n', 'HTTP/1.1 400 Bad Request\r\n']) {
    await using source = await startFakeMaster(async (connection) => {
      await connection.send(said);
      connection.end();
    });
    assert.equal(await explainEarlyClose(source, CLOSED), CLOSED, said);
  }
  assert.equal(await explainEarlyClose({ host: '127.0.0.1', port: 1 }, CLOSED), CLOSED);
});
