import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BACKUP_ID, cut, writeAttempt } from '../../test/harness/attempts.ts';
import { makeBackupSite } from '../../test/harness/backup-site.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { findServer } from '../managed/find-server.ts';
import { findServersIn } from '../managed/process-identity.ts';
import { scrubBackup } from './scrub-backup.ts';
import { takeBackup } from './take-backup.ts';
import { startThrowawayServer } from './throwaway-server.ts';

const MEMORY_BYTES = 300 * 1024 ** 2;

/** The nice value in a stat file (man proc_pid_stat, field 19). */
async function niceOf(statFile: string): Promise<number> {
  const stat = await readFile(statFile, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

/** Of all threads of this process; NaN of one that has just ended. */
async function niceOfThreads(): Promise<number[]> {
  const ids = await readdir('/proc/self/task');
  return Promise.all(ids.map((id) => niceOf(`/proc/self/task/${id}/stat`).catch(() => Number.NaN)));
}

describe('what nobody waits for', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  test('runs a throw-away server under its memory limit and the lowest priority', async (t) => {
    const directory = join(await mkdtemp(join(tmpdir(), 'redkeep-throwaway-')), 'server');
    t.after(() => rm(join(directory, '..'), { recursive: true }));
    const { path } = await findServer();
    const signal = new AbortController().signal;
    await using _server = await startThrowawayServer({ path, directory, memoryBytes: MEMORY_BYTES, databases: 16, signal });
    const [pid, ...others] = (await findServersIn(directory)) ?? [];
    assert.deepEqual(others, []);
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
    assert.match(limits, new RegExp(`^Max address space +${MEMORY_BYTES} +${MEMORY_BYTES} +bytes`, 'm'));
    assert.equal(await niceOf(`/proc/${pid}/stat`), 19);
  });

  test('gives its thread the lowest priority, and no other thread of the process', async () => {
    await using site = await makeBackupSite();
    await writeAttempt(site.repository, { backupId: BACKUP_ID, attempt: 1 }, [cut(Buffer.alloc(4_000_000), 500_000)]);
    const { storageUrl, keyring } = site.request({ host: '', port: 0 });
    const request = { backup: { backupId: BACKUP_ID, attempt: 1 }, storageUrl, keyring, bytesPerSecond: 500 };
    const controller = new AbortController();
    const looking = Promise.withResolvers<number[]>();
    const scrubbing = scrubBackup(request, {
      signal: controller.signal,
      onProgress: () => looking.resolve(niceOfThreads()),
    });
    const nice = await looking.promise;
    controller.abort(new Error('seen'));
    await assert.rejects(scrubbing, /seen/);
    assert.equal(nice.filter((value) => value === 19).length, 1);
    assert.notEqual(await niceOf('/proc/self/stat'), 19);
  });
});

test('a backup gives the processor to the event loop first', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
  await using redis = await startRedis();
  await using site = await makeBackupSite();
  const looking = Promise.withResolvers<number[]>();
  const signal = new AbortController().signal;
  await Promise.all([
    takeBackup(site.request(redis), { signal, onProgress: () => looking.resolve(niceOfThreads()) }),
    looking.promise.then((nice) => assert.equal(nice.filter((value) => value === 10).length, 1)),
  ]);
  assert.equal(await niceOf('/proc/self/stat'), 0);
});
