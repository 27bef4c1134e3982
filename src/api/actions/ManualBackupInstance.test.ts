import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, INSTANCE_ID, insertExample, instanceRow, openApiFixture } from '../../../test/harness/api-fixture.ts';

const ACTION = 'ManualBackupInstance';
const DAY_MS = 86_400_000;

test('writes a running backup and its task together, and wakes the worker', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const answer = await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Remark: 'before "1.2"', StorageDays: 30 });
  const task = await fixture.catalog.tasks.get(answer['TaskId'] as number);
  assert.ok(task !== undefined);
  assert.deepEqual([task.kind, task.state, task.instanceId, task.payload], ['take-backup', 'preparing', INSTANCE_ID, '{}']);
  const backup = await fixture.catalog.backups.get(task.subject);
  assert.ok(backup !== undefined);
  assert.deepEqual(
    [backup.state, backup.type, backup.remark, backup.startedAt, backup.expiresAt - backup.startedAt, backup.attempt],
    ['running', 'manual', 'before "1.2"', fixture.clock.now(), 30 * DAY_MS, null],
  );
  assert.equal(fixture.wakes(), 1);
  const listed = await fixture.call('DescribeInstanceBackups', { InstanceId: INSTANCE_ID, Status: [1] });
  assert.equal(listed['TotalCount'], 1);
});

test('BackupId: a version-1 UUID of the start instant with a random multicast node', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  fixture.clock.set(at('2026-11-24 12:00:00'));
  const answer = await fixture.call(ACTION, { InstanceId: INSTANCE_ID });
  const id = (await fixture.catalog.tasks.get(answer['TaskId'] as number))?.subject ?? '';
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f][13579bdf][0-9a-f]{10}$/);
  const [low = '', middle = '', high = ''] = id.split('-');
  const ticks = BigInt(`0x${high.slice(1)}${middle}${low}`) - 122_192_928_000_000_000n;
  assert.equal(Number(ticks / 10_000n), at('2026-11-24 12:00:00'));
});

test('StorageDays: 0 or absent means 7, up to 1825', async () => {
  for (const [StorageDays, days] of [
    [0, 7],
    [undefined, 7],
    [1, 1],
    [1825, 1825],
  ]) {
    await using fixture = await openApiFixture();
    await fixture.catalog.instances.insert(instanceRow());
    const answer = await fixture.call(ACTION, { InstanceId: INSTANCE_ID, StorageDays });
    const task = await fixture.catalog.tasks.get(answer['TaskId'] as number);
    const backup = await fixture.catalog.backups.get(task?.subject ?? '');
    assert.equal(backup?.expiresAt, fixture.clock.now() + (days ?? 0) * DAY_MS);
  }
});

test('StorageDays: 0 or absent means as long as an automatic backup, where there is a schedule', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  await fixture.catalog.schedules.put({ instanceId: INSTANCE_ID, weekDays: [], hour: 0, storageDays: 60, activeFrom: 0 });
  const answer = await fixture.call(ACTION, { InstanceId: INSTANCE_ID, StorageDays: 0 });
  const task = await fixture.catalog.tasks.get(answer['TaskId'] as number);
  const backup = await fixture.catalog.backups.get(task?.subject ?? '');
  assert.equal(backup?.expiresAt, fixture.clock.now() + 60 * DAY_MS);
});

test('refuses values outside the rules and writes nothing', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  for (const [parameters, message] of [
    [{ InstanceId: 'crs-1' }, 'InstanceId is "crs-1"; it must be crs- and eight lower-case letters or digits.'],
    [{ InstanceId: INSTANCE_ID, StorageDays: -1 }, 'StorageDays is -1; it must be 0 to 1825.'],
    [{ InstanceId: INSTANCE_ID, StorageDays: 1826 }, 'StorageDays is 1826; it must be 0 to 1825.'],
    [{ InstanceId: INSTANCE_ID, Remark: 'x'.repeat(256) }, 'Remark has 256 characters; it must have at most 255 and none of them NUL.'],
    [{ InstanceId: INSTANCE_ID, Remark: 'a\0b' }, 'Remark has 3 characters; it must have at most 255 and none of them NUL.'],
  ] as const) {
    const answer = await fixture.call(ACTION, parameters);
    assert.deepEqual(answer.Error, { Code: 'InvalidParameter.InvalidParameter', Message: message });
  }
  assert.equal((await fixture.call('DescribeInstanceBackups', { InstanceId: INSTANCE_ID }))['TotalCount'], 0);
  assert.equal(fixture.wakes(), 0);
});

test('refuses an unknown instance, one that is held by a task, and one that is not online', async () => {
  await using fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  assert.equal((await fixture.call(ACTION, { InstanceId: 'crs-00000000' })).Error?.Code, 'ResourceNotFound.InstanceNotExists');
  const first = await fixture.call(ACTION, { InstanceId: INSTANCE_ID });
  assert.deepEqual((await fixture.call(ACTION, { InstanceId: INSTANCE_ID })).Error, {
    Code: 'ResourceUnavailable.InstanceLockedError',
    Message: `Task ${first['TaskId']} holds instance ${INSTANCE_ID}; try again when it has ended.`,
  });
  await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-attach01', state: 'attaching' }));
  await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-detach01', state: 'detached', detachedAt: 1 }));
  assert.deepEqual((await fixture.call(ACTION, { InstanceId: 'crs-attach01' })).Error, {
    Code: 'ResourceUnavailable.InstanceStateError',
    Message: 'Instance crs-attach01 is attaching; it must be online.',
  });
  assert.deepEqual((await fixture.call(ACTION, { InstanceId: 'crs-detach01' })).Error, {
    Code: 'ResourceUnavailable.InstanceStatusAbnormal',
    Message:
      'Instance crs-detach01 is detached, and waiting does not change that: start it or attach it again first, where it is still there.',
  });
});

test('of ten requests at once one starts, and each other is told that the instance is held', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const answers = await Promise.all(Array.from({ length: 10 }, () => fixture.call(ACTION, { InstanceId: INSTANCE_ID })));
  const codes = answers.map((answer) => answer.Error?.Code);
  assert.equal(codes.filter((code) => code === undefined).length, 1);
  assert.equal(codes.filter((code) => code === 'ResourceUnavailable.InstanceLockedError').length, 9);
  assert.equal((await fixture.call('DescribeInstanceBackups', { InstanceId: INSTANCE_ID }))['TotalCount'], 1);
});
