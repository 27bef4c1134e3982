import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { BACKUP_FACTS, writeAttempt } from '../../test/harness/attempts.ts';
import { backupRow, instanceRow, newTask } from '../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../test/harness/event-log.ts';
import type { Backup, Catalog } from '../catalog/catalog.ts';
import { conversionKey } from '../catalog/conversion-task.ts';
import { openCatalog, removeCatalog } from '../catalog/open-catalog.ts';
import { EXPIRY_HELD_UNTIL } from '../catalog/recovery.ts';
import { SAFETY_REMARK, startRestore } from '../catalog/start-restore.ts';
import { createKeyring } from '../repository/keyring.ts';
import { saveKeyringFile } from '../repository/keyring-file.ts';
import type { Repository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { openStorage } from '../storage/registry.ts';
import type { RestoreSite } from '../tasks/handlers/restore-instance.ts';
import { createRestoreInstanceHandler } from '../tasks/handlers/restore-instance.ts';
import { sweepAttempts } from '../tasks/handlers/sweep-attempts.ts';
import { startWorker } from '../tasks/worker.ts';
import { takeSnapshot } from './catalog-snapshots.ts';
import { check } from './check.ts';
import { readConfig } from './config.ts';
import { createSecretBox } from './instance-secrets.ts';
import { openSiteRepository } from './open-site-repository.ts';
import { type Rebuilt, rebuildCatalog } from './rebuild-catalog.ts';

const { accountId, instanceId } = BACKUP_FACTS;
const RDB = Buffer.from('REDIS0010 and so on');

let dataDir: string;
let url: string;
let catalog: Catalog;
let storage: ObjectStorage;
let repository: Repository;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'redkeep-rebuild-'));
  url = `sqlite://${dataDir}/catalog.db`;
  const keyring = createKeyring();
  await saveKeyringFile(join(dataDir, 'keyring.json'), keyring);
  catalog = await openCatalog(url);
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

async function ask(backupId: string): Promise<void> {
  await catalog.transaction(async (tables) => {
    await tables.backups.insert(backupRow({ ...BACKUP_FACTS, backupId }));
    await tables.tasks.enqueue(newTask({ accountId, subject: backupId, exclusiveKey: backupId }));
  });
}

/** Claims the task, and stores a whole attempt; `complete` turns the row to available. */
async function store(backupId: string, { complete = true } = {}): Promise<void> {
  const claim = await catalog.tasks.claim('worker', ['take-backup'], 600_000);
  assert.equal(claim?.task.subject, backupId);
  const { lease } = claim;
  const endedAt = Date.now();
  await writeAttempt(repository, { backupId, attempt: lease.token }, [[RDB]], {}, endedAt);
  if (complete) {
    await catalog.transaction(async (tables) => {
      await tables.tasks.succeed(lease);
      const facts = { attempt: lease.token, endedAt, sizeBytes: RDB.length, serverKind: 'redis', serverVersion: '7.0.15' };
      await tables.backups.complete(backupId, facts);
    });
  }
}

async function backUp(...backupIds: string[]): Promise<void> {
  for (const backupId of backupIds) {
    await ask(backupId);
    await store(backupId);
  }
}

const snapshot = () => takeSnapshot({ catalog, catalogUrl: url, repository });
const expire = (backupId: string, removableAt: number) =>
  catalog.lifecycle.expire(backupId, { at: 1, removableAt, keepMin: 1, force: true });

/** Loses the catalog, rebuilds it and opens it again. */
async function rebuild(options: { fromManifests?: boolean } = {}): Promise<Rebuilt> {
  await catalog.close();
  await removeCatalog(url);
  const rebuilt = await rebuildCatalog(readConfig({ dataDir }, {}), { fromManifests: false, replace: false, ...options });
  catalog = await openCatalog(url);
  return rebuilt;
}

async function stateOf(backupId: string): Promise<Backup['state'] | undefined> {
  return (await catalog.backups.get(backupId))?.state;
}

