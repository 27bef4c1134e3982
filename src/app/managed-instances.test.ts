import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { instanceRow, newTask } from '../../test/harness/catalog-rows.ts';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';
import { createTempDirectory, eventually } from '../../test/harness/temp-supervisor.ts';
import type { Catalog, Instance, TaskKind } from '../catalog/catalog.ts';
import { systemClock } from '../lib/clock.ts';
import { DomainError } from '../lib/errors.ts';
import { silentLogger } from '../lib/logger.ts';
import { findServer } from '../managed/find-server.ts';
import { isPortFree, pickFreePort } from '../managed/free-port.ts';
import { lookAtServer } from '../managed/look-at-server.ts';
import { startManagedServer } from '../managed/managed-server.ts';
import { readIdentity } from '../managed/process-identity.ts';
import { readProcessRecord } from '../managed/process-record.ts';
import { withServerConnection } from '../managed/server-connection.ts';
import { createSupervisor, type Supervisor } from '../managed/supervisor.ts';
import { createKeyring } from '../repository/keyring.ts';
import { createCleanUpInstanceHandler } from '../tasks/handlers/clean-up-instance.ts';
import { createClearInstanceHandler } from '../tasks/handlers/clear-instance.ts';
import { createCreateInstanceHandler, createManagedInstance } from '../tasks/handlers/create-instance.ts';
import { createIsolateInstanceHandler } from '../tasks/handlers/isolate-instance.ts';
import type { LocalServers } from '../tasks/handlers/local-servers.ts';
import { createMovePortHandler } from '../tasks/handlers/move-port.ts';
import { createResetPasswordHandler } from '../tasks/handlers/reset-password.ts';
import { createResizeInstanceHandler } from '../tasks/handlers/resize-instance.ts';
import { createStartInstanceHandler } from '../tasks/handlers/start-instance.ts';
import { startWorker } from '../tasks/worker.ts';
import { createSecretBox } from './instance-secrets.ts';
import { createLocalMachine, createLocalServers } from './local-servers.ts';
import { startManagedInstances } from './managed-instances.ts';

const ID = 'crs-0managed';
const PASSWORD = 'correct-horse-7';
const MEGABYTE = 1024 * 1024;

interface Site {
  readonly catalog: Catalog;
  readonly supervisor: Supervisor;
  readonly servers: LocalServers;
  readonly directory: string;
  /** Inserts an instance that was ordered. */
  order(changes?: Partial<Instance>): Promise<void>;
  /** Runs a task to its end. */
  run(kind: TaskKind, payload?: object): Promise<{ state: string; message: string }>;
  /** As at the start of a service. */
  start(): Promise<void>;
  state(): Promise<string | undefined>;
  command(...args: string[]): Promise<unknown>;
  /** As `sealSecrets` of the API, in base64. */
  sealPassword(password: string): string;
}

