import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BACKUP_ID } from '../../../test/harness/attempts.ts';
import { backupRow, instanceRow } from '../../../test/harness/catalog-rows.ts';
import { type RedisServer, startRedis } from '../../../test/harness/redis-server.ts';
import { makeRestoreSite } from '../../../test/harness/restore-site.ts';
import { openTempCatalog } from '../../../test/harness/temp-catalog.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { startRestore } from '../../catalog/start-restore.ts';
import type { RestoreMark } from '../../engine/restore-types.ts';
import { isDomainError } from '../../lib/errors.ts';
import { silentLogger } from '../../lib/logger.ts';
import type { Repository } from '../../repository/repository.ts';
import type { RecordEnd, TaskHandler } from '../task.ts';
import { createRestoreInstanceHandler } from './restore-instance.ts';

const MARK = { step: 'save-target', isRollback: false, runId: 'of the target', keysBefore: 1, merges: false } as const;

const seal = (mark: RestoreMark): Uint8Array => Buffer.from(JSON.stringify(mark));

interface Scene extends AsyncDisposable {
  readonly catalog: Catalog;
  readonly handler: TaskHandler;
  readonly repository: Repository;
  readonly target: RedisServer;
  readonly instanceId: string;
  order(more?: { dryRun?: boolean; safetyStorageDays?: number; at?: number }): Promise<number>;
  /** Claims the task as a process of its own would, and makes one try. What it resolves to is recorded by `end`. */
  tryAs(owner: string): Promise<{ record: RecordEnd | undefined; end(): Promise<void> }>;
}

async function prepare(): Promise<Scene> {
  const source = await startRedis();
  await source.command('SET', 'of the backup', 'x');
  const target = await startRedis();
  await target.command('SET', 'of the target', 'x');
  const site = await makeRestoreSite(source);
  const temp = await openTempCatalog();
  const { catalog } = temp;
  const { storageUrl, keyring, endpoint } = site.restoreRequest(target);
  const instance = instanceRow({ host: target.host, port: target.port });
  const backup = backupRow({ backupId: BACKUP_ID, state: 'available', attempt: 1, endedAt: 2_500, expiresAt: 4_000_000_000_000 });
  await catalog.instances.insert(instance);
  await catalog.backups.insert(backup);
  const handler = createRestoreInstanceHandler({
    catalog,
    repository: site.repository,
    clock: { now: () => Date.now() },
    marks: {
      seal: (_, mark) => seal(mark),
      open: (_, sealed) => JSON.parse(Buffer.from(sealed).toString()) as RestoreMark,
    },
    openSecrets: () => ({}),
    storageUrl,
    keyring: () => keyring,
    endpoint,
    allowPlainText: false,
    memoryCheck: 'warn',
    onEnd: () => {},
    onAlarm: () => {},
  });
  return {
    catalog,
    handler,
    repository: site.repository,
    target,
    instanceId: instance.instanceId,
    order: ({ dryRun = false, safetyStorageDays = 7, at = Date.now() } = {}) =>
      catalog.transaction((tables) =>
        startRestore(tables, instance, backup, {
          at,
          safetyStorageDays,
          requestedBy: '',
          replaceExisting: false,
          ttl: { kind: 'keep' },
          dryRun,
        }),
      ),
    async tryAs(owner) {
      await catalog.tasks.takeOver(owner);
      const claim = await catalog.tasks.claim(owner, ['restore-instance'], 60_000);
      assert.ok(claim !== undefined);
      const { task, lease } = claim;
      const record = await handler.run(task, { lease, log: silentLogger, signal: new AbortController().signal, setProgress: () => {} });
      const end = () =>
        catalog.transaction(async (tables) => {
          await tables.tasks.succeed(lease);
          await record?.(tables);
        });
      return { record: record ?? undefined, end };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([source.stop(), target.stop(), temp[Symbol.asyncDispose](), site[Symbol.asyncDispose]()]);
    },
  };
}

