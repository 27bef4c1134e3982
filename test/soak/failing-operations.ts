import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { endOfTask, startBackup } from '../harness/backups.ts';
import { openFaultySite } from './faulty-site.ts';
import { assertConsistent, assertNothingLeft, assertUsable, readStatuses, readTraces } from './invariants.ts';
import { randomOf, type Scenario } from './scenario.ts';

/** Operations of which a failing one cannot be made good by another one of the same try. */
const WRITES = ['create', 'write', 'sync', 'sync-directory', 'link', 'mkdir'];

/**
 * One file operation of a backup fails, each in turn, with an I/O error and with a full disk. The backup fails with a reason and leaves
 * nothing, the service answers, and the next backup works.
 */
export const failingOperations: Scenario = {
  name: 'each file operation of a backup fails',
  about:
    'Each file operation of a backup fails in turn, with an I/O error and with a full disk: the backup fails with a reason and leaves nothing, the service answers, and the next backup works; a flush that failed is final.',
  invariants: ['I1', 'I3', 'I5', 'I6', 'I7'],
  counts: { short: 8, long: 1_000 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    await using site = await openFaultySite();
    const { source, dataDir, instanceId } = site;
    const traces = await readTraces(source);
    const kept: string[] = [];
    const seen = new Set<string>();
    let failed = 0;

    /** False where a backup has fewer operations. */
    async function failAt(at: number, what: 'EIO' | 'ENOSPC', kinds?: readonly string[]): Promise<boolean> {
      await site.setFault({ thread: 'backup', at, what, ...(kinds === undefined ? {} : { kinds }) });
      const task = await endOfTask(site.service, await startBackup(site.service, instanceId));
      const operation = await site.takeFault();
      if (operation !== undefined) {
        const where = `${what} at operation ${at}, ${operation}`;
        seen.add(operation.replace(/[0-9a-f-]{36}|\d+-[0-9a-f]{24}/, '…'));
        if (task.Status === 'failed') {
          failed++;
          assert.match(task.TaskMessage, what === 'EIO' ? /EIO/ : /no room left/, where);
          assert.equal((await heldBackups(dataDir)).size, kept.length, `what is left after ${where}`);
        }
        assert.ok(task.Status === 'failed' || !WRITES.some((kind) => operation.startsWith(`${kind} `)), `a success in spite of ${where}`);
      }
      if (task.Status === 'succeed') {
        kept.splice(0, kept.length, ...(await readStatuses(site.service, instanceId, [2])).keys());
      }
      await assertUsable(site.service, instanceId, kept);
      return operation !== undefined;
    }

    const every = soak.count >= 1_000;
    for (const what of ['EIO', 'ENOSPC'] as const) {
      let at = every ? 1 : 1 + random.below(8);
      for (let done = 0; done < soak.count / 2 && !soak.signal.aborted; done++) {
        if (!(await failAt(at, what))) {
          break;
        }
        at += every ? 1 : 1 + random.below(14);
      }
    }
    // A failed flush is final, wherever it is.
    for (let at = 1; at <= (every ? 1_000 : 3) && (await failAt(at, 'EIO', ['sync', 'sync-directory'])); at++) {}
    assert.ok(failed > 0);
    await failAt(1_000_000, 'EIO');
    assert.deepEqual(await readTraces(source), traces);
    await assertConsistent(dataDir, kept.length);
    // The second name of an object that could not be removed is swept at a start.
    await site.startAgain();
    assert.equal(await site.service.stop(), 0);
    await assertConsistent(dataDir, kept.length);
    await assertNothingLeft(dataDir);
    return { 'operations that failed': failed, 'different operations': seen.size, 'backups that are whole': kept.length };
  },
};

/** Backups of which the repository holds a file; a directory without one is no object. */
async function heldBackups(dataDir: string): Promise<Set<string>> {
  const backups = join(dataDir, 'repository', 'backups');
  const entries = await readdir(backups, { recursive: true, withFileTypes: true }).catch(() => []);
  return new Set(entries.filter((entry) => entry.isFile()).map(({ parentPath }) => relative(backups, parentPath).split(sep)[0] ?? ''));
}