/** Catalog, supervisor and worker of a site of its own. A second one on the same directory and catalog is the next start of the service. */
async function openSite(t: TestContext, earlier?: { directory: string; catalog: Catalog }): Promise<Site> {
  const directory = earlier?.directory ?? join(await createTempDirectory(t), 'instances');
  let { catalog } = earlier ?? {};
  if (catalog === undefined) {
    const temporary = await openTempCatalog();
    t.after(() => temporary[Symbol.asyncDispose]());
    catalog = temporary.catalog;
  }
  const tables = catalog;
  const supervisor = createSupervisor({
    directory,
    log: silentLogger,
    onRelocated: (instanceId, port) => tables.instances.relocate(instanceId, '127.0.0.1', port),
  });
  const secrets = createSecretBox(KEYRING);
  const servers = createLocalServers({ supervisor, secrets });
  const site = { catalog: tables, clock: systemClock, servers };
  const worker = startWorker({
    catalog: tables,
    log: silentLogger,
    owner: `worker-${Math.random()}`,
    handlers: {
      'create-instance': createCreateInstanceHandler(site),
      'start-instance': createStartInstanceHandler(site),
      'isolate-instance': createIsolateInstanceHandler(site),
      'clean-up-instance': createCleanUpInstanceHandler(site),
      'resize-instance': createResizeInstanceHandler({ ...site, openSecrets: secrets.open }),
      'move-port': createMovePortHandler(site),
      'reset-password': createResetPasswordHandler(site),
      'clear-instance': createClearInstanceHandler({ catalog: tables, clock: systemClock, openSecrets: secrets.open }),
    },
  });
  // Before the catalog is closed.
  t.after(() => supervisor.stopAll());
  t.after(() => worker.stop());
  const get = () => tables.instances.get(ID);
  return {
    catalog: tables,
    supervisor,
    servers,
    directory,
    order: (changes = {}) =>
      tables.instances.insert(
        instanceRow({
          instanceId: ID,
          kind: 'managed',
          state: 'creating',
          port: 0,
          serverKind: '',
          serverVersion: '',
          maxMemoryBytes: 64 * MEGABYTE,
          replicas: 1,
          sealedSecrets: secrets.seal(ID, { password: PASSWORD }),
          ...changes,
        }),
      ),
    async run(kind, payload = { port: 0 }) {
      const taskId = await tables.tasks.enqueue(
        newTask({ instanceId: ID, kind, subject: '', payload: JSON.stringify(payload), exclusiveKey: ID, createdAt: Date.now() }),
      );
      worker.wake();
      return eventually(`the end of ${kind}`, async () => {
        const task = await tables.tasks.get(taskId);
        return (task?.state === 'succeed' || task?.state === 'failed') && task;
      });
    },
    start: () => startManagedInstances({ catalog: tables, accountId: '100000000001', supervisor, servers, directory, log: silentLogger }),
    state: async () => (await get())?.state,
    sealPassword: (password) => Buffer.from(secrets.seal(ID, { password })).toString('base64'),
    command: async (...args) => {
      const row = await get();
      assert.ok(row);
      const { password = '' } = secrets.open(row);
      return withServerConnection({ host: row.host, port: row.port, password }, 5_000, (send) => send(args));
    },
  };
}

const KEYRING = createKeyring();

test('an ordered instance comes up with its password and limit, and goes through its life', async (t) => {
  const site = await openSite(t);
  await site.order();
  assert.deepEqual(await pick(site.run('create-instance')), ['succeed', '']);
  const row = await site.catalog.instances.get(ID);
  assert.deepEqual([row?.state, row?.replicas, row?.maxMemoryBytes], ['online', 1, 64 * MEGABYTE]);
  assert.match(row?.serverVersion ?? '', /^\d+\.\d+/);
  const look = await lookAtServer({ host: '127.0.0.1', port: row?.port ?? 0, password: PASSWORD }, 5_000);
  assert.equal(look.maxMemoryBytes, 64 * MEGABYTE);
  assert.deepEqual(await site.command('CONFIG', 'GET', 'masterauth'), ['masterauth', PASSWORD]);

  await site.command('SET', 'kept', 'value');
  await site.catalog.instances.move(ID, 'online', 'isolating', 1);
  assert.deepEqual(await pick(site.run('isolate-instance')), ['succeed', '']);
  assert.equal(await site.state(), 'isolated');
  assert.equal(await readIdentity(look.pid), undefined, 'its server is gone');

  await site.catalog.instances.move(ID, 'isolated', 'starting', 1);
  assert.deepEqual(await pick(site.run('start-instance')), ['succeed', '']);
  assert.equal(await site.state(), 'online');
  assert.equal(await site.command('GET', 'kept'), 'value');

  assert.deepEqual(await pick(site.run('clear-instance')), ['succeed', '']);
  assert.equal(await site.command('DBSIZE'), 0);

  await site.catalog.instances.move(ID, 'online', 'isolating', 1);
  await site.run('isolate-instance');
  await site.catalog.instances.move(ID, 'isolated', 'cleaning', 1);
  assert.deepEqual(await pick(site.run('clean-up-instance')), ['succeed', '']);
  assert.equal(await site.state(), 'detached');
  assert.deepEqual(await readdir(site.directory), []);
});

