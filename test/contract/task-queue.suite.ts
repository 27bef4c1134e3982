import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { startWorker } from '../../src/tasks/worker.ts';
import { backupRow, instanceRow, newTask } from '../harness/catalog-rows.ts';

const LEASE_MS = 60_000;

/** What every task queue does, whatever database it stands on. `open` gives an empty catalog. */
export function taskQueueSuite(database: string, open: () => Promise<AsyncDisposable & { catalog: Catalog }>): void {
  describe(`task queue on ${database}`, () => {
    let opened: AsyncDisposable & { catalog: Catalog };
    let catalog: Catalog;
    beforeEach(async () => {
      opened = await open();
      catalog = opened.catalog;
    });
    afterEach(() => opened[Symbol.asyncDispose]());

    const claimAny = (leaseMs = LEASE_MS, owner = 'one') => catalog.tasks.claim(owner, ['take-backup', 'attach-instance'], leaseMs);
    const claimOne = async (leaseMs = LEASE_MS, owner = 'one') => {
      const claim = await claimAny(leaseMs, owner);
      assert.ok(claim !== undefined);
      return claim;
    };

    test('claims tasks in the order in which they came, each once, of the kinds asked for', async () => {
      const first = await catalog.tasks.enqueue(newTask({ payload: '{"a":1}' }));
      const second = await catalog.tasks.enqueue(newTask({ kind: 'attach-instance' }));
      const third = await catalog.tasks.enqueue(newTask());
      const backups = await Promise.all([1, 2, 3].map(() => catalog.tasks.claim('one', ['take-backup'], LEASE_MS)));
      assert.deepEqual(
        backups.map((claim) => claim?.task.taskId),
        [first, third, undefined],
      );
      assert.equal(await catalog.tasks.claim('one', [], LEASE_MS), undefined);
      assert.equal((await claimOne()).task.taskId, second);
    });

    test('shows a task from its start to its success', async () => {
      const taskId = await catalog.tasks.enqueue(newTask({ subject: 'shown', payload: '{"a":1}' }));
      const waiting = await catalog.tasks.get(taskId);
      assert.deepEqual(waiting, {
        ...newTask({ subject: 'shown', payload: '{"a":1}' }),
        taskId,
        state: 'preparing',
        message: '',
        progress: 0,
        phase: { name: '', doneBytes: 0, totalBytes: 0 },
        startedAt: null,
        endedAt: null,
        token: 0,
        failedTries: 0,
        requestedBy: '',
      });
      const { task, lease } = await claimOne();
      assert.deepEqual(lease, { taskId, token: 1, owner: 'one' });
      assert.deepEqual(task, { ...waiting, state: 'running', token: 1, startedAt: task.startedAt });
      assert.equal(typeof task.startedAt, 'number');
      await catalog.tasks.heartbeat(lease, LEASE_MS, 0.25);
      assert.equal((await catalog.tasks.get(taskId))?.progress, 0.25);
      const phase = { name: 'transferring', doneBytes: 5, totalBytes: 2 ** 42 };
      await catalog.tasks.heartbeat(lease, LEASE_MS, 0.5, phase);
      assert.deepEqual((await catalog.tasks.get(taskId))?.phase, phase);
      await catalog.tasks.succeed(lease);
      const ended = await catalog.tasks.ofSubject('shown');
      assert.deepEqual(ended, { ...task, phase, state: 'succeed', progress: 1, endedAt: ended?.endedAt });
      assert.equal(typeof ended?.endedAt, 'number');
      assert.equal(await catalog.tasks.get(0), undefined);
    });

    test('gives a task whose lease ran out to the next claim, which fences off the last', async () => {
      await catalog.tasks.enqueue(newTask());
      const stale = await claimOne(0);
      const fresh = await claimOne();
      assert.equal(fresh.task.taskId, stale.task.taskId);
      assert.deepEqual([fresh.lease.token, fresh.task.failedTries], [stale.lease.token + 1, 1]);
      for (const record of [
        () => catalog.tasks.heartbeat(stale.lease, LEASE_MS, 0.5),
        () => catalog.tasks.succeed(stale.lease),
        () => catalog.tasks.fail(stale.lease, 'late'),
        () => catalog.tasks.retryLater(stale.lease, 'late', 0),
        () => catalog.tasks.release(stale.lease),
        () => catalog.tasks.succeed({ ...fresh.lease, owner: 'two' }),
      ]) {
        await assert.rejects(record, { code: 'lease-lost' });
      }
      assert.deepEqual(await catalog.tasks.get(fresh.task.taskId), fresh.task);
      await catalog.tasks.fail(fresh.lease, 'the source is gone');
      const failed = await catalog.tasks.get(fresh.task.taskId);
      assert.deepEqual([failed?.state, failed?.message], ['failed', 'the source is gone']);
      await assert.rejects(catalog.tasks.succeed(fresh.lease), { code: 'lease-lost' });
    });

    test('gives a worker no task that it runs already, though its lease ran out, which a heartbeat then renews', async () => {
      await catalog.tasks.enqueue(newTask());
      const { task, lease } = await claimOne(0);
      const next = await catalog.tasks.enqueue(newTask());
      const claimBeside = () => catalog.tasks.claim('one', ['take-backup'], LEASE_MS, [lease.taskId]);
      assert.equal((await claimBeside())?.task.taskId, next);
      assert.equal(await claimBeside(), undefined);
      assert.deepEqual(await catalog.tasks.get(lease.taskId), task);
      await catalog.tasks.heartbeat(lease, LEASE_MS, 0);
      assert.equal(await claimAny(), undefined);
      await catalog.tasks.succeed(lease);
    });

    test('a heartbeat keeps a task from other claims', async () => {
      await catalog.tasks.enqueue(newTask());
      const { lease } = await claimOne(0);
      await catalog.tasks.heartbeat(lease, LEASE_MS, 0);
      assert.equal(await claimAny(), undefined);
      const running = await catalog.tasks.running();
      assert.deepEqual(
        running.map(({ task, leaseUntil, now }) => [task.taskId, leaseUntil > now]),
        [[lease.taskId, true]],
      );
    });

    test('holds a task back until it is due', async () => {
      await catalog.tasks.enqueue(newTask());
      const { lease } = await claimOne();
      await catalog.tasks.retryLater(lease, 'the source does not answer', 60_000);
      const waiting = await catalog.tasks.get(lease.taskId);
      assert.deepEqual([waiting?.state, waiting?.message, waiting?.failedTries], ['preparing', 'the source does not answer', 1]);
      assert.equal(await claimAny(), undefined);
      assert.equal(await catalog.tasks.takeOver('one'), 0);
    });

    test('a task that is due only after any delay is due: the clock was set back meanwhile', async () => {
      await catalog.tasks.enqueue(newTask());
      const { lease } = await claimOne();
      await catalog.tasks.retryLater(lease, 'the source does not answer', 7 * 3_600_000);
      const next = await claimOne();
      assert.deepEqual([next.lease.taskId, next.task.failedTries], [lease.taskId, 1]);
      await catalog.tasks.succeed(next.lease);
    });

    test('gives a released task to the next claim and counts no failed try', async () => {
      await catalog.tasks.enqueue(newTask());
      const { lease } = await claimOne();
      await catalog.tasks.release(lease);
      const next = await claimOne();
      assert.deepEqual([next.lease.token, next.task.failedTries, next.task.message], [2, 0, '']);
    });

    test('takes the tasks of dead owners over, and leaves its own', async () => {
      await catalog.tasks.enqueue(newTask());
      await catalog.tasks.enqueue(newTask());
      const dead = await claimOne(LEASE_MS, 'dead');
      const own = await claimOne(LEASE_MS, 'alive');
      assert.equal(await catalog.tasks.takeOver('alive'), 1);
      await assert.rejects(catalog.tasks.succeed(dead.lease), { code: 'lease-lost' });
      await catalog.tasks.succeed(own.lease);
      const taken = await claimOne(LEASE_MS, 'alive');
      assert.deepEqual([taken.task.taskId, taken.task.failedTries], [dead.task.taskId, 1]);
    });

    test('lets one unfinished task have an exclusive key', async () => {
      const task = newTask({ exclusiveKey: 'backup of crs-5a4py64p' });
      const first = await catalog.tasks.enqueue(task);
      await assert.rejects(catalog.tasks.enqueue(task), { code: 'catalog-conflict' });
      assert.equal((await catalog.tasks.unfinished('backup of crs-5a4py64p'))?.taskId, first);
      const { lease } = await claimOne();
      await assert.rejects(catalog.tasks.enqueue(task), { code: 'catalog-conflict' });
      await catalog.tasks.fail(lease, 'no');
      assert.equal(await catalog.tasks.unfinished('backup of crs-5a4py64p'), undefined);
      assert.notEqual(await catalog.tasks.enqueue(task), first);
    });

    test('neither completes a backup nor ends its task once the lease is lost', async () => {
      await catalog.instances.insert(instanceRow());
      await catalog.backups.insert(backupRow());
      await catalog.tasks.enqueue(newTask());
      const stale = await claimOne(0, 'one');
      const fresh = await claimOne(LEASE_MS, 'two');
      const commit = ({ lease }: typeof stale) =>
        catalog.transaction(async (tables) => {
          const facts = { attempt: lease.token, endedAt: 9, sizeBytes: 1, serverKind: 'redis', serverVersion: '7.0.15' };
          await tables.backups.complete('backup-1', facts);
          await tables.tasks.succeed(lease);
        });
      await assert.rejects(commit(stale), { code: 'lease-lost' });
      assert.deepEqual(await catalog.backups.get('backup-1'), backupRow());
      await commit(fresh);
      assert.equal((await catalog.backups.get('backup-1'))?.attempt, fresh.lease.token);
      assert.equal((await catalog.tasks.get(fresh.task.taskId))?.state, 'succeed');
    });

    test('two workers run each of 300 tasks once', async () => {
      const count = 300;
      const runs: number[] = [];
      const done = Promise.withResolvers<void>();
      const handler = {
        concurrency: 4,
        maxTries: 1,
        run: async ({ taskId }: { taskId: number }) => {
          runs.push(taskId);
          return async () => {
            if (runs.length === count) {
              done.resolve();
            }
          };
        },
      };
      const taskIds = await catalog.transaction(async (tables) => {
        const ids: number[] = [];
        for (let index = 0; index < count; index++) {
          ids.push(await tables.tasks.enqueue(newTask()));
        }
        return ids;
      });
      const workers = ['one', 'two'].map((owner) =>
        startWorker({ catalog, handlers: { 'take-backup': handler }, log: silentLogger, owner, leaseMs: LEASE_MS }),
      );
      await done.promise;
      await Promise.all(workers.map((worker) => worker.stop()));
      assert.deepEqual(
        runs.toSorted((a, b) => a - b),
        taskIds,
      );
      assert.deepEqual(
        await Promise.all(taskIds.map(async (taskId) => (await catalog.tasks.get(taskId))?.state)),
        taskIds.map(() => 'succeed'),
      );
    });
  });
}
