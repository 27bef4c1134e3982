import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApiFixture, INSTANCE_ID, insertManaged, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import type { SignOptions } from '../../../test/harness/signed-request.ts';
import { addUser } from '../../../test/harness/users.ts';
import { INSTANCE_STATES } from '../../catalog/instance-state.ts';

const ACTIONS = ['DescribeInstanceShards', 'DescribeInstanceZoneInfo', 'DescribeInstanceNodeInfo'] as const;
const MANAGED = 'crs-7m2k9q4d';

/** What the three say of where the node is and how it is. */
async function describe(fixture: ApiFixture, InstanceId: string, options: Partial<SignOptions> = {}) {
  const call = async <Output>(action: (typeof ACTIONS)[number]) => (await fixture.call(action, { InstanceId }, options)) as Output;
  const { InstanceShards } = await call<{ InstanceShards: Array<{ Connected: number; ZoneId: string }> }>('DescribeInstanceShards');
  const { ReplicaGroups } = await call<{ ReplicaGroups: Array<{ ZoneId: string; RedisNodes: Array<{ Status: string }> }> }>(
    'DescribeInstanceZoneInfo',
  );
  const { Redis } = await call<{ Redis: Array<{ ZoneId: number }> }>('DescribeInstanceNodeInfo');
  return {
    zones: [InstanceShards[0]?.ZoneId, ReplicaGroups[0]?.ZoneId, Redis[0]?.ZoneId],
    health: [InstanceShards[0]?.Connected, ReplicaGroups[0]?.RedisNodes[0]?.Status],
  };
}

test('nodes: every instance is one shard of one group of one node, with every field of the SDK models and no proxy', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow({ usedMemoryBytes: 36_795_121, replicas: 2, zoneId: 100003 }));
  await insertManaged(fixture.catalog);
  for (const [InstanceId, zoneId, usedMemoryBytes] of [
    [INSTANCE_ID, 100003, 36_795_121],
    [MANAGED, 100001, 3_000_000],
  ] as const) {
    const node = `${InstanceId}-001-01`;
    const ZoneId = `ap-guangzhou-${zoneId % 10}`;
    const { RequestId: first, ...shards } = await fixture.call('DescribeInstanceShards', { InstanceId });
    assert.deepEqual(shards, {
      InstanceShards: [
        {
          ShardName: node,
          ShardId: '1',
          Role: 0,
          Keys: 0,
          Slots: '["0-16383"]',
          Storage: usedMemoryBytes,
          StorageSlope: 0,
          Runid: node,
          RunId: node,
          Connected: 1,
          ZoneId,
          ReplicasNodeId: 1,
        },
      ],
      TotalCount: 1,
    });
    const { RequestId: second, ...zones } = await fixture.call('DescribeInstanceZoneInfo', { InstanceId });
    assert.deepEqual(zones, {
      TotalCount: 1,
      ReplicaGroups: [
        {
          GroupId: 1,
          GroupName: '',
          ZoneId,
          Role: 'master',
          RedisNodes: [{ Keys: 0, Slot: '0-16383', NodeId: node, Status: 'normal', Role: 'master' }],
        },
      ],
    });
    const { RequestId: third, ...nodes } = await fixture.call('DescribeInstanceNodeInfo', { InstanceId });
    assert.deepEqual(nodes, {
      ProxyCount: 0,
      Proxy: [],
      RedisCount: 1,
      Redis: [{ NodeId: node, NodeRole: 'master', ClusterId: 1, ZoneId: zoneId }],
      TendisCount: 0,
      Tendis: [],
    });
    assert.equal(new Set([first, second, third]).size, 3);
  }
});

test('nodes: the node is up by the state of its instance, and shown in any but failed', async () => {
  await using fixture = await openApiFixture();
  for (const [index, state] of INSTANCE_STATES.entries()) {
    const InstanceId = `crs-state${String(index).padStart(3, '0')}`;
    await fixture.catalog.instances.insert(instanceRow({ instanceId: InstanceId, state }));
    if (state === 'failed') {
      for (const action of ACTIONS) {
        assert.equal((await fixture.call(action, { InstanceId })).Error?.Code, 'ResourceNotFound.InstanceNotExists');
      }
    } else {
      const isUp = state === 'online' || state === 'restoring' || state === 'changing';
      assert.deepEqual((await describe(fixture, InstanceId)).health, isUp ? [1, 'normal'] : [0, 'down'], state);
    }
  }
});

test('nodes: a region without zones leaves the zone empty', async () => {
  await using fixture = await openApiFixture();
  const region = 'ap-jakarta';
  await fixture.catalog.instances.insert(instanceRow({ region }));
  assert.deepEqual((await describe(fixture, INSTANCE_ID, { region })).zones, ['', '', 0]);
});

test('nodes: FilterSlave and the pages of DescribeInstanceNodeInfo have no effect, since there is one node', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  for (const FilterSlave of [true, false]) {
    assert.equal((await fixture.call('DescribeInstanceShards', { InstanceId: INSTANCE_ID, FilterSlave }))['TotalCount'], 1);
  }
  for (const page of [{ Limit: 1000, Offset: 1000 }, { Limit: 0 }, { Limit: 3, Offset: 1 }]) {
    const answer = await fixture.call('DescribeInstanceNodeInfo', { InstanceId: INSTANCE_ID, ...page });
    assert.equal((answer['Redis'] as unknown[]).length, 1);
  }
});

test('nodes: an unknown instance, another account’s, another region’s and a malformed id are refused', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  for (const action of ACTIONS) {
    for (const [InstanceId, options] of [
      ['crs-00000000', {}],
      [INSTANCE_ID, { key: OTHER_KEY }],
      [INSTANCE_ID, { region: 'ap-beijing' }],
    ] as const) {
      assert.equal((await fixture.call(action, { InstanceId }, options)).Error?.Code, 'ResourceNotFound.InstanceNotExists', action);
    }
    assert.deepEqual((await fixture.call(action, { InstanceId: 'ins-1' })).Error, {
      Code: 'InvalidParameter.InvalidParameter',
      Message: 'InstanceId is "ins-1"; it must be crs- and eight lower-case letters or digits.',
    });
  }
});

test('nodes: DescribeInstanceZoneInfo needs an InstanceId, which the SDK marks as optional; the other two require one', async () => {
  await using fixture = await openApiFixture();
  for (const parameters of [{}, { InstanceId: '' }]) {
    assert.deepEqual((await fixture.call('DescribeInstanceZoneInfo', parameters)).Error, {
      Code: 'InvalidParameter.EmptyParam',
      Message: 'InstanceId is empty.',
    });
  }
  for (const action of ['DescribeInstanceShards', 'DescribeInstanceNodeInfo']) {
    assert.equal((await fixture.call(action)).Error?.Code, 'MissingParameter');
  }
});

test('nodes: a user is shown those of the instances that a policy allows', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  await insertManaged(fixture.catalog);
  const resource = `qcs::redis:ap-guangzhou::instance/${INSTANCE_ID}`;
  const { key } = await addUser(fixture, { action: 'redis:DescribeInstance*', resource });
  const stranger = await addUser(fixture);
  for (const action of ACTIONS) {
    assert.equal((await fixture.call(action, { InstanceId: INSTANCE_ID }, { key })).Error, undefined);
    assert.equal((await fixture.call(action, { InstanceId: MANAGED }, { key })).Error?.Code, 'UnauthorizedOperation.NoCAMAuthed');
    const refused = await fixture.call(action, { InstanceId: INSTANCE_ID }, { key: stranger.key });
    assert.equal(refused.Error?.Code, 'InvalidParameter.PermissionDenied');
  }
});
