import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { attach, backUp, endOfTask, listBackups, startBackup } from '../harness/backups.ts';
import { startRedis } from '../harness/redis-server.ts';
import { makeDataDir, redkeep, removeDataDir, startService } from '../harness/service.ts';

const run = promisify(execFile);

it('on a full disk a backup fails with a reason, reads and a restart go on, and with room again backups work', async (t) => {
  const disk = await makeDataDir();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
  } catch {
    t.skip('no file system of a fixed size can be mounted here');
    await removeDataDir(disk);
    return;
  }
  const dataDir = join(disk, 'data');
  await using source = await startRedis();
  await source.command(
    'EVAL',
    "for i = 1, 400 do local v = {} for j = 1, 700 do v[j] = redis.sha1hex(i .. ':' .. j) end redis.call('SET', i, table.concat(v)) end",
    '0',
  );
  let service = await startService(dataDir);
  try {
    const instanceId = await attach(service, source);
    const first = await backUp(service, instanceId);

    const filler = join(disk, 'filler');
    const room = await statfs(disk);
    await writeFile(filler, Buffer.alloc(Number(room.bavail) * Number(room.bsize) - 3_000_000));
    const task = await endOfTask(service, await startBackup(service, instanceId));
    assert.equal(task.Status, 'failed');
    assert.match(task.TaskMessage, /no (space|room)|full/i);
    // Not a byte is left now, so nothing can be written at all.
    const left = await statfs(disk);
    await writeFile(join(disk, 'rest'), Buffer.alloc(Number(left.bavail) * Number(left.bsize)));
    assert.deepEqual(
      (await listBackups(service, instanceId)).map((backup) => backup.BackupId),
      [first.BackupId],
    );
    await assert.rejects(startBackup(service, instanceId), { code: 'InternalError.DbOperationFailed' });

    await service.stop();
    service = await startService(dataDir);
    assert.deepEqual(
      (await listBackups(service, instanceId)).map((backup) => backup.Status),
      [2],
    );

    await rm(join(disk, 'rest'));
    await rm(filler);
    assert.equal((await backUp(service, instanceId)).Status, 2);
    const check = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(check.status, 0, check.stdout + check.stderr);
  } finally {
    await service.stop();
    await run('umount', [disk]);
    await removeDataDir(disk);
  }
});
