import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerHandshake, startFakeMaster } from '../../test/harness/fake-master.ts';
import { readSourceInfo, type SourceInfo } from './source-info.ts';

/** What a server with this INFO text is taken for. */
async function readFrom(info: string): Promise<SourceInfo> {
  await using server = await startFakeMaster(async (connection) => {
    for (let command = await connection.readCommand(); command !== undefined; command = await connection.readCommand()) {
      const isInfo = command[0] === 'INFO';
      await connection.send(isInfo ? `$${Buffer.byteLength(info)}\r\n${info}\r\n` : '*2\r\n$4\r\nname\r\n$1\r\n0\r\n');
    }
  });
  return await readSourceInfo(server);
}

test('tells Valkey from Redis, and gives its own version', async () => {
  const valkey = await readFrom('# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\nrole:master\r\n');
  assert.deepEqual([valkey.serverKind, valkey.serverVersion, valkey.role], ['valkey', '8.1.1', 'master']);
  const redis = await readFrom('# Server\r\nredis_version:8.0.2\r\nrole:slave\r\nmaster_link_status:up\r\n');
  assert.deepEqual([redis.serverKind, redis.serverVersion, redis.role], ['redis', '8.0.2', 'replica']);
  assert.deepEqual(redis.warnings, []);
});

test('warns where memory is too short for copies of changing pages', async () => {
  const gibibyte = 1024 ** 3;
  const short = await readFrom(`redis_version:7.0.15\r\nused_memory_rss:${6 * gibibyte}\r\ntotal_system_memory:${8 * gibibyte}\r\n`);
  assert.match(short.warnings.join(), /holds 6144 of its machine's 8192 MiB/);
  assert.deepEqual([short.residentBytes, short.machineBytes], [6 * gibibyte, 8 * gibibyte]);
  const ample = await readFrom(`redis_version:7.0.15\r\nused_memory_rss:${5 * gibibyte}\r\ntotal_system_memory:${8 * gibibyte}\r\n`);
  assert.deepEqual(ample.warnings, []);
});

test('takes figures that are none for unknown', async () => {
  const info = await readFrom('redis_version:7.0.15\r\nused_memory:many\r\nmaxmemory:\r\nconnected_slaves:-1\r\nrole:sentinel\r\n');
  assert.deepEqual([info.usedMemoryBytes, info.maxMemoryBytes, info.replicas, info.role], [undefined, undefined, undefined, 'unknown']);
});

test('asks HELLO where the user may not ask INFO, and knows nothing where that is closed too', async () => {
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  const fields = ['server', 'valkey', 'version', '8.1.1', 'proto', '2', 'mode', 'cluster', 'role', 'replica'];
  for (const [hello, expected] of [
    [`*${fields.length}\r\n${fields.map(bulk).join('')}`, ['valkey', '8.1.1', 'cluster', 'replica']],
    ['-NOPERM no\r\n', ['unknown', '', 'unknown', 'unknown']],
    ['-NOPROTO sorry\r\n', ['unknown', '', 'unknown', 'unknown']],
    ['+OK\r\n', ['unknown', '', 'unknown', 'unknown']],
  ] as const) {
    await using server = await startFakeMaster((connection) =>
      answerHandshake(connection, { INFO: '-NOPERM no\r\n', HELLO: hello, CONFIG: '*0\r\n', PUBSUB: '*0\r\n' }),
    );
    const { serverKind, serverVersion, mode, role, warnings } = await readSourceInfo(server);
    assert.deepEqual([serverKind, serverVersion, mode, role], expected, hello);
    assert.match(
      warnings.join(),
      mode === 'unknown' ? /version, role, memory and mode of the source not known: .*\+info/ : /^memory of the source not known: .*\+info/,
    );
  }
});

test('tells a Sentinel', async () => {
  assert.equal((await readFrom('redis_version:7.0.15\r\nredis_mode:sentinel\r\n')).mode, 'sentinel');
});