async function openOnline(t: TestContext): Promise<Site> {
  const site = await openSite(t);
  await site.order();
  await site.run('create-instance');
  return site;
}

/** Leaves a server as a killed service does: running, written down, and nobody's. */
async function leaveServer(site: Site, options: { readonly password: string; readonly port: number }): Promise<void> {
  await site.supervisor.stop(ID);
  const limits = { loadTimeoutMs: 60_000, stopTimeoutMs: 10_000 };
  const left = { directory: join(site.directory, ID), findBinary: () => findServer(), ...options, ...limits };
  assert.equal((await startManagedServer(left, new AbortController().signal)).port, options.port);
}

async function look(site: Site, password: string) {
  const { port = 0 } = (await site.catalog.instances.get(ID)) ?? {};
  return lookAtServer({ host: '127.0.0.1', port, password }, 5_000);
}

const NEW_PASSWORD = 'battery "staple" 8';

test('another password is that of the server, of its row, of its file and of its next start', async (t) => {
  const site = await openOnline(t);
  await site.command('SET', 'kept', 'value');
  const { pid } = await look(site, PASSWORD);
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  assert.deepEqual(await pick(site.run('reset-password', { sealedSecrets: site.sealPassword(NEW_PASSWORD) })), ['succeed', '']);
  assert.equal(await site.state(), 'online');
  assert.equal((await look(site, NEW_PASSWORD)).pid, pid, 'the server went on');
  await assert.rejects(look(site, PASSWORD), { code: 'server-refused-password' });
  assert.deepEqual(await site.command('CONFIG', 'GET', 'masterauth'), ['masterauth', NEW_PASSWORD]);
  assert.ok(!(await readFile(join(site.directory, ID, 'redis.conf'), 'utf8')).includes(PASSWORD));

  process.kill(pid, 'SIGKILL');
  const restarted = await eventually('the server is up again', async () => {
    const { pid: now } = site.supervisor.status(ID) ?? {};
    return now !== undefined && now !== pid && now;
  });
  assert.equal((await look(site, NEW_PASSWORD)).pid, restarted);
  const next = await openSite(t, site);
  await next.start();
  assert.equal(next.supervisor.status(ID)?.pid, restarted, 'the next service adopts it');
  assert.equal(await next.command('GET', 'kept'), 'value');
});

test('a service that is killed between server and row leaves a server with the old password, and the next try changes it', async (t) => {
  const site = await openOnline(t);
  await site.command('SET', 'kept', 'value');
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  const row = await site.catalog.instances.get(ID);
  assert.ok(row);
  const sealedSecrets = site.sealPassword(NEW_PASSWORD);
  // As far as the killed task got; the row knows nothing of it.
  await leaveServer(site, { password: NEW_PASSWORD, port: row.port });
  await look(site, NEW_PASSWORD);

  const next = await openSite(t, site);
  await next.start();
  assert.equal(await next.command('GET', 'kept'), 'value', 'with the password of the row');
  assert.deepEqual(await pick(next.run('reset-password', { sealedSecrets })), ['succeed', '']);
  await look(next, NEW_PASSWORD);
  assert.equal(await next.command('GET', 'kept'), 'value');
});

test('a try that did not hear of its own success finds the server with the new password', async (t) => {
  const site = await openOnline(t);
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  await site.command('CONFIG', 'SET', 'requirepass', NEW_PASSWORD);
  assert.deepEqual(await pick(site.run('reset-password', { sealedSecrets: site.sealPassword(NEW_PASSWORD) })), ['succeed', '']);
  await look(site, NEW_PASSWORD);
});

