import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTempDirectory } from '../../test/harness/temp-supervisor.ts';
import { isDomainError } from '../lib/errors.ts';
import { chooseServer, findServer } from './find-server.ts';

test('finds the server of this machine', async () => {
  const found = await findServer();
  assert.match(found.path, /(redis|valkey)-server$/);
  assert.match(found.version, /^\d+\.\d+\.\d+$/);
});

test('tells a Valkey that is named redis-server from a Redis', async (t) => {
  const directory = await createTempDirectory(t);
  const path = await writeProgram(directory, 'redis-server', 'echo "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"');
  assert.deepEqual(await findServer({ searchPath: directory }), { path, kind: 'valkey', version: '8.0.1' });
});

test('passes over what does not run or is no server, and goes on', async (t) => {
  const directory = await createTempDirectory(t);
  const dead = join(directory, 'dead');
  const other = join(directory, 'other');
  await writeProgram(dead, 'redis-server', 'exit 127');
  await writeProgram(other, 'redis-server', 'echo "Nedis server v=1"');
  const path = await writeProgram(other, 'valkey-server', 'echo "Valkey server v=9.1.2 sha=0"');
  assert.deepEqual(await findServer({ searchPath: `${dead}:${other}:/no/such/place` }), { path, kind: 'valkey', version: '9.1.2' });
});

test('names the line that installs a server where there is none', async (t) => {
  const directory = await createTempDirectory(t);
  await writeProgram(directory, 'redis-server', 'exit 1');
  await assert.rejects(findServer({ searchPath: directory }), (error) => {
    return isDomainError(error, 'server-not-found') && /^install one: |^see /.test(error.hint ?? '') && error.message.includes(directory);
  });
});

test('chooses of a kind the oldest that is not older than the data', () => {
  const servers = ['redis 7.0.15', 'valkey 8.0.1', 'redis 7.2.4', 'redis 6.2.7', 'redis 10.0.0'].map((name) => {
    const [kind, version = ''] = name.split(' ');
    return { path: name, kind: kind as 'redis' | 'valkey', version };
  });
  const choose = (kind: 'redis' | 'valkey', version: string) => chooseServer(servers, { kind, version }).path;
  assert.equal(chooseServer(servers, undefined).path, 'redis 7.0.15');
  assert.equal(choose('redis', '7.0.15'), 'redis 7.0.15');
  assert.equal(choose('redis', '7.0.16'), 'redis 7.2.4');
  assert.equal(choose('redis', '8'), 'redis 10.0.0');
  assert.equal(choose('valkey', '7.2'), 'valkey 8.0.1');
  assert.throws(
    () => choose('valkey', '8.0.2'),
    (error) => isDomainError(error, 'server-not-found') && /here is redis 7\.0\.15, valkey 8\.0\.1/.test(error.message),
  );
  assert.throws(() => chooseServer([], undefined), /none/);
});

async function writeProgram(directory: string, name: string, line: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  await writeFile(path, `#!/bin/sh\n${line}\n`);
  await chmod(path, 0o755);
  return path;
}
