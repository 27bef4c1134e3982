import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, type Answer, type ApiFixture, at, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { InstanceSet, NEUTRAL } from '../shapes/instance-set.ts';

const ACTION = 'DescribeInstances';

function ids(answer: Answer): string[] {
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  return (answer['InstanceSet'] as Array<{ InstanceId: string }>).map((instance) => instance.InstanceId.slice(4));
}

async function insertFour(fixture: ApiFixture): Promise<void> {
  const rows = [
    { instanceId: 'crs-aaaaaaaa', name: 'Orders main', host: '10.0.0.1', createdAt: at('2026-11-01 00:00:01') },
    {
      instanceId: 'crs-bbbbbbbb',
      name: 'orders replica',
      host: '10.0.0.2',
      createdAt: at('2026-11-01 00:00:02'),
      projectId: 7,
      serverKind: 'valkey',
      serverVersion: '8.0.1',
    },
    { instanceId: 'crs-cccccccc', name: 'sessions', host: '10.0.0.11', createdAt: at('2026-11-01 00:00:03'), state: 'attaching' as const },
    {
      instanceId: 'crs-dddddddd',
      name: 'old',
      host: '10.0.0.4',
      createdAt: at('2026-11-01 00:00:04'),
      state: 'detached' as const,
      detachedAt: at('2026-11-02 00:00:00'),
    },
  ];
  for (const row of rows) {
    await fixture.catalog.instances.insert(instanceRow(row));
  }
  for (const [instanceId, key, value] of [
    ['crs-aaaaaaaa', 'team', 'a'],
    ['crs-aaaaaaaa', 'tier', '1'],
    ['crs-bbbbbbbb', 'team', 'b'],
  ] as const) {
    await fixture.catalog.tags.set({ instanceId, key, value });
  }
  await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-eeeeeeee', region: 'ap-beijing' }));
  await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-ffffffff', accountId: '200000000001' }));
}

test('shows every field of the SDK model, the neutral ones with their neutral values', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow({ usedMemoryBytes: 3 * 1024 * 1024, maxMemoryBytes: 64 * 1024 * 1024 }));
  const [instance] = (await fixture.call(ACTION))['InstanceSet'] as Array<Record<string, unknown>>;
  assert.ok(instance !== undefined);
  assert.deepEqual(Object.keys(instance).sort(), Object.keys(InstanceSet.properties).sort());
  assert.deepEqual(instance, {
    ...NEUTRAL,
    ProjectId: 0,
    InstanceTags: [],
    DeleteProtectionSwitch: 0,
    InstanceName: 'orders',
    InstanceId: 'crs-5a4py64p',
    RegionId: 1,
    ZoneId: 100001,
    Status: 2,
    WanIp: '10.0.0.5',
    Port: 6379,
    Createtime: '2018-09-01 10:00:00',
    Size: 64,
    SizeUsed: 3,
    Type: 17,
    Engine: 'Redis',
    InstanceTitle: 'Running',
    OfflineTime: '',
    CloseTime: '',
    RedisShardSize: 64,
    RedisReplicasNum: 1,
    Region: 'ap-guangzhou',
    CurrentRedisVersion: '7.0.15',
  });
  for (const [name, value] of Object.entries(instance)) {
    assert.notEqual(value, null, name);
  }
});

test('lists what the account has in the region, newest first, without detached ones', async () => {
  await using fixture = await openApiFixture();
  await insertFour(fixture);
  const answer = await fixture.call(ACTION);
  assert.equal(answer['TotalCount'], 3);
  assert.deepEqual(ids(answer), ['cccccccc', 'bbbbbbbb', 'aaaaaaaa']);
  assert.deepEqual(ids(await fixture.call(ACTION, {}, { region: 'ap-beijing' })), ['eeeeeeee']);
  assert.deepEqual(ids(await fixture.call(ACTION, {}, { key: OTHER_KEY })), ['ffffffff']);
  assert.notEqual(ACCOUNT, '200000000001');
});