async function findings(): Promise<string[]> {
  return (await check({ dataDir }, {})).findings.map(({ subject, problem }) => `${subject}: ${problem}`);
}

test('brings every state back as it was, and finds nothing wrong then', async () => {
  await backUp('available', 'converting', 'converted', 'in-grace', 'removed');
  await catalog.lifecycle.beginConversion('converting');
  const exclusiveKey = conversionKey('converting');
  const conversion = await catalog.tasks.enqueue(newTask({ accountId, kind: 'convert-backup', subject: '', exclusiveKey }));
  await catalog.lifecycle.beginConversion('converted');
  await catalog.lifecycle.finishConversion('converted');
  await expire('in-grace', Date.now() + 86_400_000);
  await expire('removed', 1);
  await repository.removeAttempt({ backupId: 'removed', attempt: 1 });
  await catalog.lifecycle.markDeleted('removed', 2);
  await catalog.lifecycle.lock('available');
  await snapshot();
  const before = await collect(catalog.backups.all());
  const rebuilt = await rebuild();
  assert.deepEqual([rebuilt.adopted, rebuilt.lost, rebuilt.problems, rebuilt.givenUpTasks], [[], [], [], [conversion]]);
  assert.deepEqual(await collect(catalog.backups.all()), before);
  assert.deepEqual(await findings(), []);
});

test('a backup that the snapshot saw running: whole by now it is one, else its task fails, once, by its own handler', async () => {
  await ask('whole-since');
  await ask('never-ended');
  await snapshot();
  await store('whole-since');
  const claim = await catalog.tasks.claim('worker', ['take-backup'], 600_000);
  await storage.put('backups/never-ended/1/section-x', Buffer.from('x'));
  await storage.put('backups/never-ended/5/section-x', Buffer.from('x'));
  const rebuilt = await rebuild();
  assert.deepEqual([rebuilt.adopted, rebuilt.givenUpTasks], [['whole-since'], [claim?.lease.taskId]]);
  assert.deepEqual([await stateOf('whole-since'), await stateOf('never-ended')], ['available', 'running']);
  assert.equal((await catalog.tasks.ofSubject('whole-since'))?.state, 'succeed');
  assert.deepEqual(await findings(), []);

  const log = createEventLog();
  const failed = log.next('task.failed');
  const worker = startWorker({
    catalog,
    log,
    owner: 'next',
    handlers: {
      'take-backup': {
        concurrency: 1,
        maxTries: 3,
        run: async () => assert.fail('it must not be tried again'),
        recordFailure: (task, tables) => tables.backups.fail(task.subject, Date.now()),
      },
    },
  });
  await failed;
  await worker.stop();
  assert.equal(await stateOf('never-ended'), 'failed');
  assert.match((await catalog.tasks.ofSubject('never-ended'))?.message ?? '', /when the catalog was lost; ask for it again/);
  assert.deepEqual(await findings(), []);
});

test('a backup whose bytes went after the snapshot says so; a half removed one waits for its removal', async () => {
  await backUp('gone', 'half-gone', 'whole');
  await snapshot();
  await repository.removeAttempt({ backupId: 'gone', attempt: 1 });
  await storage.delete('backups/half-gone/1/manifest');
  const rebuilt = await rebuild();
  assert.deepEqual(rebuilt.lost, ['gone', 'half-gone']);
  assert.deepEqual([await stateOf('gone'), await stateOf('half-gone'), await stateOf('whole')], ['deleted', 'expired', 'available']);
  assert.deepEqual(await findings(), []);
});