describe('a restore that has ended while its end was not recorded', () => {
  test('is not made again: what was written since stays', async () => {
    await using scene = await prepare();
    const { catalog, target } = scene;
    const taskId = await scene.order();
    await scene.tryAs('one');
    assert.equal(await target.command('GET', 'of the backup'), 'x');
    await target.command('SET', 'written since', 'x');

    const { end } = await scene.tryAs('two');
    await end();
    assert.equal(await target.command('GET', 'written since'), 'x');
    assert.equal((await catalog.tasks.get(taskId))?.state, 'succeed');
    assert.deepEqual(await catalog.restores.outcome(taskId), {
      way: 'unknown',
      counts: null,
      existing: 0,
      report: ['the target holds the backup'],
    });
    assert.equal(await catalog.restores.mark(scene.instanceId), undefined);
    assert.equal((await catalog.instances.get(scene.instanceId))?.state, 'online');
  });

  test('nor is one that had failed, and what it left settled is said', async () => {
    await using scene = await prepare();
    const { catalog, handler, target, instanceId } = scene;
    const taskId = await scene.order();
    const settled = { outcome: 'rolled-back', report: ['the target holds what it held before the restore'] } as const;
    await catalog.restores.setMark({ instanceId, taskId, sealedMark: seal({ ...MARK, step: 'settled', settled }) });

    const error = await scene.tryAs('two').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(isDomainError(error, 'restore-interrupted'), String(error));
    assert.match(error.message, /holds what it held before the restore/);
    const task = await catalog.tasks.get(taskId);
    assert.ok(task !== undefined);
    await catalog.transaction(async (tables) => handler.recordFailure?.(task, tables, error));
    assert.equal(await target.command('GET', 'of the target'), 'x');
    assert.equal(await catalog.restores.mark(instanceId), undefined);
    assert.equal((await catalog.instances.get(instanceId))?.state, 'online');
  });
});

test('what the target holds since an earlier restore was given up unsettled is in the safety backup of the next one', async () => {
  await using scene = await prepare();
  const { catalog, target, instanceId, repository } = scene;
  await target.command('SET', 'put there since', 'x');
  const safety = { backupId: BACKUP_ID, attempt: 1 };
  await catalog.restores.setMark({ instanceId, taskId: 0, sealedMark: seal({ ...MARK, step: 'write-keys', safety }) });
  const taskId = await scene.order();
  const { end } = await scene.tryAs('one');
  await end();
  assert.equal((await catalog.tasks.get(taskId))?.state, 'succeed');
  const saved = await catalog.backups.get((await catalog.tasks.get(taskId))?.subject ?? '');
  assert.equal(saved?.state, 'available');
  const { manifest } = await repository.openAttempt({ backupId: saved.backupId, attempt: saved.attempt ?? 0 });
  assert.equal(manifest.shards[0]?.keys.total, 2);
  assert.equal(await target.command('GET', 'of the backup'), 'x');
  assert.equal(await catalog.restores.mark(instanceId), undefined);
});

test('a dry run changes nothing where an earlier restore was left unsettled', async () => {
  await using scene = await prepare();
  const { catalog, target, instanceId } = scene;
  await target.command('CONFIG', 'SET', 'masterauth', 'as it is');
  const mark = { ...MARK, step: 'write-keys', settings: { masterauth: 'as it was' } } as const;
  await catalog.restores.setMark({ instanceId, taskId: 0, sealedMark: seal(mark) });
  await scene.order({ dryRun: true });
  const { end } = await scene.tryAs('one');
  await end();
  assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'as it is']);
  assert.notEqual(await catalog.restores.mark(instanceId), undefined);
});

test('without a safety backup it begins soon after somebody asked or not at all; with one what was written meanwhile is kept', async () => {
  const HOUR_MS = 3_600_000;
  for (const safetyStorageDays of [0, 7]) {
    await using scene = await prepare();
    await scene.order({ safetyStorageDays, at: Date.now() - HOUR_MS });
    await scene.target.command('SET', 'written since', 'x');
    if (safetyStorageDays === 0) {
      await assert.rejects(scene.tryAs('one'), { code: 'order-outdated' });
    } else {
      await scene.tryAs('one');
    }
    assert.equal(await scene.target.command('GET', 'written since'), safetyStorageDays === 0 ? 'x' : null);
  }
});
