import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { attach, backUp } from '../harness/backups.ts';
import { startRedis } from '../harness/redis-server.ts';
import { makeDataDir, ROOT, removeDataDir, startService } from '../harness/service.ts';

const run = promisify(execFile);

it('the release bundle serves, attaches, backs up and proves in worker threads and checks, on its own', async () => {
  const place = await makeDataDir();
  await using source = await startRedis();
  await source.command('SET', 'key', 'value');
  try {
    await run(process.execPath, [join(ROOT, 'scripts/build.ts'), join(place, 'dist')]);
    const program = join(place, 'dist/redkeep.js');
    const dataDir = join(place, 'data');
    const service = await startService(dataDir, { program, env: { REDKEEP_PROOF: 'all' } });
    try {
      const backup = await backUp(service, await attach(service, source));
      assert.equal(backup.Status, 2);
      assert.equal((await service.logged('proof.proven'))['backupId'], backup.BackupId);
    } finally {
      await service.stop();
    }
    const { stdout } = await run(process.execPath, [program, 'check', '--data-dir', dataDir]);
    assert.match(stdout, /^1 backups, \d+ stored bytes read, 0 inconsistencies$/m);
  } finally {
    await removeDataDir(place);
  }
});
