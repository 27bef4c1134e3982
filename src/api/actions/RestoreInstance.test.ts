import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backupRow,
  INSTANCE_ID,
  insertExample,
  instanceRow,
  OTHER_KEY,
  openApiFixture,
  PASSWORD,
} from '../../../test/harness/api-fixture.ts';
import type { RestorePayload } from '../../catalog/restores.ts';

const ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';

async function openFixture() {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  const restore = (parameters: object = {}, options: object = {}) =>
    fixture.call('RestoreInstance', { InstanceId: INSTANCE_ID, BackupId: ID, Password: PASSWORD, ...parameters }, options);
  return { ...fixture, restore, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

test('asks for a restore with a safety backup, and the instance has Status 1 from then on', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.restore();
  const task = await fixture.catalog.tasks.get(TaskId as number);
  const payload = JSON.parse(task?.payload ?? '') as RestorePayload;
  assert.deepEqual([task?.kind, task?.instanceId, payload.backupId, payload.dryRun], ['restore-instance', INSTANCE_ID, ID, false]);
  assert.deepEqual(payload.safety, {
    remark: `Safety backup before the restore of ${ID}`,
    expiresAt: fixture.clock.now() + 7 * 86_400_000,
  });
  assert.match(task?.subject ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-1/);
  assert.equal(fixture.wakes(), 1);
  const { InstanceSet } = await fixture.call('DescribeInstances', { InstanceId: INSTANCE_ID });
  const [instance] = InstanceSet as Array<{ Status: number; InstanceTitle: string }>;
  assert.deepEqual([instance?.Status, instance?.InstanceTitle], [1, 'Restoring']);
  assert.equal((await fixture.call('DescribeTaskInfo', { TaskId }))['TaskType'], 'Restore instance');
  const { Tasks } = await fixture.call('DescribeTaskList', { TaskTypes: ['010'] });
  assert.equal((Tasks as unknown[]).length, 1);
  assert.deepEqual(
    fixture.audited.map((entry) => [entry['action'], entry['code'], entry['of']]),
    [['redis:RestoreInstance', 'ok', { InstanceId: INSTANCE_ID, BackupId: ID }]],
  );
});

test('one task holds an instance: neither a second restore nor a backup begins beside one, and none beside a backup', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.restore();
  const locked = {
    Code: 'ResourceUnavailable.InstanceLockedError',
    Message: `Task ${TaskId} holds instance ${INSTANCE_ID}; try again when it has ended.`,
  };
  assert.deepEqual((await fixture.restore()).Error, locked);
  assert.deepEqual((await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID })).Error, locked);
  await using other = await openFixture();
  await other.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  assert.equal((await other.restore()).Error?.Code, 'ResourceUnavailable.InstanceLockedError');
});

test('the password must be the instance’s, unless it has none', async () => {
  await using fixture = await openFixture();
  for (const Password of ['wrong', '', undefined]) {
    assert.deepEqual((await fixture.restore({ Password })).Error, {
      Code: 'InvalidParameterValue.PasswordError',
      Message: `Password is not that of instance ${INSTANCE_ID}.`,
    });
  }
  fixture.sealed.set(INSTANCE_ID, { password: '' });
  assert.equal((await fixture.restore({ Password: undefined })).Error, undefined);
});

test('what cannot be restored, and where nothing can be restored to, each has its code', async () => {
  await using fixture = await openFixture();
  const { catalog } = fixture;
  for (const state of ['running', 'expired', 'deleted', 'failed'] as const) {
    await catalog.backups.insert(backupRow({ backupId: `of-state-${state}`, state }));
  }
  for (const state of ['attaching', 'isolated', 'detached'] as const) {
    await catalog.instances.insert(instanceRow({ instanceId: `crs-${state.padEnd(8, '0').slice(0, 8)}`, state }));
  }
  await catalog.instances.insert(instanceRow({ instanceId: 'crs-small000', maxMemoryBytes: 1_000 }));
  await catalog.backups.insert(backupRow({ backupId: 'of-the-small', instanceId: 'crs-small000' }));
  for (const [parameters, code, message] of [
    [{ BackupId: 'none' }, 'InvalidParameterValue.BackupNotExists', /has no such backup/],
    [{ BackupId: 'of-state-failed' }, 'InvalidParameterValue.BackupNotExists', /has no such backup/],
    [{ BackupId: 'of-state-running' }, 'ResourceUnavailable.BackupLockedError', /still being taken; try again when its Status is 2/],
    [{ BackupId: 'of-state-expired' }, 'ResourceUnavailable.BackupStatusAbnormal', /is expired; it must be normal/],
    [{ BackupId: 'of-state-deleted' }, 'ResourceUnavailable.BackupStatusAbnormal', /is deleted/],
    [{ InstanceId: 'crs-attachin' }, 'ResourceUnavailable.InstanceStateError', /is attaching; it must be online/],
    [{ InstanceId: 'crs-isolated' }, 'ResourceUnavailable.InstanceStatusAbnormal', /is isolated, and waiting does not change that/],
    [{ InstanceId: 'crs-detached' }, 'ResourceUnavailable.InstanceStatusAbnormal', /is detached, and waiting does not change that/],
    [
      { InstanceId: 'crs-small000', BackupId: 'of-the-small' },
      'ResourceUnavailable.BackupSpecError',
      /has 1234 bytes, .* 1000 bytes of memory/,
    ],
    [{ InstanceId: 'crs-unknown0' }, 'ResourceNotFound.InstanceNotExists', /No instance crs-unknown0/],
    [{ InstanceId: 'nonsense' }, 'InvalidParameter.InvalidParameter', /must be crs-/],
  ] as const) {
    const { Error: error } = await fixture.restore(parameters);
    assert.equal(error?.Code, code);
    assert.match(error?.Message ?? '', message);
  }
  assert.equal((await fixture.restore({}, { key: OTHER_KEY })).Error?.Code, 'ResourceNotFound.InstanceNotExists');
  assert.equal(fixture.wakes(), 0);
  assert.equal((await catalog.instances.get(INSTANCE_ID))?.state, 'online');
});
