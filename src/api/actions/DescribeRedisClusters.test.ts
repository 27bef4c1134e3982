import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, insertExample, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';

const ACTION = 'DescribeRedisClusters';

test('dedicated clusters: none, whatever is asked for', async () => {
  await using fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  for (const parameters of [
    {},
    {
      RedisClusterIds: ['crs-cdc-1'],
      Status: [1, 2, 3],
      ProjectIds: [0],
      AutoRenewFlag: [0, 1, 2],
      ClusterName: 'main',
      SearchKey: INSTANCE_ID,
      Limit: 1000,
      Offset: 2000,
      DedicatedClusterId: 'cluster-1',
    },
    { RedisClusterIds: [], Status: [], ClusterName: '' },
  ]) {
    const { RequestId, ...answer } = await fixture.call(ACTION, parameters);
    assert.deepEqual(answer, { Total: 0, Resources: [] });
    assert.match(RequestId, /^[0-9a-f-]{36}$/);
  }
});

test('dedicated clusters: filters and pages that nothing can have are refused', async () => {
  await using fixture = await openApiFixture();
  for (const [parameters, Message] of [
    [{ Limit: 0 }, 'Limit is 0; it must be 1 to 1000.'],
    [{ Limit: 1001 }, 'Limit is 1001; it must be 1 to 1000.'],
    [{ Offset: 5 }, 'Offset is 5; it must be a multiple of Limit, 20.'],
    [{ Status: [2, 4] }, 'Status.1 is 4; it must be one of 1, 2, 3.'],
    [{ AutoRenewFlag: [3] }, 'AutoRenewFlag.0 is 3; it must be one of 0, 1, 2.'],
    [{ ProjectIds: Array(101).fill(1) }, 'ProjectIds has 101 elements; it must have at most 100.'],
    [{ RedisClusterIds: Array(101).fill('a') }, 'RedisClusterIds has 101 elements; it must have at most 100.'],
    [{ RedisClusterIds: ['a'.repeat(61)] }, 'RedisClusterIds.0 has 61 characters; it must have at most 60 and none of them NUL.'],
    [{ ClusterName: 'a'.repeat(61) }, 'ClusterName has 61 characters; it must have at most 60 and none of them NUL.'],
    [{ SearchKey: '\0' }, 'SearchKey has 1 characters; it must have at most 60 and none of them NUL.'],
    [{ DedicatedClusterId: 'a'.repeat(61) }, 'DedicatedClusterId has 61 characters; it must have at most 60 and none of them NUL.'],
  ] as const) {
    assert.deepEqual((await fixture.call(ACTION, parameters)).Error, { Code: 'InvalidParameter.InvalidParameter', Message });
  }
});

test('dedicated clusters: the call names no instance, so a policy must allow it on *', async () => {
  await using fixture = await openApiFixture();
  const { key } = await addUser(fixture, { action: `redis:${ACTION}`, resource: `qcs::redis:::instance/${INSTANCE_ID}` });
  assert.equal((await fixture.call(ACTION, {}, { key })).Error?.Code, 'InvalidParameter.PermissionDenied');
  const allowed = await addUser(fixture, { action: `redis:${ACTION}` });
  assert.equal((await fixture.call(ACTION, {}, { key: allowed.key })).Error, undefined);
});