test('a change that is not known to have come through leaves server and row with the old settings', async (t) => {
  const site = await openOnline(t);
  const { pid } = await look(site, PASSWORD);
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  // Neither the old password nor the new one.
  await site.command('CONFIG', 'SET', 'requirepass', 'of somebody else 9');
  const task = await site.run('reset-password', { sealedSecrets: site.sealPassword(NEW_PASSWORD) });
  assert.equal(task.state, 'failed');
  assert.match(task.message, /refused the password/);
  assert.equal(await site.state(), 'online');
  assert.notEqual((await look(site, PASSWORD)).pid, pid, 'it was started again');
});

test('another limit is that of the server and of its row, and stays after a kill', async (t) => {
  const site = await openOnline(t);
  await site.command('SET', 'kept', 'value');
  for (const megabytes of [128, 96]) {
    await site.catalog.instances.move(ID, 'online', 'changing', 1);
    assert.deepEqual(await pick(site.run('resize-instance', { maxMemoryBytes: megabytes * MEGABYTE })), ['succeed', '']);
    assert.equal((await look(site, PASSWORD)).maxMemoryBytes, megabytes * MEGABYTE);
    assert.equal((await site.catalog.instances.get(ID))?.maxMemoryBytes, megabytes * MEGABYTE);
  }
  const { pid } = await look(site, PASSWORD);
  process.kill(pid, 'SIGKILL');
  await eventually('the server is up again', () => {
    const { pid: now } = site.supervisor.status(ID) ?? {};
    return now !== undefined && now !== pid;
  });
  assert.equal((await look(site, PASSWORD)).maxMemoryBytes, 96 * MEGABYTE);
  assert.equal(await site.command('GET', 'kept'), 'value');
});

test('a limit below 1.3 times what the data take up is refused by the task, and nothing changes', async (t) => {
  const site = await openOnline(t);
  for (let index = 0; index < 20; index++) {
    await site.command('SET', `big:${index}`, 'x'.repeat(MEGABYTE));
  }
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  const task = await site.run('resize-instance', { maxMemoryBytes: 22 * MEGABYTE });
  assert.equal(task.state, 'failed');
  assert.match(task.message, /2\d MB are in use, and 22 MB are less than 1\.3 times that.*order more, or remove data first/);
  assert.equal(await site.state(), 'online');
  assert.equal((await look(site, PASSWORD)).maxMemoryBytes, 64 * MEGABYTE);
  assert.equal(await site.command('DBSIZE'), 20);
});

test('a change waits for a server that is just coming up again', async (t) => {
  const site = await openOnline(t);
  const { pid } = await look(site, PASSWORD);
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  process.kill(pid, 'SIGKILL');
  await eventually('the end is noticed', () => site.supervisor.status(ID)?.state !== 'running');
  assert.deepEqual(await pick(site.run('reset-password', { sealedSecrets: site.sealPassword(NEW_PASSWORD) })), ['succeed', '']);
  await look(site, NEW_PASSWORD);
});

test('another port is the one that is listened on, with the data, and stays', async (t) => {
  const site = await openOnline(t);
  await site.command('SET', 'kept', 'value');
  const port = await pickFreePort();
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  assert.deepEqual(await pick(site.run('move-port', { port })), ['succeed', '']);
  const row = await site.catalog.instances.get(ID);
  assert.deepEqual([row?.state, row?.port], ['online', port]);
  assert.equal(await site.command('GET', 'kept'), 'value');
  await site.supervisor.stop(ID);
  await site.start();
  assert.equal(site.supervisor.status(ID)?.port, port);
});

test('a port that somebody takes meanwhile fails the move, and the server is back on its own', async (t) => {
  const site = await openOnline(t);
  await site.command('SET', 'kept', 'value');
  const before = await site.catalog.instances.get(ID);
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  const task = await site.run('move-port', { port });
  assert.equal(task.state, 'failed');
  assert.match(task.message, new RegExp(`port ${port} is taken.*give another port`));
  const after = await site.catalog.instances.get(ID);
  assert.deepEqual([after?.state, after?.port], ['online', before?.port]);
  assert.equal(site.supervisor.status(ID)?.port, before?.port);
  assert.equal(await site.command('GET', 'kept'), 'value');
});

