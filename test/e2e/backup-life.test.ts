import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { attach, backUp } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

describe('the life of a backup on the command line', () => {
  let dataDir: string;
  let source: RedisServer;
  let service: RunningService;
  let instanceId: string;
  before(async () => {
    dataDir = await makeDataDir();
    source = await startRedis();
    service = await startService(dataDir);
    instanceId = await attach(service, source);
  });
  after(async () => {
    await service.stop();
    await source.stop();
    await removeDataDir(dataDir);
  });

  const backup = (verb: string, backupId: string, ...more: string[]) =>
    redkeep(['backup', verb, instanceId, backupId, '--data-dir', dataDir, ...more]);

  it('locks, unlocks, shows and deletes; the newest only by force; nothing of the bytes stays', async () => {
    const { BackupId: older } = await backUp(service, instanceId);
    const { BackupId: newest } = await backUp(service, instanceId);
    assert.equal((await backup('lock', older)).stdout, `${older} locked\n`);
    const refused = await backup('delete', older);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /is locked; unlock it first with UnlockBackup/);
    assert.match((await backup('show', older)).stdout, /locked +yes/);
    assert.equal((await backup('unlock', older)).stdout, `${older} unlocked\n`);
    assert.equal((await backup('delete', older)).stdout, `${older} deleted\n`);
    const shown = JSON.parse((await backup('show', older, '--json')).stdout) as { Backup: { Status: number }; DeletedTime: string };
    assert.equal(shown.Backup.Status, -2);
    assert.notEqual(shown.DeletedTime, '');

    const kept = await backup('delete', newest);
    assert.equal(kept.status, 1);
    assert.match(kept.stderr, /one of the newest of its instance that can be relied on/);
    assert.match((await backup('show', newest)).stdout, /one of the newest +yes/);
    assert.equal((await backup('delete', newest, '--force')).stdout, `${newest} deleted\n`);
    assert.ok(!(await readdir(join(dataDir, 'repository'))).includes('backups'));
    const checked = await redkeep(['check', '--data-dir', dataDir]);
    assert.deepEqual([checked.status, checked.stderr], [0, '']);
  });
});