test('a backup that is half lost is kept, told of, and counts as bad; without a snapshot it is no backup', async () => {
  await backUp('no-data', 'no-index', 'bad-manifest', 'bad-index', 'whole');
  await snapshot();
  await storage.delete('backups/no-data/1/data-00000-00000');
  await storage.delete('backups/no-index/1/index-00000');
  for (const name of ['backups/bad-manifest/1/manifest', 'backups/bad-index/1/index-00000']) {
    const bytes = await storage.read(name);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await storage.put(name, bytes, { replace: true });
  }
  const half = ['bad-index', 'bad-manifest', 'no-data', 'no-index'];
  const rebuilt = await rebuild();
  assert.deepEqual([rebuilt.lost, rebuilt.problems.length], [[], 4]);
  for (const [index, backupId] of half.entries()) {
    assert.match(rebuilt.problems[index] ?? '', new RegExp(`^backup ${backupId} is damaged and counts as bad: backups/${backupId}/1/`));
    const backup = await catalog.backups.get(backupId);
    assert.deepEqual([backup?.state, backup?.proof.state], ['available', 'failed']);
  }
  assert.deepEqual(await catalog.lifecycle.floor(instanceId, 5, Date.now()), ['whole']);
  assert.deepEqual(
    (await catalog.events.newest(accountId, 10)).map(({ kind }) => kind),
    Array(4).fill('proof-failed'),
  );
  assert.equal((await findings()).length, 4);

  const again = await rebuild({ fromManifests: true });
  assert.deepEqual(again.adopted, ['whole']);
  for (const backupId of half) {
    assert.equal(await catalog.backups.get(backupId), undefined);
    assert.ok(
      again.problems.some((problem) => problem.startsWith(`attempt 1 of backup ${backupId} cannot be taken: backups/${backupId}/1/`)),
      backupId,
    );
  }
});

test('a restore that was under way when the catalog was lost: what to do about its server is told, by the rebuild and by its task', async () => {
  await backUp('wanted');
  const order = { safetyStorageDays: 7, requestedBy: '', replaceExisting: false, ttl: { kind: 'keep' }, dryRun: false } as const;
  const restore = async (more: Partial<typeof order> | { dryRun: true } = {}) => {
    const [instance, backup] = [await catalog.instances.get(instanceId), await catalog.backups.get('wanted')];
    assert.ok(instance !== undefined && backup !== undefined);
    return catalog.transaction((tables) => startRestore(tables, instance, backup, { ...order, at: Date.now(), ...more }));
  };
  const taskId = await restore();
  await snapshot();
  const { subject = '' } = (await catalog.tasks.get(taskId)) ?? {};
  // What came after the snapshot: its safety backup, and another restore whose task nobody knows.
  for (const backupId of [subject, 'of-another']) {
    const facts = { ...BACKUP_FACTS, remark: `${SAFETY_REMARK}wanted` };
    await writeAttempt(repository, { backupId, attempt: 1 }, [[RDB]], {}, Date.now(), facts);
  }
  const rebuilt = await rebuild();
  assert.deepEqual(rebuilt.adopted.toSorted(), [subject, 'of-another'].toSorted());
  const [known = '', unknown = '', ...others] = rebuilt.problems;
  const host = (await catalog.instances.get(instanceId))?.host;
  assert.match(
    known,
    new RegExp(`^task ${taskId} was restoring to ${instanceId} at ${host}:.*REPLICAOF NO ONE.*backup ${subject} holds what`),
  );
  assert.match(unknown, new RegExp(`^a restore that no task tells of had begun to ${instanceId} .*backup of-another holds what`));
  assert.deepEqual(others, []);

  const log = createEventLog();
  const failed = log.next('task.failed');
  const handler = createRestoreInstanceHandler({ catalog, clock: { now: Date.now }, onEnd: () => {} } as unknown as RestoreSite);
  const worker = startWorker({ catalog, log, owner: 'next', handlers: { 'restore-instance': handler } });
  await failed;
  await worker.stop();
  const task = await catalog.tasks.get(taskId);
  assert.equal(task?.state, 'failed');
  assert.match(task?.message ?? '', /catalog was lost; where its server is still a replica of this service, tell it REPLICAOF NO ONE/);
  assert.equal((await catalog.instances.get(instanceId))?.state, 'online');
  assert.deepEqual(await findings(), []);
});