test('a server that could not be started again, since its version is gone from the machine, is not stopped for a move', async (t) => {
  const site = await openOnline(t);
  const row = await site.catalog.instances.get(ID);
  assert.ok(row);
  await site.catalog.instances.recordLook(ID, { ...row, serverVersion: '99.0.0' });
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  const task = await site.run('move-port', { port: await pickFreePort() });
  assert.equal(task.state, 'failed');
  assert.match(task.message, /99/);
  const after = await site.catalog.instances.get(ID);
  assert.deepEqual([after?.state, after?.port], ['online', row.port]);
  assert.equal(await site.command('PING'), 'PONG');
});

test('a move that was cut off between server and row is finished by the next try', async (t) => {
  const site = await openOnline(t);
  await site.command('SET', 'kept', 'value');
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  const port = await pickFreePort();
  await leaveServer(site, { password: PASSWORD, port });
  const next = await openSite(t, site);
  await next.start();
  assert.equal(await next.command('GET', 'kept'), 'value', 'the row follows the server');
  assert.deepEqual(await pick(next.run('move-port', { port })), ['succeed', '']);
  assert.deepEqual([(await next.catalog.instances.get(ID))?.port, await next.state()], [port, 'online']);
  assert.equal(await next.command('GET', 'kept'), 'value');
});

test('clears every database', async (t) => {
  const site = await openSite(t);
  await site.order();
  await site.run('create-instance');
  const port = (await site.catalog.instances.get(ID))?.port ?? 0;
  const inTwo = (...args: string[]) =>
    withServerConnection({ host: '127.0.0.1', port, password: PASSWORD }, 5_000, async (send) => {
      await send(['SELECT', '2']);
      return send(args);
    });
  await inTwo('SET', 'a', '1');
  await site.run('clear-instance');
  assert.equal(await inTwo('DBSIZE'), 0);
});

test('an ordered port that somebody takes meanwhile fails the creation, and leaves nothing', async (t) => {
  const site = await openSite(t);
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await site.order({ port });
  const task = await site.run('create-instance', { port });
  assert.equal(task.state, 'failed');
  assert.match(task.message, new RegExp(`port ${port} is taken.*order the instance with another port`));
  assert.equal(await site.state(), 'failed');
  assert.deepEqual(await readdir(site.directory), []);
  assert.equal(site.supervisor.status(ID), undefined);
});

test('a change whose configuration file cannot be written, as on a full disk, leaves the server as it was', async (t) => {
  const site = await openOnline(t);
  const { pid } = await look(site, PASSWORD);
  await site.catalog.instances.move(ID, 'online', 'changing', 1);
  const file = join(site.directory, ID, 'redis.conf');
  await rm(file);
  await mkdir(join(file, 'in the way'), { recursive: true });
  assert.equal((await site.run('reset-password', { sealedSecrets: site.sealPassword(NEW_PASSWORD) })).state, 'failed');
  assert.equal(await site.state(), 'online');
  assert.equal((await look(site, PASSWORD)).pid, pid, 'the server went on with the old password');
});

test('an ordered port is the one that is listened on', async (t) => {
  const site = await openSite(t);
  const port = await pickFreePort();
  await site.order({ port });
  assert.deepEqual(await pick(site.run('create-instance', { port })), ['succeed', '']);
  assert.equal((await site.catalog.instances.get(ID))?.port, port);
});

test('a version that is not installed fails the creation and says what is', async (t) => {
  const site = await openSite(t);
  await site.order({ serverKind: 'valkey', serverVersion: '99.0.0' });
  const task = await site.run('create-instance');
  assert.equal(task.state, 'failed');
  assert.match(task.message, /no valkey 99\.0\.0 or newer is installed; here is /);
  assert.equal(await site.state(), 'failed');
});

