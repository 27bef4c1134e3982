import assert from 'node:assert/strict';
import { attach, backUp, endOfTask } from '../harness/backups.ts';
import { type RedisContent, readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, removeDataDir, startService } from '../harness/service.ts';

/** A service, a source of every type of key, and servers that are restored to. */
export interface RestoredSite extends AsyncDisposable {
  readonly dataDir: string;
  readonly source: RedisServer;
  readonly sourceId: string;
  readonly service: RunningService;
  /** A target with data, an expiry and settings of its own. */
  addTarget(): Promise<Target>;
  /** Backs the source up as it is now. */
  addBackup(): Promise<KnownBackup>;
  /** SIGKILL, and a new start; resolves to the milliseconds until it was ready. */
  killAndStart(): Promise<number>;
  restore(target: Target, backupId: string, more?: object): Promise<{ TaskId: number }>;
}

export interface Target {
  readonly server: RedisServer;
  readonly instanceId: string;
}

export interface KnownBackup {
  readonly backupId: string;
  readonly content: RedisContent;
}

const OWN_MASTERAUTH = 'of-its-own';
const ENV = { REDKEEP_RATE_LIMIT: 'off' };

export async function openRestoredSite(): Promise<RestoredSite> {
  const dataDir = await makeDataDir();
  const source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  const targets: RedisServer[] = [];
  let service = await startService(dataDir, { env: ENV });
  const sourceId = await attach(service, source);
  return {
    dataDir,
    source,
    sourceId,
    get service() {
      return service;
    },
    async addTarget() {
      const server = await startRedis({ config: [...COMPARABLE.config, `masterauth ${OWN_MASTERAUTH}`] });
      targets.push(server);
      await refill(server);
      return { server, instanceId: await attach(service, server) };
    },
    async addBackup() {
      return { backupId: (await backUp(service, sourceId)).BackupId, content: await readContent(source) };
    },
    async killAndStart() {
      await service.kill();
      const startedAt = performance.now();
      service = await startService(dataDir, { env: ENV });
      return performance.now() - startedAt;
    },
    restore: ({ instanceId }, BackupId, more = {}) =>
      service.client.call('redkeep', 'RestoreBackup', { InstanceId: instanceId, BackupId, BackupInstanceId: sourceId, ...more }),
    async [Symbol.asyncDispose]() {
      await service.stop();
      await Promise.all([source, ...targets].map((server) => server.stop()));
      await removeDataDir(dataDir);
    },
  };
}

/** Gives a target data and an expiry of its own, in place of what it holds. */
export async function refill(server: RedisServer): Promise<void> {
  await server.command('FLUSHALL');
  await server.command('FUNCTION', 'FLUSH');
  await server.command('MSET', 'only here', 'before', 'other', 'x');
  await server.command('EXPIREAT', 'other', '4102444800');
  await server.command('SELECT', '7');
  await server.command('RPUSH', 'list', 'a', 'b');
  await server.command('SELECT', '0');
}

/** Removes what `refill` put there. */
export async function removeOwn(server: RedisServer): Promise<void> {
  await server.command('DEL', 'only here', 'other');
  await server.command('SELECT', '7');
  await server.command('DEL', 'list');
  await server.command('SELECT', '0');
}

/** No trace of a restore is left on its target but the data: it is a writable master with its own settings, and is online. */
export async function assertAtRest({ service }: RestoredSite, { server, instanceId }: Target): Promise<void> {
  const replication = String(await server.command('INFO', 'replication'));
  assert.match(replication, /^role:master\r$/m);
  assert.match(replication, /^connected_slaves:0\r$/m);
  assert.deepEqual(await server.command('CONFIG', 'GET', 'masterauth'), ['masterauth', OWN_MASTERAUTH]);
  const { InstanceSet } = await service.client.call<{ InstanceSet: Array<{ Status: number }> }>('redis', 'DescribeInstances', {
    InstanceId: instanceId,
  });
  assert.equal(InstanceSet[0]?.Status, 2);
  await server.command('SET', 'written afterwards', 'x');
  await server.command('DEL', 'written afterwards');
}

/** Restores a backup as a whole; the target holds what it holds. */
export async function assertRestores(site: RestoredSite, target: Target, { backupId, content }: KnownBackup): Promise<void> {
  const { TaskId } = await site.restore(target, backupId);
  const task = await endOfTask(site.service, TaskId);
  assert.equal(task.Status, 'succeed', task.TaskMessage);
  assert.deepEqual(await readContent(target.server), content);
  await assertAtRest(site, target);
}
