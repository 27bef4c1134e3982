import assert from 'node:assert/strict';
import { access, chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { backUp, endOfTask, listBackups } from '../harness/backups.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

const PASSWORD = 'correct-horse-7';
const ORDER = { TypeId: 17, MemSize: 1024, GoodsNum: 1, Period: 1, BillingMode: 0, Password: PASSWORD };

interface Shown {
  readonly InstanceId: string;
  readonly Status: number;
  readonly WanIp: string;
  readonly Port: number;
  readonly Type: number;
}

describe('managed instances', () => {
  let dataDir: string;
  let service: RunningService;
  beforeEach(async () => {
    dataDir = await makeDataDir();
    service = await startService(dataDir);
  });
  afterEach(async () => {
    await service.stop();
    await removeDataDir(dataDir);
  });

  const call = <Answer extends object>(action: string, parameters: object = {}) => service.client.call<Answer>('redis', action, parameters);

  async function show(instanceId: string): Promise<Shown | undefined> {
    const { InstanceSet } = await call<{ InstanceSet: Shown[] }>('DescribeInstances', { InstanceId: instanceId });
    return InstanceSet[0];
  }

  /** The number of the first server that is installed. */
  async function findType(): Promise<number> {
    const { RegionSet } = await call<{ RegionSet: Array<{ ZoneSet: Array<{ ProductSet: Array<{ Type: number }> }> }> }>(
      'DescribeProductInfo',
    );
    return RegionSet[0]?.ZoneSet[0]?.ProductSet[0]?.Type ?? 0;
  }

  async function order(more: object = {}): Promise<string> {
    const { InstanceIds } = await call<{ InstanceIds: string[] }>('CreateInstances', { ...ORDER, TypeId: await findType(), ...more });
    return InstanceIds[0] ?? '';
  }

  async function online(instanceId: string): Promise<Shown> {
    for (;;) {
      const shown = await show(instanceId);
      assert.ok(shown, 'it is still there');
      if (shown.Status === 2) {
        return shown;
      }
      await sleep(60);
    }
  }

  /** The commands of one instance's life: each ends its task. */
  async function step(action: string, InstanceId: string, more: object = {}): Promise<void> {
    const { TaskId } = await call<{ TaskId: number }>(action, { InstanceId, ...more });
    const task = await endOfTask(service, TaskId);
    assert.equal(task.Status, 'succeed', task.TaskMessage);
  }

  it('live their life over the official API, and their backups outlive them', async () => {
    const instanceId = await order({ InstanceName: 'orders', ZoneName: 'ap-guangzhou-3' });
    const { WanIp, Port } = await online(instanceId);
    await send(WanIp, Port, 'SET', 'kept', 'value');
    const backup = await backUp(service, instanceId);
    assert.equal(backup.Status, 2);
    await step('DestroyPostpaidInstance', instanceId);
    assert.equal((await show(instanceId))?.Status, -2);
    await assert.rejects(send(WanIp, Port, 'PING'));
    await step('StartupInstance', instanceId);
    assert.equal(await send(WanIp, (await online(instanceId)).Port, 'GET', 'kept'), 'value');
    await step('ClearInstance', instanceId, { Password: PASSWORD });
    assert.equal(await send(WanIp, (await online(instanceId)).Port, 'DBSIZE'), 0);
    await step('DestroyPostpaidInstance', instanceId);
    await step('CleanUpInstance', instanceId);
    assert.equal(await show(instanceId), undefined);
    assert.deepEqual(await readdir(join(dataDir, 'instances')), []);
    assert.deepEqual(
      (await listBackups(service, instanceId)).map(({ BackupId }) => BackupId),
      [backup.BackupId],
    );
    const check = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(check.status, 0, check.stdout + check.stderr);
  });

  it('are started again with the service, with their data, password and limit', async () => {
    const instanceId = await order();
    const before = await online(instanceId);
    await send(before.WanIp, before.Port, 'SET', 'kept', 'value');
    await service.stop();
    service = await startService(dataDir);
    await until(async () => {
      const { Port = 0 } = (await show(instanceId)) ?? {};
      return (await send('127.0.0.1', Port, 'GET', 'kept').catch(() => '')) === 'value';
    });
    const { Port = 0 } = (await show(instanceId)) ?? {};
    assert.deepEqual(await send('127.0.0.1', Port, 'CONFIG', 'GET', 'maxmemory'), ['maxmemory', String(2 ** 30)]);
  });

  it('the command line creates, renames, clears, destroys, starts and cleans up', async () => {
    const run = async (...args: string[]) => {
      const result = await redkeep(['instance', ...args, '--data-dir', dataDir]);
      assert.equal(result.status, 0, result.stderr);
      return result.stdout;
    };
    const [instanceId = '', url = ''] = (await run('create', '--name', 'by-hand', '--memory', '1024')).split('\n');
    assert.match(instanceId, /^crs-[a-z0-9]{8}$/);
    const { hostname, port, password } = new URL(url);
    assert.equal(await sendAs(password, hostname, Number(port), 'PING'), 'PONG');
    const file = join(dataDir, 'password');
    await writeFile(file, `${password}\n`);
    assert.equal(await run('clear', instanceId, '--password-file', file), `${instanceId} cleared\n`);
    await run('rename', instanceId, 'another');
    assert.match(await run('list'), new RegExp(`^${instanceId} +another +online`, 'm'));
    assert.equal(await run('destroy', instanceId), `${instanceId} isolated\n`);
    assert.match(await run('list'), new RegExp(`^${instanceId} +another +isolated`, 'm'));
    assert.equal(await run('start', instanceId), `${instanceId} started\n`);
    await run('destroy', instanceId);
    assert.equal(await run('clean-up', instanceId), `${instanceId} cleaned up\n`);
    assert.doesNotMatch(await run('list'), new RegExp(instanceId));

    await writeFile(file, PASSWORD);
    const made = JSON.parse(await run('create', '--password-file', file, '--zone', 'ap-guangzhou-2', '--json')) as Record<string, unknown>;
    assert.deepEqual([made['Status'], made['Host'], 'Password' in made], [2, '127.0.0.1', false]);
    assert.equal(await send('127.0.0.1', Number(made['Port']), 'PING'), 'PONG');

    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const refused = await redkeep([
      'instance',
      'create',
      '--port',
      String(typeof address === 'object' ? address?.port : 0),
      '--data-dir',
      dataDir,
    ]);
    taken.close();
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /VPort \d+ is taken on this machine/);
    assert.equal((await redkeep(['instance', 'create', '--memory', 'much', '--data-dir', dataDir])).status, 2);
    assert.equal((await redkeep(['instance', 'clear', instanceId, '--password-file', '/none', '--data-dir', dataDir])).status, 2);
  });

  describe('kill -9 of the service', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
    it('while an instance is created: the next start brings it up, or away, and nothing is left twice', async () => {
      await service.stop();
      // A server that takes its time, so that the kill finds the creation under way.
      const path = join(dataDir, 'slow');
      await mkdir(path);
      const real = (await readServerPath()) ?? '/usr/bin/redis-server';
      await writeFile(join(path, 'redis-server'), `#!/bin/sh\ncase "$1" in --version) ;; *) sleep 2 ;; esac\nexec ${real} "$@"\n`);
      await chmod(join(path, 'redis-server'), 0o755);
      service = await startService(dataDir, { env: { PATH: `${path}:${process.env['PATH']}` } });
      const instanceId = await order();
      await until(async () => stateOf(dataDir, instanceId) === 'starting');
      assert.equal((await show(instanceId))?.Status, 1);
      await service.kill();
      assert.equal(stateOf(dataDir, instanceId), 'starting');

      service = await startService(dataDir);
      const { Port } = await online(instanceId);
      assert.equal(await send('127.0.0.1', Port, 'PING'), 'PONG');
      const { Tasks } = await call<{ Tasks: Array<{ Result: number }> }>('DescribeTaskList', { InstanceId: instanceId });
      assert.deepEqual(
        Tasks.map(({ Result }) => Result),
        [2],
      );
      assert.equal((await serversIn(join(dataDir, 'instances'))).length, 1);
    });

    it('right after the order: the next start creates the instance', async () => {
      const instanceId = await order();
      await service.kill();
      service = await startService(dataDir);
      await online(instanceId);
      assert.equal((await serversIn(join(dataDir, 'instances'))).length, 1);
    });

    it('while an instance is isolated: the next start ends its server, and its data stay', async () => {
      const instanceId = await order();
      const { Port } = await online(instanceId);
      await send('127.0.0.1', Port, 'SET', 'kept', 'value');
      const [pid = 0] = await serversIn(join(dataDir, 'instances'));
      // A stopped server does not end when it is asked to, so that the kill finds the isolation under way.
      process.kill(pid, 'SIGSTOP');
      await call('DestroyPostpaidInstance', { InstanceId: instanceId });
      await until(async () => stateOf(dataDir, instanceId) === 'isolating');
      await service.kill();
      process.kill(pid, 'SIGCONT');
      assert.equal(stateOf(dataDir, instanceId), 'isolating');

      service = await startService(dataDir);
      await until(async () => (await show(instanceId))?.Status === -2);
      assert.deepEqual(await serversIn(join(dataDir, 'instances')), []);
      await step('StartupInstance', instanceId);
      assert.equal(await send('127.0.0.1', (await online(instanceId)).Port, 'GET', 'kept'), 'value');
    });

    it('while an instance is cleaned up: the next start finishes it', async () => {
      const instanceId = await order();
      await online(instanceId);
      await step('DestroyPostpaidInstance', instanceId);
      await call('CleanUpInstance', { InstanceId: instanceId });
      await service.kill();
      service = await startService(dataDir);
      await until(async () => (await show(instanceId)) === undefined);
      assert.deepEqual(await readdir(join(dataDir, 'instances')), []);
    });
  });
});