test('a server that does not come up after isolation leaves the instance isolated, its data untouched', async (t) => {
  const site = await openSite(t);
  await site.order();
  await site.run('create-instance');
  await site.catalog.instances.move(ID, 'online', 'isolating', 1);
  await site.run('isolate-instance');
  const files = await readdir(join(site.directory, ID));
  const broken = await openSite(t, {
    directory: site.directory,
    catalog: {
      ...site.catalog,
      instances: {
        ...site.catalog.instances,
        get: async (id) => {
          const row = await site.catalog.instances.get(id);
          return row === undefined ? undefined : { ...row, serverVersion: '99.0.0' };
        },
      },
    },
  });
  await site.catalog.instances.move(ID, 'isolated', 'starting', 1);
  const handler = createStartInstanceHandler({ catalog: broken.catalog, clock: systemClock, servers: broken.servers });
  const task = { ...newTask({ instanceId: ID }), taskId: 1 } as never;
  const context = { signal: new AbortController().signal } as never;
  await assert.rejects(handler.run(task, context), { code: 'server-not-found' });
  await handler.recordFailure?.(task, site.catalog, new Error());
  assert.equal(await site.state(), 'isolated');
  assert.deepEqual((await readdir(join(site.directory, ID))).sort(), files.sort());
});

test('a creation that is aborted ends its server, and the next try finishes it', async (t) => {
  const site = await openSite(t);
  await site.order();
  const instance = await site.catalog.instances.get(ID);
  assert.ok(instance);
  const abort = new AbortController();
  const creating = createManagedInstance(
    { catalog: site.catalog, clock: systemClock, servers: site.servers },
    instance,
    { port: 0 },
    abort.signal,
  );
  await eventually('the server is being started', () => site.supervisor.status(ID) !== undefined);
  abort.abort(new Error('the worker stops'));
  await assert.rejects(creating);
  await eventually('it is ended', () => site.supervisor.status(ID) === undefined);
  assert.equal(await site.state(), 'starting');
  assert.deepEqual(await pick(site.run('create-instance')), ['succeed', '']);
});

test('the next start leaves the servers of tasks alone, starts online ones, and ends those of isolated ones', async (t) => {
  const first = await openSite(t);
  await first.order();
  await first.run('create-instance');
  const record = await readProcessRecord(join(first.directory, ID));
  assert.ok(record);
  // As after a kill: another supervisor on the same directory, with the server still running.
  for (const state of ['starting', 'isolating', 'cleaning'] as const) {
    const next = await openSite(t, {
      directory: first.directory,
      catalog: {
        ...first.catalog,
        instances: { ...first.catalog.instances, list: async () => ({ total: 1, instances: [{ ...(await row()), state }] }) },
      },
    });
    await next.start();
    assert.ok(await readIdentity(record.pid), state);
    assert.equal(next.supervisor.status(ID), undefined);
  }
  const adopting = await openSite(t, first);
  await adopting.start();
  assert.equal(adopting.supervisor.status(ID)?.pid, record.pid, 'the online one is adopted');

  const third = await openSite(t, first);
  await first.catalog.instances.move(ID, 'online', 'isolating', 1);
  await first.catalog.instances.move(ID, 'isolating', 'isolated', 1);
  await adopting.supervisor.stop(ID);
  await third.start();
  assert.equal(third.supervisor.status(ID), undefined);
  assert.equal((await readdir(first.directory)).length, 1, 'its data stay');

  async function row(): Promise<Instance> {
    const found = await first.catalog.instances.get(ID);
    assert.ok(found);
    return found;
  }
});