describe('filters', () => {
  const cases: Array<[name: string, parameters: object, expected: string[]]> = [
    ['InstanceId', { InstanceId: 'crs-aaaaaaaa' }, ['aaaaaaaa']],
    ['an instance that does not exist', { InstanceId: 'crs-00000000' }, []],
    ["another account's instance", { InstanceId: 'crs-ffffffff' }, []],
    ['InstanceIds', { InstanceIds: ['crs-aaaaaaaa', 'crs-cccccccc', 'crs-00000000'] }, ['cccccccc', 'aaaaaaaa']],
    ['InstanceId and InstanceIds: both', { InstanceId: 'crs-aaaaaaaa', InstanceIds: ['crs-aaaaaaaa', 'crs-cccccccc'] }, ['aaaaaaaa']],
    ['InstanceId and InstanceIds without it', { InstanceId: 'crs-aaaaaaaa', InstanceIds: ['crs-cccccccc'] }, []],
    ['empty InstanceIds', { InstanceIds: [] }, ['cccccccc', 'bbbbbbbb', 'aaaaaaaa']],
    ['InstanceName, whole', { InstanceName: 'Orders main' }, ['aaaaaaaa']],
    ['InstanceName, part', { InstanceName: 'Orders' }, []],
    ['SearchKey, part in any case', { SearchKey: 'ORDERS' }, ['bbbbbbbb', 'aaaaaaaa']],
    ['SearchKeys: name part, whole id or whole host', { SearchKeys: ['MAIN', 'crs-bbbbbbbb', '10.0.0.1'] }, ['bbbbbbbb', 'aaaaaaaa']],
    ['a thousand SearchKeys', { SearchKeys: [...Array(999).fill('%_no'), 'MAIN'] }, ['aaaaaaaa']],
    ['SearchKeys and another filter', { SearchKeys: ['orders'], InstanceIds: ['crs-bbbbbbbb'] }, ['bbbbbbbb']],
    ['SearchKeys with nothing in them', { SearchKeys: [''] }, []],
    ['Status 2', { Status: [2] }, ['bbbbbbbb', 'aaaaaaaa']],
    ['Status 0', { Status: [0] }, ['cccccccc']],
    ['Status -2', { Status: [-2] }, ['dddddddd']],
    ['Status 1 and -3, which none has', { Status: [1, -3] }, []],
    ['Status twice', { Status: [-2, -2, 0] }, ['dddddddd', 'cccccccc']],
    ['ascending', { OrderType: 0 }, ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']],
    ['by name, ascending', { OrderBy: 'instancename', OrderType: 0, Status: [2] }, ['aaaaaaaa', 'bbbbbbbb']],
    ['page', { Limit: 2, Offset: 2 }, ['aaaaaaaa']],
    ['page of a search', { SearchKeys: ['s'], Limit: 1, Offset: 1 }, ['bbbbbbbb']],
    ['ProjectIds', { ProjectIds: [7, 8] }, ['bbbbbbbb']],
    ['by project, ascending', { OrderBy: 'projectId', OrderType: 0 }, ['aaaaaaaa', 'cccccccc', 'bbbbbbbb']],
    [
      'InstanceTags, all of them',
      {
        InstanceTags: [
          { TagKey: 'team', TagValue: 'a' },
          { TagKey: 'tier', TagValue: '1' },
        ],
      },
      ['aaaaaaaa'],
    ],
    ['InstanceTags of another value', { InstanceTags: [{ TagKey: 'team', TagValue: 'c' }] }, []],
    ['TagKeys', { TagKeys: ['team'] }, ['bbbbbbbb', 'aaaaaaaa']],
    ['Type', { Type: 19 }, ['bbbbbbbb']],
    ['TypeList', { TypeList: [17, 18] }, ['cccccccc', 'aaaaaaaa']],
    ['Type and TypeList: both', { Type: 17, TypeList: [19] }, []],
    ['EngineName in any case', { EngineName: 'valkey-8.0' }, ['bbbbbbbb']],
    ...(
      [
        [{ BillingMode: 'postpaid' }, { BillingMode: 'prepaid' }],
        [{ TypeVersion: 2 }, { TypeVersion: 3 }],
        [{ AzMode: 'singleaz' }, { AzMode: 'multiaz' }],
        [{ AutoRenew: [0, 1] }, { AutoRenew: [1, 2] }],
        [{ ProductVersions: ['local', 'cdc'] }, { ProductVersions: ['cdc'] }],
        [{ RegionIds: [4, 1] }, { RegionIds: [4] }],
        [{ UniqVpcIds: [] }, { UniqVpcIds: ['vpc-1'] }],
        [{ SubnetIds: [] }, { SubnetIds: ['1'] }],
      ] as const
    ).flatMap(
      ([held, foreign]): Array<[string, object, string[]]> => [
        [`what all have: ${JSON.stringify(held)}`, held, ['cccccccc', 'bbbbbbbb', 'aaaaaaaa']],
        [`what none has: ${JSON.stringify(foreign)}`, foreign, []],
        [`what none has, with a Status: ${JSON.stringify(foreign)}`, { ...foreign, Status: [2] }, []],
      ],
    ),
  ];
  for (const [name, parameters, expected] of cases) {
    test(name, async () => {
      await using fixture = await openApiFixture();
      await insertFour(fixture);
      assert.deepEqual(ids(await fixture.call(ACTION, parameters)), expected);
    });
  }
});

test('shows each state of a managed instance by the vendor’s number, the isolated ones without being asked, a failed one never', async () => {
  await using fixture = await openApiFixture();
  const states = ['creating', 'starting', 'online', 'isolating', 'isolated', 'cleaning', 'detached', 'failed'] as const;
  for (const [index, state] of states.entries()) {
    await fixture.catalog.instances.insert(instanceRow({ instanceId: `crs-0000000${index}`, kind: 'managed', state, createdAt: index }));
  }
  const shown = async (parameters: object) => {
    const { InstanceSet: set } = (await fixture.call(ACTION, { OrderType: 0, ...parameters })) as unknown as {
      InstanceSet: Array<{ InstanceId: string; Status: number }>;
    };
    return set.map(({ InstanceId, Status }) => [states[Number(InstanceId.at(-1))], Status]);
  };
  const listed = [
    ['creating', 0],
    ['starting', 1],
    ['online', 2],
    ['isolating', 1],
    ['isolated', -2],
    ['cleaning', -3],
  ];
  assert.deepEqual(await shown({}), listed);
  assert.deepEqual(await shown({ Status: [0, 1, 2, -2, -3] }), [...listed, ['detached', -2]]);
});

test('shows the tags of each instance, zone and project as ordered, and the protection', async () => {
  await using fixture = await openApiFixture();
  await insertFour(fixture);
  await fixture.catalog.instances.insert(
    instanceRow({ instanceId: 'crs-gggggggg', zoneId: 100003, projectId: 9, deleteProtection: true, createdAt: 0 }),
  );
  const { InstanceSet: set } = (await fixture.call(ACTION, { OrderType: 0 })) as unknown as { InstanceSet: Array<Record<string, unknown>> };
  assert.deepEqual(
    set.map((each) => [each['InstanceTags'], each['ZoneId'], each['ProjectId'], each['DeleteProtectionSwitch']]),
    [
      [[], 100003, 9, 1],
      [
        [
          { TagKey: 'team', TagValue: 'a' },
          { TagKey: 'tier', TagValue: '1' },
        ],
        100001,
        0,
        0,
      ],
      [[{ TagKey: 'team', TagValue: 'b' }], 100001, 7, 0],
      [[], 100001, 0, 0],
    ],
  );
});

test('refuses values outside the rules', async () => {
  await using fixture = await openApiFixture();
  for (const [parameters, message] of [
    [{ Limit: 0 }, 'Limit is 0; it must be 1 to 1000.'],
    [{ Limit: 1001 }, 'Limit is 1001; it must be 1 to 1000.'],
    [{ Offset: 2 ** 60 }, `Offset is ${2 ** 60}; it must be at most 9007199254740991.`],
    [{ InstanceId: '' }, 'InstanceId is ""; it must be crs- and eight lower-case letters or digits.'],
    [{ InstanceIds: ['x'] }, 'InstanceId is "x"; it must be crs- and eight lower-case letters or digits.'],
    [{ InstanceIds: Array(1001).fill('crs-00000000') }, 'InstanceIds has 1001 elements; it must have at most 1000.'],
    [{ InstanceName: 'n'.repeat(61) }, 'InstanceName has 61 characters; it must have at most 60 and none of them NUL.'],
    [{ SearchKey: 'n'.repeat(60_000) }, 'SearchKey has 60000 characters; it must have at most 60 and none of them NUL.'],
    [{ SearchKey: '\0' }, 'SearchKey has 1 characters; it must have at most 60 and none of them NUL.'],
    [{ SearchKeys: ['a', 'n'.repeat(254)] }, 'SearchKeys.1 has 254 characters; it must have at most 253 and none of them NUL.'],
    [{ SearchKeys: Array(1001).fill('a') }, 'SearchKeys has 1001 elements; it must have at most 1000.'],
    [{ ProjectIds: Array(1001).fill(1) }, 'ProjectIds has 1001 elements; it must have at most 1000.'],
    [{ TagKeys: Array(51).fill('a') }, 'InstanceTags and TagKeys have 51 elements together; they must have at most 50.'],
    [{ Status: [3] }, 'Status holds 3; it must be 0, 1, 2, -2 or -3.'],
    [{ TypeVersion: 4 }, 'TypeVersion is 4; it must be one of 1, 2, 3.'],
    [{ BillingMode: 'free' }, 'BillingMode is "free"; it must be one of postpaid, prepaid.'],
    [{ AzMode: '' }, 'AzMode is ""; it must be one of singleaz, multiaz.'],
    [{ OrderType: 2 }, 'OrderType is 2; it must be 0 or 1.'],
    [{ OrderBy: 'size' }, 'OrderBy is "size"; it must be one of createtime, instancename, projectId, type, curDeadline.'],
  ] as const) {
    const answer = await fixture.call(ACTION, parameters);
    assert.deepEqual(answer.Error, { Code: 'InvalidParameter.InvalidParameter', Message: message });
  }
  assert.equal((await fixture.call(ACTION, { Limit: -1 })).Error?.Code, 'InvalidParameter');
});
