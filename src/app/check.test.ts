import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BACKUP_FACTS, BACKUP_ID, writeAttempt } from '../../test/harness/attempts.ts';
import { backupRow, instanceRow, newTask } from '../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../test/harness/event-log.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/open-catalog.ts';
import { createTimeUuid } from '../lib/ids.ts';
import { createKeyring } from '../repository/keyring.ts';
import { saveKeyringFile } from '../repository/keyring-file.ts';
import type { Repository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { openStorage } from '../storage/registry.ts';
import { sweepAttempts } from '../tasks/handlers/sweep-attempts.ts';
import { check } from './check.ts';
import { createSecretBox } from './instance-secrets.ts';
import { openSiteRepository } from './open-site-repository.ts';
import { createMarkBox } from './restores.ts';

const { accountId, instanceId } = BACKUP_FACTS;
const RDB = Buffer.from('REDIS0010 and so on');

describe('check', () => {
  let dataDir: string;
  let catalog: Catalog;
  let storage: ObjectStorage;
  let repository: Repository;
  let keyring: ReturnType<typeof createKeyring>;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'redkeep-check-'));
    keyring = createKeyring();
    await saveKeyringFile(join(dataDir, 'keyring.json'), keyring);
    catalog = await openCatalog(`sqlite://${dataDir}/catalog.db`);
    storage = await openStorage(pathToFileURL(join(dataDir, 'repository')).href);
    repository = await openSiteRepository(storage, keyring, catalog);
    await catalog.settings.setOnce('account-id', accountId);
    const sealedSecrets = createSecretBox(keyring).seal(instanceId, { password: 'secret' });
    await catalog.instances.insert(instanceRow({ accountId, instanceId, sealedSecrets }));
  });
  afterEach(async () => {
    await catalog.close();
    await rm(dataDir, { recursive: true });
  });

  /** Stores a backup as its task does; `lostTries` tries break off before, and leave what they had written. */
  async function storeBackup(backupId = BACKUP_ID, lostTries = 0): Promise<void> {
    await catalog.transaction(async (tables) => {
      await tables.backups.insert(backupRow({ ...BACKUP_FACTS, backupId }));
      await tables.tasks.enqueue(newTask({ accountId, subject: backupId }));
    });
    for (let attempt = 1; ; attempt++) {
      const claim = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
      assert.ok(claim !== undefined);
      const endedAt = Date.now();
      await writeAttempt(repository, { backupId, attempt }, [[RDB], [RDB]], { 'server-settings': 'maxmemory 1' }, endedAt);
      if (attempt > lostTries) {
        const facts = { attempt, endedAt, sizeBytes: 2 * RDB.length, serverKind: 'redis', serverVersion: '7.0.15' };
        await catalog.transaction(async (tables) => {
          await tables.tasks.succeed(claim.lease);
          await tables.backups.complete(backupId, facts);
        });
        return;
      }
      await catalog.tasks.release(claim.lease);
    }
  }

  async function findings(): Promise<string[]> {
    const report = await check({ dataDir }, {});
    return report.findings.map(({ subject, problem }) => `${subject}: ${problem}`);
  }

  function change(sql: string): void {
    const other = new DatabaseSync(join(dataDir, 'catalog.db'), { enableForeignKeyConstraints: false });
    other.exec(sql);
    other.close();
  }

  const inAttempt = (name: string) => `backups/${BACKUP_ID}/1/${name}`;

  test('finds nothing wrong with a backup that is as it was stored, and reads it whole', async () => {
    await storeBackup();
    const report = await check({ dataDir }, {});
    assert.deepEqual([report.backups, report.findings], [1, []]);
    assert.ok(report.storedBytes > 2 * RDB.length);
  });

  for (const name of ['data-00000-00007', 'data-00002-00000', 'index-00004', 'section-other', 'stranger']) {
    test(`finds ${name} in an attempt whose manifest does not name it`, async () => {
      await storeBackup();
      await storage.put(inAttempt(name), Buffer.from('x'));
      const problem = name === 'stranger' ? 'no part of the repository has this name' : 'its manifest does not name it';
      assert.deepEqual(await findings(), [`${inAttempt(name)}: ${problem}`]);
    });
  }

  test('finds every object that is missing', async () => {
    await storeBackup();
    const lost = ['data-00000-00000', 'index-00001', 'section-server-settings'].map(inAttempt);
    for (const name of lost) {
      await storage.delete(name);
    }
    assert.deepEqual(
      await findings(),
      lost.map((name) => `${name}: its manifest names it, but it is missing`),
    );
  });

  test('finds a backup without its manifest, and one whose bytes have changed', async () => {
    await storeBackup();
    const name = inAttempt('data-00001-00000');
    const bytes = await storage.read(name);
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    await storage.put(name, bytes, { replace: true });
    const [damaged = '', ...others] = await findings();
    assert.match(damaged, /data-00001-00000/);
    assert.deepEqual(others, []);
    await storage.delete(inAttempt('manifest'));
    const [missing = '', ...more] = await findings();
    assert.match(missing, /manifest does not exist/);
    assert.deepEqual(more, []);
  });

  for (const [column, value, fact] of [
    ['instance_name', 'other', 'instanceName'],
    ['type', 'automatic', 'type'],
    ['remark', 'other', 'remark'],
    ['started_at', 7, 'startedAt'],
    ['ended_at', 7, 'endedAt'],
    ['expires_at', 7, 'expiresAt'],
    ['size_bytes', 7, 'sizeBytes'],
    ['server_kind', 'valkey', 'serverKind'],
    ['server_version', '8.0.1', 'serverVersion'],
  ] as const) {
    test(`finds a row whose ${column} is not the manifest's`, async () => {
      await storeBackup();
      change(`update backups set ${column} = ${JSON.stringify(value).replaceAll('"', "'")}`);
      const [finding = '', ...others] = await findings();
      assert.ok(finding.startsWith(`${BACKUP_ID}: its row and its manifest differ in ${fact}: ${JSON.stringify(value)} and `), finding);
      assert.deepEqual(others, []);
    });
  }

  test('finds a managed instance that is under way without a task', async () => {
    for (const [index, state] of (
      ['creating', 'starting', 'isolating', 'cleaning', 'isolated', 'restoring', 'attaching', 'changing'] as const
    ).entries()) {
      const row = await catalog.instances.get(instanceId);
      assert.ok(row);
      const id = `crs-0000000${index}`;
      const sealedSecrets = createSecretBox(keyring).seal(id, { password: 'secret' });
      await catalog.instances.insert({ ...row, instanceId: id, kind: 'managed', state, sealedSecrets });
    }
    await catalog.tasks.enqueue(
      newTask({ accountId, instanceId: 'crs-00000002', kind: 'isolate-instance', subject: '', exclusiveKey: 'crs-00000002' }),
    );
    const { findings } = await check({ dataDir }, {});
    assert.deepEqual(findings, [
      { subject: 'crs-00000000', problem: 'it is creating, but no task works on it' },
      { subject: 'crs-00000001', problem: 'it is starting, but no task works on it' },
      { subject: 'crs-00000003', problem: 'it is cleaning, but no task works on it' },
      { subject: 'crs-00000005', problem: 'it is restoring, but no task works on it' },
      { subject: 'crs-00000006', problem: 'it is attaching, but no task works on it' },
      { subject: 'crs-00000007', problem: 'it is changing, but no task works on it' },
    ]);
  });

  test('finds a restore that was left unsettled, and a hold, where their task is not under way', async () => {
    await storeBackup();
    const taskId = await catalog.tasks.enqueue(newTask({ accountId, kind: 'restore-instance', subject: '', exclusiveKey: instanceId }));
    const sealedMark = createMarkBox(keyring).seal(instanceId, {
      step: 'promote',
      isRollback: false,
      runId: '',
      keysBefore: 0,
      merges: false,
    });
    await catalog.restores.setMark({ instanceId, taskId, sealedMark });
    const at = Date.now();
    const span = { at, until: at + 3_600_000 };
    await catalog.lifecycle.hold(BACKUP_ID, { kind: 'restore', id: String(taskId) }, span);
    await catalog.lifecycle.hold(BACKUP_ID, { kind: 'download', id: 'any' }, span);
    assert.deepEqual(await findings(), []);
    const claim = await catalog.tasks.claim('worker', ['restore-instance'], 60_000);
    assert.ok(claim !== undefined);
    await catalog.tasks.fail(claim.lease, 'it had enough');
    const [mark = '', hold = '', ...others] = await findings();
    assert.match(mark, new RegExp(`^${instanceId}: the restore of task ${taskId} was left unsettled, .*; restore to it again`));
    assert.match(hold, new RegExp(`^${BACKUP_ID}: a restore holds it until .*, but its task ${taskId} is not under way$`));
    assert.deepEqual(others, []);
  });

  test('finds a backup that is being converted without a task', async () => {
    await storeBackup();
    await catalog.lifecycle.beginConversion(BACKUP_ID);
    assert.deepEqual(await findings(), [`${BACKUP_ID}: it is being converted, but no task does it`]);
  });

  test('finds counters that are not those of the rows', async () => {
    await storeBackup();
    change("update backup_counts set backups = 3 where state = 'available'");
    assert.deepEqual(await findings(), [`${instanceId}: 3 backups are counted as available, but there are 1`]);
  });

  test('finds damage of the database, and then judges nothing by it', async () => {
    await storeBackup();
    change('delete from instances');
    assert.deepEqual(await check({ dataDir }, {}), {
      backups: 0,
      storedBytes: 0,
      findings: [{ subject: 'catalog', problem: 'a row of backups refers to one of instances that does not exist' }],
    });
  });

  test('finds stored bytes that no row names', async () => {
    await writeAttempt(repository, { backupId: BACKUP_ID, attempt: 1 }, [[RDB]]);
    assert.deepEqual(await findings(), [`${BACKUP_ID}/1: stored bytes that no row names`]);
  });

  test('asks for the bytes of an expired backup until its grace is over, and for none of a deleted one', async () => {
    await storeBackup();
    const at = Date.now();
    await catalog.lifecycle.expire(BACKUP_ID, { at, removableAt: at + 3_600_000, keepMin: 1, force: true });
    assert.equal((await check({ dataDir }, {})).backups, 1);
    await storage.delete(inAttempt('manifest'));
    assert.match((await findings()).join(), /manifest does not exist/);
    await catalog.lifecycle.endGrace(BACKUP_ID, at);
    assert.deepEqual(await findings(), []);
    await repository.removeAttempt({ backupId: BACKUP_ID, attempt: 1 });
    await catalog.lifecycle.markDeleted(BACKUP_ID, at);
    assert.deepEqual(await findings(), []);
  });

  test('finds bytes of a backup that is deleted, which the next sweep removes', async () => {
    await storeBackup();
    const hours = Date.now() - 2 * 3_600_000;
    await catalog.lifecycle.expire(BACKUP_ID, { at: hours, removableAt: hours, keepMin: 1, force: true });
    await catalog.lifecycle.markDeleted(BACKUP_ID, hours);
    assert.deepEqual(await findings(), [`${BACKUP_ID}/1: stored bytes of a backup that is deleted`]);
    await sweepAttempts({ catalog, repository, log: createEventLog() });
    assert.deepEqual(await findings(), []);
  });

  test('finds nothing wrong where a service starts, breaks off, commits and sweeps beside it', async () => {
    const log = createEventLog();
    let working = true;
    const serve = async () => {
      for (let round = 0; round < 12; round++) {
        await storeBackup(createTimeUuid(Date.now()), round % 2);
        if (round % 3 === 0) {
          await sweepAttempts({ catalog, repository, log });
        }
      }
    };
    const serving = serve().finally(() => {
      working = false;
    });
    try {
      while (working) {
        assert.deepEqual(await findings(), []);
      }
    } finally {
      await serving;
    }
    assert.ok(log.names.includes('sweep.removed'));
  });
});