test('bytes that come back after a rebuild has missed them are never swept, check tells of them, and they can be taken back', async () => {
  await backUp('late', 'expired');
  await catalog.lifecycle.expire('expired', { at: 1, removableAt: 2, keepMin: 1, force: true });
  await snapshot();
  const kept = await Promise.all(
    (await collect(storage.list('backups/'))).map(async ({ name }) => ({ name, bytes: await storage.read(name) })),
  );
  await repository.removeAttempt({ backupId: 'late', attempt: 1 });
  await repository.removeAttempt({ backupId: 'expired', attempt: 1 });
  assert.deepEqual((await rebuild()).lost, ['expired', 'late']);
  for (const { name, bytes } of kept) {
    await storage.put(name, bytes);
  }
  await catalog.settings.set(EXPIRY_HELD_UNTIL, '0');
  await sweepAttempts({ catalog, repository, log: createEventLog() });
  const there = await collect(repository.listAttempts());
  assert.deepEqual(
    there.map(({ ref }) => ref.backupId),
    ['late'],
  );
  assert.match((await findings()).join(), /^late\/1: stored bytes of a backup that was missing when the catalog was rebuilt; /);
  await rebuild({ fromManifests: true });
  assert.equal(await stateOf('late'), 'available');
  assert.deepEqual(await findings(), []);
});

test('adopts from manifests alone: instances detached, the highest attempt that reads back, and parts of none given up', async () => {
  await backUp('one', 'two');
  await writeAttempt(repository, { backupId: 'two', attempt: 3 }, [[RDB]]);
  await writeAttempt(repository, { backupId: 'two', attempt: 4 }, [[RDB]]);
  await storage.delete('backups/two/4/data-00000-00000');
  await storage.put('backups/part/1/section-x', Buffer.from('x'));
  await snapshot();
  const rebuilt = await rebuild({ fromManifests: true });
  assert.deepEqual([rebuilt.snapshot, rebuilt.adopted, rebuilt.instances], [undefined, ['one', 'two'], [instanceId]]);
  assert.match(rebuilt.problems.join(), /^attempt 4 of backup two cannot be taken: /);
  assert.equal((await catalog.backups.get('two'))?.attempt, 3);
  assert.equal(await catalog.settings.get('account-id'), accountId);
  assert.deepEqual((await catalog.instances.get(instanceId))?.state, 'detached');
  assert.deepEqual(await findings(), ['two/4: stored bytes of try 4, but the task has made 3 only']);
});

test('removes nothing for a week, and then what was given up', async () => {
  await backUp('one');
  await storage.put('backups/part/1/section-x', Buffer.from('x'));
  await rebuild();
  const log = createEventLog();
  const held = Number(await catalog.settings.get(EXPIRY_HELD_UNTIL));
  assert.ok(held > Date.now() + 6 * 86_400_000);
  await sweepAttempts({ catalog, repository, log });
  assert.ok((await storage.stat('backups/part/1/section-x')) !== undefined);
  await catalog.settings.set(EXPIRY_HELD_UNTIL, '1');
  await sweepAttempts({ catalog, repository, log });
  assert.equal(await storage.stat('backups/part/1/section-x'), undefined);
  await repository.verifyAttempt({ backupId: 'one', attempt: 1 });
});

test('leaves the old catalog in its place where the repository cannot be read', async () => {
  await backUp('one');
  await catalog.close();
  await rm(join(dataDir, 'repository', 'repository.json'));
  const config = readConfig({ dataDir }, {});
  await assert.rejects(rebuildCatalog(config, { fromManifests: false, replace: true }), { code: 'repository-missing' });
  catalog = await openCatalog(url);
  assert.equal(await stateOf('one'), 'available');
});

test('an empty catalog over a full repository removes nothing', async () => {
  await backUp('one');
  await catalog.close();
  await removeCatalog(url);
  catalog = await openCatalog(url);
  await sweepAttempts({ catalog, repository, log: createEventLog() });
  await repository.verifyAttempt({ backupId: 'one', attempt: 1 });
});
