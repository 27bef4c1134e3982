import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCallError } from '../../src/api/client.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { endOfTask } from '../harness/backups.ts';
import { type RedisContent, readContent } from '../harness/redis-content.ts';
import { assertConsistent, assertNothingLeft, readStatuses, readTraces } from './invariants.ts';
import { assertAtRest, type KnownBackup, openRestoredSite, type RestoredSite, type Target } from './restored-site.ts';
import { randomOf, type Scenario } from './scenario.ts';

/** With which a second restore of one target, or one of a backup that has gone, is refused. */
const BUSY = /^ResourceUnavailable\.(InstanceLockedError|InstanceStateError|InstanceStatusAbnormal)$/;
const NONE = /^none$/;
const GONE = /^ResourceUnavailable\.(BackupStatusAbnormal|BackupLockedError)$/;
/** Of a task whose backup went between the order and its start. */
const GONE_SINCE = /\b(expired|deleted)\b/;

/**
 * Two restores at once, on two targets and on one, and restores whose backup is deleted or expires meanwhile. Each target ends with exactly
 * what the last restore that succeeded brought.
 */
export const restoresAtOnce: Scenario = {
  name: 'restores at once',
  about:
    'Two restores at once of one backup to two targets; two at once to one target, of which one runs or both one after the other; and a restore while its backup is deleted, or expires: it goes on to the end and the backup stays as long, or it is refused and the target holds what it held.',
  invariants: ['I1', 'I3', 'I6', 'I7'],
  counts: { short: 4, long: 32 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    await using site = await openRestoredSite();
    const first = await site.addBackup();
    await site.source.command('SET', 'only in the second', 'x', 'PXAT', '4102444800123');
    const second = await site.addBackup();
    const targets: [Target, Target] = [await site.addTarget(), await site.addTarget()];
    const holds = new Map<Target, RedisContent>();
    for (const target of targets) {
      holds.set(target, await readContent(target.server));
    }
    const traces = await readTraces(site.source);
    const figures = { 'restores that succeeded': 0, 'refused or failed, the target as it was': 0, 'looks at which a backup was kept': 0 };

    /** Orders restores, waits for all of them, and compares each target with what the last one that succeeded brought. */
    async function restoreAll(
      orders: ReadonlyArray<{ target: Target; backup: KnownBackup }>,
      refusal: RegExp,
      failure: RegExp,
      onOrdered = () => {},
    ): Promise<number> {
      const tasks = await Promise.all(
        orders.map(async ({ target, backup }) => {
          // Without a backup of the target, which is another way through it, every other time.
          const order = site.restore(target, backup.backupId, { SafetyBackup: random.below(2) === 0 });
          return { target, backup, ...(await order.catch((error: unknown) => refused(error, refusal))) };
        }),
      );
      onOrdered();
      let succeeded = 0;
      for (const { target, backup, TaskId } of tasks.toSorted((one, other) => one.TaskId - other.TaskId)) {
        const task = TaskId > 0 ? await endOfTask(site.service, TaskId) : undefined;
        if (task?.Status === 'succeed') {
          holds.set(target, backup.content);
          succeeded++;
          figures['restores that succeeded']++;
        } else {
          assert.ok(task === undefined || failure.test(task.TaskMessage), String(task?.TaskMessage));
          figures['refused or failed, the target as it was']++;
        }
      }
      for (const target of targets) {
        assert.deepEqual(await readContent(target.server), holds.get(target));
        await assertAtRest(site, target);
      }
      return succeeded;
    }

    async function twoTargets(): Promise<void> {
      const backup = random.pick([first, second]);
      const [one, other] = targets;
      const orders = [
        { target: one, backup },
        { target: other, backup },
      ];
      assert.equal(await restoreAll(orders, NONE, NONE), 2, 'both restores');
    }

    async function oneTarget(): Promise<void> {
      const target = random.pick(targets);
      const orders = [
        { target, backup: first },
        { target, backup: second },
      ];
      assert.ok((await restoreAll(orders, BUSY, NONE)) >= 1, 'one restore at the least');
    }

    async function whileItGoes(how: 'deleted' | 'expired'): Promise<void> {
      const backup = await site.addBackup();
      const target = random.pick(targets);
      const stop = new AbortController();
      const ordered = Promise.withResolvers<void>();
      const goAway = async () => {
        // Mostly in the middle of the restore, and now and then before it.
        await (random.below(4) > 0 ? ordered.promise : sleep(random.below(30)));
        await sleep(random.below(200));
        return (how === 'deleted' ? deleteBackup : expire)(site, backup.backupId, stop.signal);
      };
      try {
        const [, kept] = await Promise.all([restoreAll([{ target, backup }], GONE, GONE_SINCE, ordered.resolve), goAway()]);
        figures['looks at which a backup was kept'] += kept;
      } finally {
        stop.abort();
      }
      const status = (await readStatuses(site.service, site.sourceId)).get(backup.backupId);
      assert.ok(status === -1 || status === -2, `status ${status}`);
    }

    const rounds = [twoTargets, oneTarget, () => whileItGoes('deleted'), () => whileItGoes('expired')];
    let done = 0;
    for (; done < soak.count && !soak.signal.aborted; done++) {
      await rounds[done % rounds.length]?.();
    }
    assert.deepEqual(await readTraces(site.source), traces);
    await assertConsistent(site.dataDir, 2);
    assert.equal(await site.service.stop(), 0);
    await assertConsistent(site.dataDir, 2);
    await assertNothingLeft(site.dataDir);
    return { rounds: done, ...figures };
  },
};

function refused(error: unknown, by: RegExp): { TaskId: number } {
  assert.ok(error instanceof ApiCallError && by.test(error.code), String(error));
  return { TaskId: 0 };
}

/** Asks for the deletion until nothing keeps the backup; resolves to how often something did. */
async function deleteBackup(site: RestoredSite, backupId: string, signal: AbortSignal): Promise<number> {
  for (let kept = 0; ; kept++) {
    signal.throwIfAborted();
    try {
      const { TaskId } = await site.service.client.call<{ TaskId: number }>('redkeep', 'DeleteBackup', {
        InstanceId: site.sourceId,
        BackupId: backupId,
        Force: true,
      });
      assert.equal((await endOfTask(site.service, TaskId)).Status, 'succeed');
      return kept;
    } catch (error) {
      assert.ok(error instanceof ApiCallError && error.code === 'ResourceUnavailable.BackupLockedError', String(error));
      await sleep(10);
    }
  }
}

/** What retention does to a backup whose days are over, beside the service. */
async function expire(site: RestoredSite, backupId: string, signal: AbortSignal): Promise<number> {
  const catalog = await openCatalog(`sqlite://${join(site.dataDir, 'catalog.db')}`);
  try {
    for (let kept = 0; ; kept++) {
      signal.throwIfAborted();
      const at = Date.now();
      const obstacle = await catalog.lifecycle.expire(backupId, { at, removableAt: at, keepMin: 1, force: true });
      if (obstacle === undefined) {
        return kept;
      }
      assert.equal(obstacle, 'held');
      await sleep(5);
    }
  } finally {
    await catalog.close();
  }
}
