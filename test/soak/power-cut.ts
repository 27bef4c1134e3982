import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runBackup } from '../../src/engine/run-backup.ts';
import { isDomainError } from '../../src/lib/errors.ts';
import { importKeyring } from '../../src/repository/keyring.ts';
import { openRepository } from '../../src/repository/repository.ts';
import { createFileStorage } from '../../src/storage/drivers/file.ts';
import { makeBackupSite } from '../harness/backup-site.ts';
import { startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { Disk } from './disk-model.ts';
import { watchFiles } from './file-operations.ts';
import { randomOf, type Scenario } from './scenario.ts';

const BACKUPS = 3;

/**
 * The power is cut after each file operation of some backups and of a removal; what was not flushed is lost, or not, or in part. Each backup
 * that a catalog could have named by then, because its try had resolved, is whole.
 */
export const powerCut: Scenario = {
  name: 'power cut',
  about:
    'The power is cut after each file operation of three backups and of a removal, and of what was not flushed to the disk all, nothing or a part is lost: each backup that a catalog could have named by then is whole, anything else is known as unfinished.',
  invariants: ['I1', 'I3'],
  counts: { short: 130, long: 3_000 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    await using site = await makeBackupSite();
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    const disk = new Disk(site.directory, await site.storage.read('repository.json'));
    const refs = Array.from({ length: BACKUPS }, (_, index) => ({ backupId: `backup-${index}`, attempt: 1 }));
    /** From which operation on a backup counts, and until which. */
    const spans: Array<{ from: number; until: number }> = [];
    const stop = watchFiles(site.directory, async (operation, perform) => {
      const result = await perform();
      disk.note(operation);
      return result;
    });
    try {
      for (const ref of refs) {
        await runBackup(site.request(source, ref), { signal: new AbortController().signal, onProgress: () => {} });
        spans.push({ from: disk.operations, until: Number.POSITIVE_INFINITY });
      }
      const [removed] = spans;
      assert.ok(removed !== undefined && refs[0] !== undefined);
      removed.until = disk.operations;
      await site.repository.removeAttempt(refs[0]);
    } finally {
      stop();
    }

    const keyring = importKeyring(site.request(source).keyring);
    const found = { cuts: 0, whole: 0, garbage: 0 };
    for (let cut = 0; cut < soak.count && !soak.signal.aborted; cut++) {
      // Each place in turn, over and over with other losses.
      const at = soak.count > disk.operations ? cut % (disk.operations + 1) : random.below(disk.operations + 1);
      const directory = await mkdtemp(join(tmpdir(), 'redkeep-power-'));
      try {
        await writeDisk(disk.afterPowerCut(at, random), directory);
        const repository = await openRepository(createFileStorage(directory), keyring);
        for (const [index, { from, until }] of spans.entries()) {
          const ref = refs[index] ?? assert.fail();
          if (from <= at && at <= until) {
            await repository.verifyAttempt(ref);
            found.whole++;
            continue;
          }
          // It is garbage, or a part of it, or all of it; nothing else.
          await repository.verifyAttempt(ref).catch((error: unknown) => {
            assert.ok(isDomainError(error, 'manifest-missing', 'backup-damaged'), String(error));
            found.garbage++;
          });
          await repository.removeAttempt(ref);
        }
        found.cuts++;
      } catch (error) {
        throw new Error(`power cut after operation ${at}`, { cause: error });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }
    return { operations: disk.operations, 'power cuts': found.cuts, 'whole backups': found.whole, 'unfinished ones': found.garbage };
  },
};

async function writeDisk(files: ReadonlyMap<string, Buffer>, directory: string): Promise<void> {
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), bytes);
  }
}
