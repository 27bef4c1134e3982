import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';

const ACTION = 'DescribeInstanceParamRecords';

test('parameter records: none, of an instance in any state', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-isolated', kind: 'managed', state: 'isolated' }));
  for (const InstanceId of [INSTANCE_ID, 'crs-isolated']) {
    const { RequestId, ...answer } = await fixture.call(ACTION, { InstanceId });
    assert.deepEqual(answer, { TotalCount: 0, InstanceParamHistory: [] });
    assert.match(RequestId, /^[0-9a-f-]{36}$/);
  }
});

test('parameter records: Limit 1 to 200, Offset a multiple of it', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  for (const page of [{ Limit: 1, Offset: 7 }, { Limit: 200, Offset: 400 }, { Offset: 100 }]) {
    assert.equal((await fixture.call(ACTION, { InstanceId: INSTANCE_ID, ...page })).Error, undefined, JSON.stringify(page));
  }
  for (const [page, Code, Message] of [
    [{ Limit: 0 }, 'InvalidParameter.InvalidParameter', 'Limit is 0; it must be 1 to 200.'],
    [{ Limit: 201 }, 'InvalidParameter.InvalidParameter', 'Limit is 201; it must be 1 to 200.'],
    [{ Offset: 20 }, 'InvalidParameter.InvalidParameter', 'Offset is 20; it must be a multiple of Limit, 100.'],
    [{ Offset: -100 }, 'InvalidParameter', 'The value type of parameter `Offset` is not valid'],
  ] as const) {
    assert.deepEqual((await fixture.call(ACTION, { InstanceId: INSTANCE_ID, ...page })).Error, { Code, Message });
  }
});

test('parameter records: of nothing but an instance that exists and may be seen', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const code = async (InstanceId: string, options: object = {}) => (await fixture.call(ACTION, { InstanceId }, options)).Error?.Code;
  assert.equal(await code('crs-00000000'), 'ResourceNotFound.InstanceNotExists');
  assert.equal(await code(INSTANCE_ID, { key: OTHER_KEY }), 'ResourceNotFound.InstanceNotExists');
  assert.equal(await code(INSTANCE_ID, { region: 'ap-beijing' }), 'ResourceNotFound.InstanceNotExists');
  assert.equal(await code(''), 'InvalidParameter.InvalidParameter');
  const { key } = await addUser(fixture, { action: `redis:${ACTION}`, resource: 'qcs::redis:::instance/crs-00000000' });
  assert.equal(await code(INSTANCE_ID, { key }), 'UnauthorizedOperation.NoCAMAuthed');
});
