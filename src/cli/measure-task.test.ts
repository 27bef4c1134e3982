import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, KEY } from '../../test/harness/api-fixture.ts';
import { openLiveApi } from '../../test/harness/live-api.ts';
import { createClient } from '../api/client.ts';
import { byPhase, byShare } from './measure-task.ts';

const BACKUP_ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';

test('a restore is told by the phase that it is in, any task by its share, and nothing of what is not known', async () => {
  await using live = await openLiveApi();
  const { tasks } = live.fixture.catalog;
  const client = createClient({ ...KEY, endpoint: `http://127.0.0.1:${live.port}`, region: 'ap-guangzhou' });
  const { TaskId } = await client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
    InstanceId: INSTANCE_ID,
    BackupId: BACKUP_ID,
    BackupInstanceId: INSTANCE_ID,
  });
  const [share, bytes, phase] = [byShare(INSTANCE_ID), byShare(INSTANCE_ID, 2000), byPhase()];
  assert.equal(await phase(client, TaskId), undefined);
  assert.equal(await share(client, TaskId), undefined);
  const claim = await tasks.claim('worker', ['restore-instance'], 60_000);
  assert.ok(claim !== undefined);
  assert.deepEqual([await phase(client, TaskId), await share(client, TaskId)], [undefined, undefined]);
  await tasks.heartbeat(claim.lease, 60_000, 0.5, { name: 'saving-target', doneBytes: 250, totalBytes: 1000 });
  assert.deepEqual(await phase(client, TaskId), { done: 250, total: 1000, phase: 'saving target' });
  assert.deepEqual(await share(client, TaskId), { done: 0.5, total: 1, unit: 'share' });
  assert.deepEqual(await bytes(client, TaskId), { done: 1000, total: 2000 });
  // Neither is there to be asked: a bar is no reason to fail.
  assert.deepEqual([await phase(client, 99), await share(client, 99)], [undefined, undefined]);
});
