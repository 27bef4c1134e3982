import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOfTask, startBackup } from '../harness/backups.ts';
import { type FaultySite, openFaultySite } from './faulty-site.ts';
import { assertConsistent, assertNothingLeft, assertPages, assertUsable, readStatuses, readTraces } from './invariants.ts';
import { longest, randomOf, type Scenario } from './scenario.ts';

/** Something that a service does to files of the repository, in an engine thread or in its main thread. */
interface Doing {
  readonly thread: string;
  readonly kinds?: readonly string[];
  /** Begins it; the answer may get lost with the service. */
  begin(site: FaultySite, backupId: string): Promise<unknown>;
  /** The status of the backup when it is done, by this service or the next one. */
  readonly done: number;
  /** Of the repository’s files it reads only, so that the backup is usable throughout. */
  readonly onlyReads: boolean;
}

const call = (product: string, action: string) => (site: FaultySite, BackupId: string) =>
  site.service.client.call(product, action, { InstanceId: site.instanceId, BackupId });

const DOINGS: Readonly<Record<string, Doing>> = {
  conversion: { thread: 'conversion', begin: call('redis', 'DescribeBackupUrl'), done: 4, onlyReads: true },
  proof: { thread: 'proof', begin: call('redkeep', 'VerifyBackup'), done: 2, onlyReads: true },
  deletion: {
    thread: 'main',
    kinds: ['unlink', 'rmdir', 'sync-directory'],
    begin: call('redkeep', 'DeleteBackup'),
    done: -2,
    onlyReads: false,
  },
};

/**
 * The service kills itself (SIGKILL) instead of one file operation, each in turn, of a backup, a conversion, a proof and a deletion. The
 * next start brings what was under way to its end.
 */
export const killAtOperations: Scenario = {
  name: 'kill -9 at each file operation',
  about:
    'kill -9 of the service before each file operation of a backup, a conversion, a proof and a deletion: the next start brings what was under way to its end, and no backup is lost.',
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  counts: { short: 4, long: 1_000 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    await using site = await openFaultySite();
    const { dataDir, instanceId, source } = site;
    const traces = await readTraces(source);
    const starts: number[] = [];
    const kills: Record<string, number> = {};
    const every = soak.count >= 1_000;
    // The newest one may never go; the others come and go.
    const kept = new Set<string>();

    async function afterKill(): Promise<void> {
      starts.push(await site.startAgain());
      await assertUsable(site.service, instanceId, kept);
    }

    async function addBackup(): Promise<string> {
      const before = await readStatuses(site.service, instanceId);
      assert.equal((await endOfTask(site.service, await startBackup(site.service, instanceId))).Status, 'succeed');
      const [added] = [...(await readStatuses(site.service, instanceId)).keys()].filter((backupId) => !before.has(backupId));
      return added ?? assert.fail('the new backup is not there');
    }

    /** True where the service killed itself there. */
    async function killBackupAt(at: number): Promise<boolean> {
      await site.setFault({ thread: 'backup', at, what: 'kill' });
      const taskId = await startBackup(site.service, instanceId);
      const end = endOfTask(site.service, taskId).catch(() => undefined);
      await Promise.race([site.service.ended(), end]);
      const operation = await site.takeFault();
      if (operation !== undefined) {
        await site.service.ended();
        await afterKill();
      }
      const task = await endOfTask(site.service, taskId);
      assert.equal(task.Status, 'succeed', `${task.TaskMessage}, killed before ${operation}`);
      for (const [backupId, status] of await readStatuses(site.service, instanceId)) {
        assert.ok(status === 2 || kept.has(backupId), `${backupId} has status ${status}`);
        kept.add(backupId);
      }
      await assertConsistent(dataDir, kept.size);
      return operation !== undefined;
    }

    async function killAt(doing: Doing, at: number): Promise<boolean> {
      const BackupId = await addBackup();
      if (doing.onlyReads) {
        kept.add(BackupId);
      } else {
        // The other one is one of the newest that can be relied on until this one is there.
        kept.add(await addBackup());
      }
      await site.setFault({ thread: doing.thread, at, what: 'kill', ...(doing.kinds === undefined ? {} : { kinds: doing.kinds }) });
      const { service } = site;
      const isDone = async () => (await readStatuses(service, instanceId)).get(BackupId) === doing.done;
      const begun = (await doing.begin(site, BackupId).catch(() => undefined)) as { TaskId?: number } | undefined;
      const done = begun?.TaskId === undefined ? untilOrGone(isDone) : endOfTask(service, begun.TaskId).catch(() => undefined);
      await Promise.race([service.ended(), done]);
      const operation = await site.takeFault();
      if (operation !== undefined) {
        await service.ended();
        await afterKill();
      }
      if (begun?.TaskId !== undefined) {
        const task = await endOfTask(site.service, begun.TaskId);
        assert.equal(task.Status, 'succeed', `${task.TaskMessage}, killed before ${operation}`);
      }
      for (let status: number | undefined; status !== doing.done; await sleep(20)) {
        status = (await readStatuses(site.service, instanceId)).get(BackupId);
      }
      await assertConsistent(dataDir, kept.size);
      return operation !== undefined;
    }

    const step = () => (every ? 1 : 1 + random.below(12));
    for (const [name, kill] of [
      ['backup', killBackupAt] as const,
      ...Object.entries(DOINGS).map(([key, doing]) => [key, (at: number) => killAt(doing, at)] as const),
    ]) {
      kills[name] = 0;
      // Some of them have a few operations only.
      for (let at = every ? 1 : 1 + random.below(3); kills[name] < soak.count && !soak.signal.aborted && (await kill(at)); at += step()) {
        kills[name]++;
        if (!every && kills[name] === 2) {
          break;
        }
      }
      assert.ok(kills[name] > 0 || soak.signal.aborted || !every, `a ${name} was killed`);
    }
    await assertPages(site.service, instanceId);
    assert.deepEqual(await readTraces(source), traces);
    assert.equal(await site.service.stop(), 0);
    await assertConsistent(dataDir, kept.size);
    await assertNothingLeft(dataDir);
    const names = Object.entries(kills).map(([name, count]) => [`kills of a ${name}`, count] as const);
    return { ...Object.fromEntries(names), 'backups that are whole': kept.size, 'longest start': longest(starts) };
  },
};

async function untilOrGone(condition: () => Promise<boolean>): Promise<void> {
  for (;;) {
    const met = await condition().catch(() => true);
    if (met) {
      return;
    }
    await sleep(20);
  }
}