test('the next start removes what a failed creation or an unfinished removal has left', async (t) => {
  const site = await openSite(t);
  await site.order();
  await site.run('create-instance');
  await site.supervisor.stop(ID);
  await site.catalog.instances.move(ID, 'online', 'isolating', 1);
  await site.catalog.instances.move(ID, 'isolating', 'isolated', 1);
  await site.catalog.instances.move(ID, 'isolated', 'cleaning', 1);
  await site.catalog.instances.move(ID, 'cleaning', 'detached', 1);
  assert.deepEqual(await readdir(site.directory), [ID]);
  await site.start();
  assert.deepEqual(await readdir(site.directory), []);
  assert.equal(await site.state(), 'detached', 'the row stays for its backups');

  const other = await openSite(t);
  await other.order({ state: 'failed' });
  await other.start();
  assert.equal(await other.state(), undefined);
});

test('a removal that a crash has cut off before its record is finished by the next try', async (t) => {
  const site = await openSite(t);
  await site.order();
  await site.run('create-instance');
  await site.catalog.instances.move(ID, 'online', 'isolating', 1);
  await site.run('isolate-instance');
  await site.catalog.instances.move(ID, 'isolated', 'cleaning', 1);
  await site.servers.remove(ID);
  assert.equal(await site.servers.hasData(ID), false);
  assert.deepEqual(await pick(site.run('clean-up-instance')), ['succeed', '']);
  assert.equal(await site.state(), 'detached');
});

test('a creation that was given up without a try leaves the instance isolated, and what its directory holds', async (t) => {
  const site = await openSite(t);
  await site.order();
  await site.run('create-instance');
  await site.command('SET', 'kept', 'value');
  await site.supervisor.stop(ID);
  // As after a catalog was rebuilt from a snapshot of the second in which the instance was created.
  const handler = createCreateInstanceHandler({ catalog: site.catalog, clock: systemClock, servers: site.servers });
  for (const state of ['starting', 'creating'] as const) {
    let moved: string[] = [];
    const row = await site.catalog.instances.get(ID);
    assert.ok(row);
    const tables = {
      ...site.catalog,
      instances: {
        ...site.catalog.instances,
        get: async () => ({ ...row, state }),
        move: async (_id: string, from: string, to: string) => {
          moved = [from, to];
        },
      },
    };
    const task = { ...newTask({ instanceId: ID }), taskId: 1 } as never;
    await handler.recordFailure?.(task, tables, new DomainError('task-abandoned', 'gave up'));
    assert.deepEqual(moved, [state, 'isolated']);
    await handler.recordFailure?.(task, tables, new DomainError('managed-port-taken', 'no'));
    assert.deepEqual(moved, [state, 'failed']);
  }
  await site.start();
  assert.equal(await site.command('GET', 'kept'), 'value');
});

test('an isolated instance whose data are gone is not started empty', async (t) => {
  const site = await openSite(t);
  await site.order({ state: 'starting' });
  const task = await site.run('start-instance');
  assert.equal(task.state, 'failed');
  assert.match(task.message, /there are no data of instance .*clean it up/);
  assert.equal(await site.state(), 'isolated');
  assert.equal(site.supervisor.status(ID), undefined);
});

test('the machine tells its servers, its room and its ports', async (t) => {
  const { supervisor } = await openSite(t);
  const machine = createLocalMachine({ supervisor, directory: await createTempDirectory(t) });
  const [engine] = await machine.engines();
  assert.match(`${engine?.serverKind} ${engine?.serverVersion}`, /^(redis|valkey) \d+\.\d+/);
  const { totalMemoryBytes, freeMemoryBytes, freeDiskBytes } = await machine.room();
  assert.ok(freeMemoryBytes > 0 && freeMemoryBytes <= totalMemoryBytes && freeDiskBytes > 0);
  const port = await pickFreePort();
  assert.equal(await machine.isPortFree(port), await isPortFree(port));
});

async function pick(task: Promise<{ state: string; message: string }>): Promise<[string, string]> {
  const { state, message } = await task;
  return [state, message];
}
