import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type RedisServer, startRedis } from '../../test/harness/redis-server.ts';
import { pauseWrites } from './write-pause.ts';

const NO_ABORT = new AbortController().signal;

let server: RedisServer;
beforeEach(async () => {
  server = await startRedis();
});
afterEach(() => server.stop());

test('a pause is whole until it could not be renewed in time, and stays broken', async () => {
  await server.command('ACL', 'SETUSER', 'restorer', 'on', '>secret', '+client');
  const target = { host: '127.0.0.1', port: server.port, user: 'restorer', password: 'secret' };
  const long = await pauseWrites(target, NO_ABORT, { pauseMs: 600_000, renewMs: 10 });
  const short = await pauseWrites(target, NO_ABORT, { pauseMs: 100, renewMs: 10 });
  await server.command('ACL', 'SETUSER', 'restorer', '-client|pause');
  while (short?.isWhole()) {
    await wait(5);
  }
  await server.command('ACL', 'SETUSER', 'restorer', '+client|pause');
  await short?.end();
  assert.deepEqual([long?.isWhole(), short?.isWhole()], [true, false]);
  await long?.end();
});

test('no pause where the user may not ask for one', async () => {
  await server.command('ACL', 'SETUSER', 'restorer', 'on', '>secret', '+ping');
  const target = { host: '127.0.0.1', port: server.port, user: 'restorer', password: 'secret' };
  assert.equal(await pauseWrites(target, NO_ABORT), undefined);
});
