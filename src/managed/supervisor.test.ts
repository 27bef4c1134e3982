import assert from 'node:assert/strict';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createTempDirectory, createTempSupervisor, eventually, ID, PASSWORD } from '../../test/harness/temp-supervisor.ts';
import { isDomainError } from '../lib/errors.ts';
import { lookAtServer } from './look-at-server.ts';
import { readIdentity } from './process-identity.ts';
import { readProcessRecord } from './process-record.ts';
import { withServerConnection } from './server-connection.ts';
import type { StartedServer } from './supervisor.ts';

const REQUEST = { instanceId: ID, password: PASSWORD };

test('keeps data and port over a stop and a start', async (t) => {
  const { supervisor, relocations } = createTempSupervisor(t, await createTempDirectory(t));
  const first = await supervisor.start(REQUEST);
  await send(first, 'SET', 'kept', 'value');
  await supervisor.stop(ID);
  assert.equal(await readIdentity(first.pid), undefined);
  assert.equal(supervisor.status(ID), undefined);
  const second = await supervisor.start({ ...REQUEST, port: first.port });
  assert.equal(second.port, first.port);
  assert.equal(await send(second, 'GET', 'kept'), 'value');
  assert.deepEqual(relocations, []);
});

test('tells address, process and version, and lets nobody in without the password', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  assert.equal(server.host, '127.0.0.1');
  assert.match(server.serverVersion, /^\d+\.\d+/);
  assert.deepEqual(supervisor.status(ID), { state: 'running', pid: server.pid, port: server.port, restarts: 0, lastError: undefined });
  await assert.rejects(
    withServerConnection({ ...server, password: 'wrong' }, 5_000, (run) => run(['PING'])),
    { code: 'server-refused-password' },
  );
});

test('keeps directory and configuration from other users', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  await supervisor.start(REQUEST);
  const directory = supervisor.directoryOf(ID);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.equal((await stat(join(directory, 'redis.conf'))).mode & 0o777, 0o600);
});

test('sets the memory limit', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start({ ...REQUEST, maxMemoryBytes: 64 * 1024 * 1024 });
  assert.equal((await lookAtServer({ ...server, password: PASSWORD }, 5_000)).maxMemoryBytes, 64 * 1024 * 1024);
});

test('restarts a server that was killed, with its data and on its port', async (t) => {
  const { supervisor, relocations } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  await send(server, 'SET', 'kept', 'value');
  process.kill(server.pid, 'SIGKILL');
  const status = await eventually('a restart', () => {
    const now = supervisor.status(ID);
    return now?.state === 'running' && now.restarts === 1 && now;
  });
  assert.notEqual(status.pid, server.pid);
  assert.equal(status.port, server.port);
  assert.equal(await send(server, 'GET', 'kept'), 'value');
  assert.deepEqual(relocations, []);
});

test('does not restart a server that is stopped while it waits for its restart', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  process.kill(server.pid, 'SIGKILL');
  await eventually('the end is noticed', () => supervisor.status(ID)?.state === 'restarting');
  await supervisor.stop(ID);
  assert.equal(supervisor.status(ID), undefined);
  await assert.rejects(send(server, 'PING'), { code: 'server-unreachable' });
});

test('says why a restart fails, and tries again until it succeeds', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  await send(server, 'SET', 'kept', 'value');
  const manifest = join(supervisor.directoryOf(ID), 'appendonlydir', 'appendonly.aof.manifest');
  const sound = await readFile(manifest);
  await writeFile(manifest, 'nonsense\n');
  process.kill(server.pid, 'SIGKILL');
  await eventually('a failed restart', () => /append-only file is damaged/.test(supervisor.status(ID)?.lastError ?? ''));
  assert.equal(supervisor.status(ID)?.state, 'restarting');
  await writeFile(manifest, sound);
  const status = await eventually('a restart', () => supervisor.status(ID)?.state === 'running' && supervisor.status(ID));
  assert.equal(status.lastError, undefined);
  assert.equal(await send(server, 'GET', 'kept'), 'value');
});

test('keeps servers out of the process group that a Ctrl-C goes to', { skip: process.platform !== 'linux' }, async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const { pid } = await supervisor.start(REQUEST);
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  assert.equal(fields[2], String(pid));
});

test('starts no instance twice', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const starting = supervisor.start(REQUEST);
  await assert.rejects(supervisor.start(REQUEST), { code: 'managed-server-busy' });
  await starting;
  await assert.rejects(supervisor.start(REQUEST), { code: 'managed-server-busy' });
});

test('moves to another port where its own is taken, and reports it', async (t) => {
  const port = await takePort(t);
  const { supervisor, relocations } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start({ ...REQUEST, port });
  assert.notEqual(server.port, port);
  assert.deepEqual(relocations, [[ID, server.port]]);
  assert.equal(await send(server, 'PING'), 'PONG');
});

test('picks a port where the caller knows none yet, and reports it', async (t) => {
  const { supervisor, relocations } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start({ ...REQUEST, port: 0 });
  assert.deepEqual(relocations, [[ID, server.port]]);
  assert.equal(await send(server, 'PING'), 'PONG');
});

test('leaves no server running where the new port cannot be recorded', async (t) => {
  const port = await takePort(t);
  const directory = await createTempDirectory(t);
  const { supervisor } = createTempSupervisor(t, directory, { onRelocated: () => Promise.reject(new Error('catalog is away')) });
  await assert.rejects(supervisor.start({ ...REQUEST, port }), /catalog is away/);
  assert.equal(supervisor.status(ID), undefined);
  assert.equal(await readProcessRecord(supervisor.directoryOf(ID)), undefined);
});

