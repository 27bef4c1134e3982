import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attach, backUp, decodeBackup, startBackup } from '../harness/backups.ts';
import { pickSeed } from '../harness/random-seed.ts';
import { createRandom } from '../harness/random-splits.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, ROOT, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

interface Rebuilt {
  snapshot?: { number: number };
  skipped: string[];
  adopted: string[];
  instances: string[];
  lost: string[];
  givenUpTasks: number[];
  problems: string[];
  keptAt?: string;
}

describe('redkeep catalog rebuild', () => {
  let source: RedisServer;
  let dataDir: string;
  before(async () => {
    source = await startRedis();
    await source.command('SET', 'a', '1');
  });
  after(() => source.stop());
  beforeEach(async () => {
    dataDir = await makeDataDir();
  });
  afterEach(() => removeDataDir(dataDir));

  const run = (args: string[]) => redkeep([...args, '--data-dir', dataDir], { REDKEEP_LOG_LEVEL: 'silent' });

  async function rebuild(...more: string[]): Promise<Rebuilt> {
    const { status, stdout, stderr } = await run(['catalog', 'rebuild', '--json', ...more]);
    assert.equal(status, 0, stdout + stderr);
    return JSON.parse(stdout);
  }

  async function loseCatalog(): Promise<void> {
    for (const suffix of ['', '-wal', '-shm']) {
      await rm(join(dataDir, `catalog.db${suffix}`), { force: true });
    }
  }

  async function checkIsClean(backups: number): Promise<void> {
    const { status, stdout, stderr } = await run(['check', '--json']);
    assert.equal(status, 0, stdout + stderr);
    assert.equal(JSON.parse(stdout).backups, backups);
  }

  /** All rows of all tables but what each start or rebuild changes by itself. */
  function rows(): Record<string, unknown[]> {
    const database = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name").all();
    const all = Object.fromEntries(
      tables.map(({ name }) => [
        String(name),
        database
          .prepare(`select * from ${String(name)}`)
          .all()
          .map((row) => ({ ...row }))
          // A counter of none is as good as no counter.
          .filter(
            (row) => !['snapshot-number', 'expiry-held-until', 'trusted-clock'].includes(String(row['name'])) && row['backups'] !== 0,
          ),
      ]),
    );
    delete all['migrations'];
    database.close();
    return all;
  }

  async function busySite(service: RunningService, backups: number): Promise<string[]> {
    const instances = [await attach(service, source), await attach(service, source, { InstanceName: 'other' })];
    for (let number = 0; number < backups; number++) {
      await backUp(service, instances[number % 2] ?? '');
    }
    await service.client.call('cam', 'AddUser', { Name: 'reader', UseApi: 1 });
    return instances;
  }

  it('brings back every row of a site that had stopped, in place of a lost catalog', async () => {
    const service = await startService(dataDir);
    const [first = ''] = await busySite(service, 5);
    const { BackupSet } = await service.client.call<{ BackupSet: Array<{ BackupId: string }> }>('redis', 'DescribeInstanceBackups', {
      InstanceId: first,
    });
    await service.client.call('redkeep', 'LockBackup', { InstanceId: first, BackupId: BackupSet[0]?.BackupId });
    await service.stop();
    const before = rows();
    await loseCatalog();

    const refused = await run(['serve', '--port', '0']);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /belongs to another catalog; this catalog is new: .*redkeep catalog rebuild/);

    const rebuilt = await rebuild();
    assert.deepEqual([rebuilt.skipped, rebuilt.adopted, rebuilt.lost, rebuilt.givenUpTasks], [[], [], [], []]);
    assert.deepEqual(rows(), before);
    await checkIsClean(5);

    const again = await startService(dataDir);
    await backUp(again, first);
    await again.stop();
    await checkIsClean(6);
    assert.match((await run(['catalog', 'rebuild'])).stderr, /there is a catalog at .*--replace/);
  });

  it('adopts what came after the newest snapshot, and fails what was under way', async () => {
    const service = await startService(dataDir);
    const [first = ''] = await busySite(service, 2);
    await service.stop();

    const busy = await startService(dataDir);
    const late = await backUp(busy, first);
    const other = await attach(busy, source, { InstanceName: 'attached late' });
    const ofOther = await backUp(busy, other);
    await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '300000');
    await source.command('EVAL', "for i = 1, 20 do redis.call('SET', 'k' .. i, string.rep('x', 500)) end", '0');
    await startBackup(busy, first);
    await busy.logged('backup.phase');
    await busy.kill();
    await source.command('CONFIG', 'SET', 'rdb-key-save-delay', '0');
    await loseCatalog();

    const rebuilt = await rebuild();
    assert.deepEqual(rebuilt.adopted.toSorted(), [late.BackupId, ofOther.BackupId].toSorted());
    assert.deepEqual(rebuilt.instances, [other]);
    await checkIsClean(4);

    const after = await startService(dataDir);
    const { InstanceSet } = await after.client.call<{ InstanceSet: Array<{ InstanceId: string }> }>('redis', 'DescribeInstances', {});
    assert.ok(InstanceSet.length >= 2);
    const { BackupSet } = await after.client.call<{ BackupSet: Array<{ BackupId: string; Status: number }> }>(
      'redis',
      'DescribeInstanceBackups',
      { InstanceId: other },
    );
    assert.deepEqual(BackupSet, [{ ...BackupSet[0], BackupId: ofOther.BackupId, Status: 2 }]);
    await backUp(after, first);
    await after.stop();
    await checkIsClean(5);
    const rdb = await readFile(await decodeBackup(dataDir, late.BackupId));
    assert.equal(rdb.toString('latin1', 0, 5), 'REDIS');
  });

  it('falls back to an older snapshot where the newest is damaged, and to manifests where none is left', async () => {
    const service = await startService(dataDir);
    const [first = ''] = await busySite(service, 2);
    await service.stop();
    const later = await startService(dataDir);
    const late = await backUp(later, first);
    await later.stop();
    const before = rows();
    const snapshots = (await readdir(join(dataDir, 'repository', 'catalog'))).toSorted();
    const newest = join(dataDir, 'repository', 'catalog', snapshots.at(-1) ?? '');
    const bytes = await readFile(newest);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    await writeFile(newest, bytes);
    assert.match((await run(['check'])).stdout, /catalog\/\d+: this snapshot of the catalog cannot be read/);
    await copyFile(join(dataDir, 'catalog.db'), join(dataDir, 'good.db'));
    await loseCatalog();

    const rebuilt = await rebuild();
    assert.match(rebuilt.skipped.join(), new RegExp(`catalog snapshot ${snapshots.length}: `));
    assert.deepEqual(rebuilt.adopted, [late.BackupId]);
    const { tasks: _tasks, ...others } = rows();
    const { tasks: _before, ...expected } = before;
    assert.deepEqual({ ...others, access_keys: [], users: [] }, { ...expected, access_keys: [], users: [] });
    await rm(newest);
    await checkIsClean(3);

    for (const name of await readdir(join(dataDir, 'repository', 'catalog'))) {
      await rm(join(dataDir, 'repository', 'catalog', name));
    }
    const fromManifests = await rebuild('--replace');
    assert.equal(fromManifests.snapshot, undefined);
    assert.equal(fromManifests.adopted.length, 3);
    assert.equal(fromManifests.instances.length, 2);
    assert.ok(fromManifests.keptAt !== undefined);
    assert.ok((await readdir(dataDir)).includes(fromManifests.keptAt.split('/').at(-1) ?? ''));
    await checkIsClean(3);
    const after = await startService(dataDir);
    const { BackupSet } = await after.client.call<{ BackupSet: unknown[] }>('redis', 'DescribeInstanceBackups', { InstanceId: first });
    assert.equal(BackupSet.length, 2);
    await after.stop();
    assert.equal((await run(['check'])).status, 0);
  });

  it('refuses an older copy of the catalog, and loses nothing of what came since', async () => {
    const service = await startService(dataDir);
    const [first = ''] = await busySite(service, 1);
    await service.stop();
    await copyFile(join(dataDir, 'catalog.db'), join(dataDir, 'copy.db'));
    const later = await startService(dataDir);
    await backUp(later, first);
    await later.stop();
    await loseCatalog();
    await rename(join(dataDir, 'copy.db'), join(dataDir, 'catalog.db'));

    const refused = await run(['serve', '--port', '0']);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /the repository holds catalog snapshot 2, .* 1 only; .*catalog rebuild --replace/);
    await rebuild('--replace');
    await checkIsClean(2);
  });

  it('leaves the old catalog or the new one where it is killed, at whatever moment', async (t) => {
    const service = await startService(dataDir);
    await busySite(service, 2);
    await service.stop();
    const random = createRandom(pickSeed(t));
    const { backups, instances, users } = rows();
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), 'catalog', 'rebuild', '--replace', '--data-dir', dataDir]);
      const ended = once(child, 'exit');
      // From the moment at which it has the lock to well behind its end.
      await until(async () => child.exitCode !== null || (await readdir(dataDir)).some((name) => name.startsWith('catalog.db.rebuild')));
      const timer = setTimeout(() => child.kill('SIGKILL'), random() ** 2 * 400);
      await ended;
      clearTimeout(timer);
      const left = rows();
      assert.deepEqual({ backups: left['backups'], instances: left['instances'], users: left['users'] }, { backups, instances, users });
      await checkIsClean(2);
    }
    await rebuild('--replace');
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name.includes('.rebuild')),
      [],
    );
    await checkIsClean(2);
  });

  it('says what to do beside a service, without a key and without a repository', async () => {
    const service = await startService(dataDir);
    assert.match((await run(['catalog', 'rebuild', '--replace'])).stderr, /is locked by a running Redkeep/);
    assert.match((await run(['migrate'])).stderr, /is locked by a running Redkeep/);
    await service.stop();
    assert.match((await run(['migrate'])).stdout, /nothing to do/);
    await rename(join(dataDir, 'keyring.json'), join(dataDir, 'away'));
    assert.match((await run(['catalog', 'rebuild', '--replace'])).stderr, /there is no master key/);
    await rename(join(dataDir, 'away'), join(dataDir, 'keyring.json'));
    await rm(join(dataDir, 'repository'), { recursive: true });
    assert.match((await run(['catalog', 'rebuild', '--replace'])).stderr, /holds no repository/);
    assert.ok((await readdir(dataDir)).includes('catalog.db'));
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await sleep(2);
  }
}
