import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';

test('follows a task from preparing through a failed try to its end', async () => {
  await using fixture = await openApiFixture();
  const { catalog } = fixture;
  await catalog.instances.insert(instanceRow());
  const { TaskId } = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  const ask = async () => {
    const { RequestId, ...info } = await fixture.call('DescribeTaskInfo', { TaskId });
    return info;
  };
  const info = { StartTime: '2026-11-24 12:00:00', TaskType: 'Back up instance', InstanceId: INSTANCE_ID };
  assert.deepEqual(await ask(), { Status: 'preparing', ...info, TaskMessage: '' });

  const first = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
  assert.ok(first !== undefined);
  assert.deepEqual(await ask(), { Status: 'running', ...info, TaskMessage: '' });
  await catalog.tasks.retryLater(first.lease, 'the source closed the connection', 0);
  assert.deepEqual(await ask(), { Status: 'preparing', ...info, TaskMessage: 'the source closed the connection' });

  const second = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
  assert.ok(second !== undefined);
  await catalog.tasks.fail(second.lease, 'the source refused the password');
  assert.deepEqual(await ask(), { Status: 'failed', ...info, TaskMessage: 'the source refused the password' });
});

test('a task that succeeded has no message', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const { TaskId } = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  const claim = await fixture.catalog.tasks.claim('worker', ['take-backup'], 60_000);
  assert.ok(claim !== undefined);
  await fixture.catalog.tasks.succeed(claim.lease);
  const info = await fixture.call('DescribeTaskInfo', { TaskId });
  assert.deepEqual([info['Status'], info['TaskMessage']], ['succeed', '']);
});

test('an unknown task, another account’s and another region’s are refused alike', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const { TaskId } = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  const code = 'InvalidParameter.InvalidParameter';
  for (const [id, options, region] of [
    [999, {}, 'ap-guangzhou'],
    [0, {}, 'ap-guangzhou'],
    [2 ** 63, {}, 'ap-guangzhou'],
    [TaskId, { key: OTHER_KEY }, 'ap-guangzhou'],
    [TaskId, { region: 'ap-beijing' }, 'ap-beijing'],
  ] as const) {
    const answer = await fixture.call('DescribeTaskInfo', { TaskId: id }, options);
    assert.deepEqual(answer.Error, { Code: code, Message: `TaskId ${id} is not a task in region ${region}.` });
  }
});

test('TaskId is required, a number, and not negative', async () => {
  await using fixture = await openApiFixture();
  assert.equal((await fixture.call('DescribeTaskInfo')).Error?.Code, 'MissingParameter');
  for (const TaskId of ['1', -1, 1.5]) {
    assert.equal((await fixture.call('DescribeTaskInfo', { TaskId })).Error?.Code, 'InvalidParameter');
  }
});