test('waits until the data is loaded', async (t) => {
  const directory = await createTempDirectory(t);
  const { supervisor: first } = createTempSupervisor(t, directory);
  const server = await first.start(REQUEST);
  await fill(server, 1_000);
  await first.stop(ID);

  const { supervisor: second } = createTempSupervisor(t, directory, { extraConfig: SLOW_LOAD });
  const starting = second.start({ ...REQUEST, port: server.port });
  await eventually('the server loads', async () => {
    assert.notEqual(second.status(ID)?.state, 'running');
    return (await lookUnlessAway(server))?.isLoading;
  });
  assert.equal(await send(await starting, 'DBSIZE'), 1_000);
});

test('gives up on a server that loads for too long, with its last log lines', async (t) => {
  const directory = await createTempDirectory(t);
  const { supervisor: first } = createTempSupervisor(t, directory);
  const server = await first.start(REQUEST);
  await fill(server, 1_000);
  await first.stop(ID);

  const { supervisor: second } = createTempSupervisor(t, directory, { extraConfig: SLOW_LOAD, loadTimeoutMs: 200 });
  await assert.rejects(second.start(REQUEST), (error) => {
    return isDomainError(error, 'managed-start-timeout') && /still loading/.test(error.message) && /Server initialized/.test(error.message);
  });
  assert.equal(second.status(ID), undefined);
});

test('a stop in the middle of a start ends both', async (t) => {
  const directory = await createTempDirectory(t);
  const { supervisor: first } = createTempSupervisor(t, directory);
  const server = await first.start(REQUEST);
  await fill(server, 1_000);
  await first.stop(ID);

  const { supervisor: second } = createTempSupervisor(t, directory, { extraConfig: SLOW_LOAD });
  const starting = assert.rejects(second.start({ ...REQUEST, port: server.port }), { code: 'managed-start-cancelled' });
  await eventually('the server loads', async () => (await lookUnlessAway(server))?.isLoading);
  await second.stop(ID);
  await starting;
  assert.equal(second.status(ID), undefined);
});

test('says why a server refuses its configuration, without the password', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t), { extraConfig: [`no-such-directive "${'s3cret'}"`] });
  await assert.rejects(supervisor.start({ ...REQUEST, password: 's3cret' }), (error) => {
    return isDomainError(error, 'managed-config-rejected') && /no-such-directive/.test(error.message) && !/s3cret/.test(error.message);
  });
});

test('says that the append-only file is damaged, and keeps it', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  await send(server, 'SET', 'kept', 'value');
  await supervisor.stop(ID);
  const increment = join(supervisor.directoryOf(ID), 'appendonlydir', 'appendonly.aof.1.incr.aof');
  const damaged = (await readFile(increment, 'latin1')).replace('$4\r\nkept', '$x\r\nkept');
  await writeFile(increment, damaged, 'latin1');
  await assert.rejects(supervisor.start(REQUEST), (error) => {
    return isDomainError(error, 'managed-data-damaged') && /Bad file format/.test(error.message);
  });
  assert.equal(await readFile(increment, 'latin1'), damaged);
});

test('removes the directory once the process is gone, and an absent one', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  const removing = supervisor.remove(ID);
  await assert.rejects(supervisor.start(REQUEST), { code: 'managed-server-busy' });
  await removing;
  assert.equal(await readIdentity(server.pid), undefined);
  await assert.rejects(access(supervisor.directoryOf(ID)), { code: 'ENOENT' });
  await supervisor.remove(ID);
});

test('starts nothing after it has stopped everything', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  const server = await supervisor.start(REQUEST);
  await supervisor.stopAll();
  assert.equal(await readIdentity(server.pid), undefined);
  await assert.rejects(supervisor.start(REQUEST), { code: 'supervisor-stopped' });
});

test('takes no instance id that could leave its directory', async (t) => {
  const { supervisor } = createTempSupervisor(t, await createTempDirectory(t));
  for (const instanceId of ['', '..', '../crs-other', 'a/b', '.hidden', 'CRS']) {
    await assert.rejects(supervisor.remove(instanceId), { code: 'invalid-instance-id' });
  }
});

/** Half a millisecond a key, and a look at the sockets after each kilobyte (debugging directives of Redis). */
const SLOW_LOAD = ['key-load-delay 500', 'loading-process-events-interval-bytes 1024'];

async function send(server: StartedServer, ...command: string[]): Promise<unknown> {
  return withServerConnection({ ...server, password: PASSWORD }, 5_000, (run) => run(command));
}

/** Writes keys and has them in the base file, where the load delay counts. */
async function fill(server: StartedServer, keys: number): Promise<void> {
  await withServerConnection({ ...server, password: PASSWORD }, 5_000, async (run) => {
    await Promise.all(Array.from({ length: keys }, (_, i) => run(['SET', `key:${i}`, 'value'.repeat(20)])));
    await run(['BGREWRITEAOF']);
    await eventually('the rewrite ends', async () =>
      /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(String(await run(['INFO']))),
    );
  });
}

async function lookUnlessAway(server: StartedServer) {
  try {
    return await lookAtServer({ ...server, password: PASSWORD }, 5_000);
  } catch (error) {
    if (isDomainError(error, 'server-unreachable')) {
      return undefined;
    }
    throw error;
  }
}

/** A port that somebody else listens on until the test ends. */
async function takePort(t: TestContext): Promise<number> {
  const other = createServer();
  t.after(() => other.close());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}
