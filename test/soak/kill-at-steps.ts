import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';
import { endOfTask } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { RESTORE_STEPS } from '../harness/restore-steps.ts';
import { assertConsistent, assertNothingLeft, assertUsable, readTraces } from './invariants.ts';
import { killExpiries } from './kill-expiries.ts';
import {
  assertAtRest,
  assertRestores,
  type KnownBackup,
  openRestoredSite,
  type RestoredSite,
  refill,
  removeOwn,
  type Target,
} from './restored-site.ts';
import { longest, randomOf, type Scenario } from './scenario.ts';

/** How long after a step the kill may come: from before the step is taken until the restore has ended. */
const KILL_WITHIN_MS = 40;

const CLONE_STEPS = ['ordered', 'its server starts', 'it is filled'] as const;

/**
 * kill -9 of the service at each step of a restore and of a clone, and of a process that expires and removes backups. The next start leaves
 * the old data or the new, or says that it cannot, and why.
 */
export const killAtSteps: Scenario = {
  name: 'kill -9 at each step of restore, clone and expiry',
  about:
    'kill -9 up to 40 ms after each step that a restore records (whole, by keys and merged, with and without a backup of the target), at each step of a clone, and before each step of the expiry and removal of two backups. The next start ends what was under way: the target of a restore holds the old data or the new, or, where neither can be had because it was merged or a safety backup was declined, the task says so; it is a master with its own settings, and can be restored to again. A clone is finished and holds the backup; an expiry is taken up where it was.',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I6', 'I7'],
  counts: { short: 2, long: 32 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    await using site = await openRestoredSite();
    const backup = await site.addBackup();
    const traces = await readTraces(site.source);
    const starts: number[] = [];
    const outcomes = { restored: 0, 'as before': 0, 'uncertain and said so': 0 };
    const target = await site.addTarget();
    const first = random.below(RESTORE_STEPS.length);
    for (let kill = 0; kill < soak.count && !soak.signal.aborted; kill++) {
      const restore = RESTORE_STEPS[(first + kill) % RESTORE_STEPS.length] ?? RESTORE_STEPS[0];
      const afterMs = random.below(KILL_WITHIN_MS);
      try {
        const { outcome, startMs } = await killRestore(site, target, backup, restore, afterMs);
        outcomes[outcome]++;
        starts.push(startMs);
      } catch (error) {
        throw new Error(`killed ${afterMs} ms after the step ${restore.step} of a restore with ${JSON.stringify(restore.how)}`, {
          cause: error,
        });
      }
      // What was restored before is not told from what is restored now.
      await refill(target.server);
    }
    let clones = 0;
    for (; clones < Math.ceil(soak.count / 4) && !soak.signal.aborted; clones++) {
      const step = CLONE_STEPS[(first + clones) % CLONE_STEPS.length] ?? CLONE_STEPS[0];
      starts.push(await killClone(site, target, backup, step, random));
    }
    await assertUsable(site.service, site.sourceId, [backup.backupId]);
    assert.deepEqual(await readTraces(site.source), traces);
    assert.equal(await site.service.stop(), 0);
    await assertConsistent(site.dataDir, 1);
    await assertNothingLeft(site.dataDir);

    const expirySteps = await killExpiries(soak.count >= this.counts.long ? undefined : 2, random, soak.signal);
    return {
      'kills of a restore': Object.values(outcomes).reduce((sum, count) => sum + count, 0),
      ...outcomes,
      'kills of a clone': clones,
      'kills of an expiry': expirySteps,
      'longest start': longest(starts),
    };
  },
};

type Outcome = 'restored' | 'as before' | 'uncertain and said so';

