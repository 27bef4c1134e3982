import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTempDirectory, createTempSupervisor, eventually, ID, PASSWORD } from '../../test/harness/temp-supervisor.ts';
import { findServer } from './find-server.ts';
import { pickFreePort } from './free-port.ts';
import { readIdentity } from './process-identity.ts';
import { readProcessRecord, writeProcessRecord } from './process-record.ts';
import { withServerConnection } from './server-connection.ts';
import { waitForStrays } from './take-over-server.ts';

const REQUEST = { instanceId: ID, password: PASSWORD };

test('adopts the very server that a killed service left, and keeps it running', async (t) => {
  const directory = await createTempDirectory(t);
  const left = await startInKilledService(directory);
  const { supervisor, relocations } = createTempSupervisor(t, directory);
  const server = await supervisor.start({ ...REQUEST, port: left.port });
  assert.equal(server.pid, left.pid);
  assert.equal(server.port, left.port);
  assert.equal(await get(server.port, 'mark'), 'by the first service');
  assert.deepEqual(relocations, []);

  process.kill(left.pid, 'SIGKILL');
  await eventually('a restart', () => supervisor.status(ID)?.restarts === 1);
  assert.equal(await get(server.port, 'mark'), 'by the first service');
});

test('adopts a server at another port than the caller knows, and reports it', async (t) => {
  const directory = await createTempDirectory(t);
  const left = await startInKilledService(directory);
  const { supervisor, relocations } = createTempSupervisor(t, directory);
  assert.equal((await supervisor.start({ ...REQUEST, port: left.port + 1 })).pid, left.pid);
  assert.deepEqual(relocations, [[ID, left.port]]);
});

test('sets the memory limit of an adopted server', async (t) => {
  const directory = await createTempDirectory(t);
  await startInKilledService(directory);
  const { supervisor } = createTempSupervisor(t, directory);
  const { port } = await supervisor.start({ ...REQUEST, maxMemoryBytes: 33_554_432 });
  const reply = await withServerConnection({ host: '127.0.0.1', port, password: PASSWORD }, 5_000, (send) =>
    send(['CONFIG', 'GET', 'maxmemory']),
  );
  assert.deepEqual(reply, ['maxmemory', '33554432']);
});

test('ends a recorded server that does not take the password, and starts it anew with its data', async (t) => {
  const directory = await createTempDirectory(t);
  const left = await startInKilledService(directory);
  const { supervisor } = createTempSupervisor(t, directory);
  const server = await supervisor.start({ instanceId: ID, password: 'another', port: left.port });
  assert.notEqual(server.pid, left.pid);
  assert.equal(await readIdentity(left.pid), undefined);
  assert.equal(await get(server.port, 'mark', 'another'), 'by the first service');
});

test('adopts a server that a service left before it could write it down', async (t) => {
  const directory = await createTempDirectory(t);
  const left = await startInKilledService(directory);
  const { supervisor } = createTempSupervisor(t, directory);
  await rm(join(supervisor.directoryOf(ID), 'process.json'));
  assert.equal((await supervisor.start({ ...REQUEST, port: left.port })).pid, left.pid);
  assert.equal((await readProcessRecord(supervisor.directoryOf(ID)))?.pid, left.pid);
});

test('never signals a process whose start time is not the recorded one', async (t) => {
  const directory = await createTempDirectory(t);
  const { supervisor, relocations } = createTempSupervisor(t, directory);
  const port = await pickFreePort();
  const stranger = spawn(process.execPath, ['-e', `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('on'))`]);
  t.after(() => stranger.kill('SIGKILL'));
  await once(stranger.stdout, 'data');
  const identity = await readIdentity(stranger.pid ?? 0);
  assert.ok(identity !== undefined);
  await mkdir(supervisor.directoryOf(ID), { recursive: true });
  await writeProcessRecord(supervisor.directoryOf(ID), { ...identity, startTicks: `${Number(identity.startTicks) - 1}`, port });

  const server = await supervisor.start({ ...REQUEST, port });
  assert.notEqual(server.port, port);
  assert.deepEqual(relocations, [[ID, server.port]]);
  await supervisor.stop(ID);
  assert.deepEqual(await readIdentity(identity.pid), identity);
  assert.equal(stranger.signalCode, null);
});

test('stops and removes what an earlier service left, without knowing its password', async (t) => {
  const directory = await createTempDirectory(t);
  const left = await startInKilledService(directory);
  const { supervisor } = createTempSupervisor(t, directory);
  await supervisor.remove(ID);
  assert.equal(await readIdentity(left.pid), undefined);
});

test('stops and removes a server that a service left before it could write it down, without knowing its password', async (t) => {
  const directory = await createTempDirectory(t);
  const left = await startInKilledService(directory);
  const { supervisor } = createTempSupervisor(t, directory);
  await rm(join(supervisor.directoryOf(ID), 'process.json'));
  await supervisor.remove(ID);
  assert.equal(await readIdentity(left.pid), undefined);
});

test('refuses a directory in which a server works that nothing proves to be ours', async (t) => {
  const directory = await createTempDirectory(t);
  const { path } = await findServer();
  const stranger = spawn(path, ['--bind', '127.0.0.1', '--port', String(await pickFreePort()), '--save', ''], {
    cwd: directory,
    stdio: 'ignore',
  });
  t.after(() => stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  await assert.rejects(waitForStrays(directory, 300), { code: 'managed-directory-busy', message: new RegExp(`process ${stranger.pid} `) });
  assert.equal(stranger.signalCode, null);
});

async function get(port: number, key: string, password = PASSWORD): Promise<unknown> {
  return withServerConnection({ host: '127.0.0.1', port, password }, 5_000, (send) => send(['GET', key]));
}

/** Starts the instance in a process of its own, which is then killed as a crash would: the server stays, with its record. */
async function startInKilledService(directory: string): Promise<{ pid: number; port: number }> {
  const service = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createSupervisor } from ${JSON.stringify(new URL('./supervisor.ts', import.meta.url).href)};
      import { withServerConnection } from ${JSON.stringify(new URL('./server-connection.ts', import.meta.url).href)};
      import { silentLogger } from ${JSON.stringify(new URL('../lib/logger.ts', import.meta.url).href)};
      const [directory, instanceId, password] = process.argv.slice(1);
      const supervisor = createSupervisor({ directory, log: silentLogger, onRelocated: async () => {} });
      const server = await supervisor.start({ instanceId, password });
      await withServerConnection({ ...server, password }, 5000, (send) => send(['SET', 'mark', 'by the first service']));
      process.stdout.write(JSON.stringify(server));
      setInterval(() => {}, 60_000);`,
      directory,
      ID,
      PASSWORD,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [answer] = await once(service.stdout, 'data');
  service.kill('SIGKILL');
  await once(service, 'exit');
  return JSON.parse(String(answer));
}
