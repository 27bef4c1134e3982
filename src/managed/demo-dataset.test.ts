import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createTempDirectory, createTempSupervisor, ID, PASSWORD } from '../../test/harness/temp-supervisor.ts';
import { ensureDemoDataset, loadDemoDataset } from './demo-dataset.ts';
import { type SendCommand, withServerConnection } from './server-connection.ts';

test('is the same on two servers, and again on one', async (t) => {
  const [one, other] = await Promise.all([startServer(t), startServer(t)]);
  const summaries = await Promise.all([loadDemoDataset(one.connection), loadDemoDataset(other.connection)]);
  assert.deepEqual(summaries[0], { keys: { 0: 1_800, 1: 200 }, withExpiry: 200, functions: 1 });
  assert.deepEqual(summaries[0], summaries[1]);
  const digest = await one.run((send) => send(['DEBUG', 'DIGEST']));
  assert.match(String(digest), /^[0-9a-f]{40}$/);
  assert.equal(await other.run((send) => send(['DEBUG', 'DIGEST'])), digest);
  await loadDemoDataset(one.connection);
  assert.equal(await one.run((send) => send(['DEBUG', 'DIGEST'])), digest);
});

test('empties the server first, functions included', async (t) => {
  const { connection, run } = await startServer(t);
  await run(async (send) => {
    await send(['SELECT', '5']);
    await send(['SET', 'old', 'value']);
    await send(['FUNCTION', 'LOAD', "#!lua name=old\nredis.register_function('old', function() return 1 end)"]);
  });
  await loadDemoDataset(connection);
  assert.deepEqual(await run((send) => send(['FUNCTION', 'LIST', 'LIBRARYNAME', 'old'])), []);
  assert.doesNotMatch(String(await run((send) => send(['INFO', 'keyspace']))), /db5/);
});

test('is loaded once into the server of its directory, and what users change stays', async (t) => {
  const { connection, run, directory } = await startServer(t);
  assert.equal(await ensureDemoDataset(directory, connection), true);
  await run((send) => send(['SET', 'mine', 'value']));
  assert.equal(await ensureDemoDataset(directory, connection), false);
  assert.equal(await run((send) => send(['GET', 'mine'])), 'value');

  // As a crash between loading and marker leaves it.
  await rm(join(directory, 'seeded'));
  assert.equal(await ensureDemoDataset(directory, connection), true);
  assert.equal(await run((send) => send(['GET', 'mine'])), null);
});

test('empties no server but the one of its directory', async (t) => {
  const [one, other] = await Promise.all([startServer(t), startServer(t)]);
  await other.run((send) => send(['SET', 'mine', 'value']));
  await assert.rejects(ensureDemoDataset(one.directory, other.connection), { code: 'demo-wrong-server' });
  assert.equal(await other.run((send) => send(['GET', 'mine'])), 'value');
});

test('leaves the fsync policy as it was', async (t) => {
  const { connection, run } = await startServer(t);
  await loadDemoDataset(connection);
  assert.deepEqual(await run((send) => send(['CONFIG', 'GET', 'appendfsync'])), ['appendfsync', 'everysec']);
});

test('holds every type, and the encodings of small and big values', async (t) => {
  const { connection, run } = await startServer(t);
  await loadDemoDataset(connection);
  const reply = await run((send) =>
    send(['EVAL', EACH_KEY, '0', "redis.call('TYPE', k).ok .. '/' .. redis.call('OBJECT', 'ENCODING', k)"]),
  );
  const found = new Set(Array.isArray(reply) ? reply.map(String) : []);
  for (const expected of [
    ...['string/int', 'string/embstr', 'string/raw', 'hash/listpack', 'hash/hashtable', 'list/quicklist', 'set/intset', 'set/hashtable'],
    ...['zset/listpack', 'zset/skiplist', 'stream/stream'],
  ]) {
    assert.ok(found.has(expected), `${expected} is missing in ${[...found].join(', ')}`);
  }
});

test('holds expiries from hours to a year on a tenth of its keys', async (t) => {
  const { connection, run } = await startServer(t);
  await loadDemoDataset(connection);
  const reply = await run((send) => send(['EVAL', EACH_KEY, '0', "redis.call('TTL', k)"]));
  const ttls = (Array.isArray(reply) ? reply.map(Number) : []).filter((ttl) => ttl >= 0);
  assert.equal(ttls.length, 180);
  assert.ok(Math.min(...ttls) > 5 * 3_600 && Math.max(...ttls) <= 365 * 86_400, `${Math.min(...ttls)} to ${Math.max(...ttls)} s`);
});

test('holds keys and values with NUL, CRLF and bytes that are no UTF-8', async (t) => {
  const { connection, run } = await startServer(t);
  await loadDemoDataset(connection);
  const isAwkward = (text: string) => `string.find(${text}, '\\0\\r\\n$5\\r\\n*1\\r\\n\\255\\254\\128', 1, true)`;
  const expression = `redis.call('TYPE', k).ok == 'string' and ${isAwkward('k')} and ${isAwkward("redis.call('GET', k)")} and 1 or 0`;
  const reply = await run((send) => send(['EVAL', EACH_KEY, '0', expression]));
  assert.equal((Array.isArray(reply) ? reply : []).filter((hit) => hit === 1).length, 80);
});

test('holds streams with pending entries, sketches, bitmaps, places and a function', async (t) => {
  const { connection, run } = await startServer(t);
  await loadDemoDataset(connection);
  await run(async (send) => {
    assert.equal(await send(['XLEN', 'events:1000']), 5);
    assert.match(
      String(await send(['XINFO', 'GROUPS', 'events:1000'])),
      /name,audit,consumers,1,pending,2,.*name,billing,consumers,1,pending,2,/,
    );
    assert.ok(Number(await send(['PFCOUNT', 'unique:1039'])) > 500);
    assert.ok(Number(await send(['BITCOUNT', 'online:1000'])) > 0);
    assert.equal(await send(['ZCARD', 'shops:1000']), 3);
    assert.equal(await send(['FCALL', 'redkeep_demo_add', '1', 'fresh', '7']), 7);
  });
});

/** Evaluates the Lua expression in ARGV[1] for each key `k` of the database. */
const EACH_KEY = `
local evaluate = loadstring('local redis, k = ... return ' .. ARGV[1])
local values = {}
for i, k in ipairs(redis.call('KEYS', '*')) do values[i] = evaluate(redis, k) end
return values`;

async function startServer(t: TestContext) {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t), { extraConfig: ['enable-debug-command local'] });
  const connection = { ...(await supervisor.start({ instanceId: ID, password: PASSWORD })), password: PASSWORD };
  const run = <T>(work: (send: SendCommand) => Promise<T>) => withServerConnection(connection, 20_000, work);
  return { connection, run, directory: supervisor.directoryOf(ID) };
}