async function killRestore(
  site: RestoredSite,
  target: Target,
  backup: KnownBackup,
  { step, how }: (typeof RESTORE_STEPS)[number],
  afterMs: number,
): Promise<{ outcome: Outcome; startMs: number }> {
  const before = await readContent(target.server);
  const { TaskId } = await site.restore(target, backup.backupId, how);
  const { service } = site;
  await until(async () =>
    service.log.some((line) => line['msg'] === 'restore.marked' && line['step'] === step && line['taskId'] === TaskId),
  );
  await sleep(afterMs);
  const startMs = await site.killAndStart();
  const task = await endOfTask(site.service, TaskId);
  const content = await readContent(target.server);
  let outcome: Outcome = 'restored';
  if (task.Status === 'succeed') {
    if ('TtlPolicy' in how) {
      assert.equal(content.digest, backup.content.digest);
      assert.doesNotMatch(String(await target.server.command('INFO', 'keyspace')), /expires=[1-9]/);
    } else if ('KeyPattern' in how) {
      // Without what was there before, it is the backup; functions are no keys.
      await removeOwn(target.server);
      assert.deepEqual({ ...(await readContent(target.server)), functions: [] }, { ...backup.content, functions: [] });
    } else {
      assert.deepEqual(content, backup.content);
    }
  } else if (/not certain|a part of the keys/.test(task.TaskMessage)) {
    // What was declined cannot be gone back to, and a merge has nothing to go back to: it is said, never silent.
    assert.ok('KeyPattern' in how || 'SafetyBackup' in how, task.TaskMessage);
    assert.match(task.TaskMessage, /restore/);
    outcome = 'uncertain and said so';
  } else {
    assert.match(task.TaskMessage, /interrupted: the target holds what it held before.*ask for the restore again/);
    assert.deepEqual(content, before);
    outcome = 'as before';
  }
  await assertAtRest(site, target);
  await assertRestores(site, target, backup);
  await assertConsistent(site.dataDir, 1);
  return { outcome, startMs };
}

/** Resolves to the milliseconds of the start after the kill. The clone is removed in the end. */
async function killClone(
  site: RestoredSite,
  target: Target,
  backup: KnownBackup,
  step: (typeof CLONE_STEPS)[number],
  random: SeededRandom,
): Promise<number> {
  const call = <Answer extends object>(action: string, parameters: object) => site.service.client.call<Answer>('redis', action, parameters);
  const { InstanceIds } = await call<{ InstanceIds: string[] }>('CloneInstances', {
    ...{ InstanceId: site.sourceId, BackupId: backup.backupId, GoodsNum: 1, ZoneId: 100001, BillingMode: 0, Period: 1 },
    Password: `Soak-${randomUUID()}`,
  });
  const [instanceId = ''] = InstanceIds;
  const status = async () => {
    const { InstanceSet } = await call<{ InstanceSet: Array<{ Status: number }> }>('DescribeInstances', { InstanceId: instanceId });
    return InstanceSet[0]?.Status;
  };
  if (step !== 'ordered') {
    await until(async () => (await status()) !== 0);
  }
  await sleep(random.below(step === 'it is filled' ? 200 : 10));
  const startMs = await site.killAndStart();
  await until(async () => (await status()) === 2);

  // A managed server has no DEBUG: its content is compared where a backup of it is restored to.
  const { TaskId } = await call<{ TaskId: number }>('ManualBackupInstance', { InstanceId: instanceId });
  const taken = await endOfTask(site.service, TaskId);
  assert.equal(taken.Status, 'succeed', taken.TaskMessage);
  const { BackupSet } = await call<{ BackupSet: Array<{ BackupId: string }> }>('DescribeInstanceBackups', { InstanceId: instanceId });
  const backupId = BackupSet[0]?.BackupId ?? assert.fail('the clone has no backup');
  const restored = await site.restore(target, backupId, { BackupInstanceId: instanceId });
  const task = await endOfTask(site.service, restored.TaskId);
  assert.equal(task.Status, 'succeed', task.TaskMessage);
  assert.deepEqual(await readContent(target.server), backup.content);
  await assertConsistent(site.dataDir, 2);

  for (const action of ['DestroyPostpaidInstance', 'CleanUpInstance']) {
    const ended = await endOfTask(site.service, (await call<{ TaskId: number }>(action, { InstanceId: instanceId })).TaskId);
    assert.equal(ended.Status, 'succeed', ended.TaskMessage);
  }
  assert.ok(!(await readdir(join(site.dataDir, 'instances'))).some((name) => name.startsWith(instanceId)), 'the clone is gone');
  return startMs;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(100_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await sleep(2);
  }
}