function send(host: string, port: number, ...args: string[]): Promise<unknown> {
  return sendAs(PASSWORD, host, port, ...args);
}

async function sendAs(password: string, host: string, port: number, ...args: string[]): Promise<unknown> {
  const client = createClient({ RESP: 2, disableClientInfo: true, password, socket: { host, port, reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.sendCommand(args);
  } finally {
    if (client.isOpen) {
      client.destroy();
    }
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(120_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await sleep(60);
  }
}

/** The state in the row, as the file holds it, without asking the service. */
function stateOf(dataDir: string, instanceId: string): unknown {
  const catalog = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true, timeout: 5_000 });
  try {
    return catalog.prepare('SELECT state FROM instances WHERE instance_id = ?').get(instanceId)?.['state'];
  } finally {
    catalog.close();
  }
}

/** Pids of the servers that work below a directory. */
async function serversIn(directory: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    const command = /^\d+$/.test(name) ? await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '') : '';
    const workingDirectory = /^(redis|valkey)-server/.test(command) ? await readlink(`/proc/${name}/cwd`).catch(() => '') : '';
    if (workingDirectory.startsWith(directory)) {
      pids.push(Number(name));
    }
  }
  return pids;
}

async function readServerPath(): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    const path = join(directory, 'redis-server');
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      return path;
    }
  }
  return undefined;
}
