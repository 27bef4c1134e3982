import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ACCOUNT,
  type Answer,
  at,
  INSTANCE_ID,
  insertExample,
  instanceRow,
  MACHINE,
  openApiFixture,
  SUB_KEY,
} from '../../../test/harness/api-fixture.ts';
import type { LocalMachine } from '../local-machine.ts';

const ACTION = 'CreateInstances';
const GIGABYTE = 2 ** 30;
const ORDER = { TypeId: 17, MemSize: 1024, GoodsNum: 1, Period: 1, BillingMode: 0, Password: 'correct-horse-7' };

function codeOf(answer: Answer): string | undefined {
  return answer.Error?.Code;
}

test('inserts rows in state creating with all that was ordered, and one task for each; the password is sealed', async () => {
  await using fixture = await openApiFixture();
  fixture.clock.set(at('2026-11-24 00:00:01'));
  const answer = await fixture.call(ACTION, {
    ...ORDER,
    MemSize: 2048,
    GoodsNum: 2,
    ZoneName: 'ap-guangzhou-3',
    InstanceName: '订单-a_1',
    ProjectId: 12,
    ResourceTags: [{ TagKey: 'team', TagValue: '甲' }],
    RedisShardNum: 1,
    RedisReplicasNum: 1,
    ConnectionMode: 1,
  });
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  const ids = answer['InstanceIds'] as string[];
  assert.equal(ids.length, 2);
  assert.match(String(answer['DealId']), /^20261124\d{12}$/);
  assert.equal(answer['DealName'], answer['DealId']);
  const [first = ''] = ids;
  const row = await fixture.catalog.instances.get(first);
  assert.deepEqual(
    { ...row, sealedSecrets: undefined },
    {
      ...instanceRow({
        instanceId: first,
        name: '订单-a_1_1',
        kind: 'managed',
        state: 'creating',
        host: '127.0.0.1',
        port: 0,
        usedMemoryBytes: 0,
        maxMemoryBytes: 2 * GIGABYTE,
        replicas: 1,
        createdAt: at('2026-11-24 00:00:01'),
        zoneId: 100003,
        projectId: 12,
      }),
      sealedSecrets: undefined,
    },
  );
  assert.deepEqual(fixture.sealed.get(first), { password: ORDER.Password });
  assert.equal((await fixture.catalog.instances.get(ids[1] ?? ''))?.name, '订单-a_1_2');
  const tasks = await fixture.catalog.tasks.allOfSubject(String(answer['DealId']));
  assert.deepEqual(
    tasks.map(({ kind, instanceId, payload, requestedBy }) => ({ kind, instanceId, payload, requestedBy })),
    ids.map((instanceId) => ({ kind: 'create-instance', instanceId, payload: '{"port":0}', requestedBy: ACCOUNT })),
  );
  assert.deepEqual(await fixture.catalog.tags.ofInstances([first]), [{ instanceId: first, key: 'team', value: '甲' }]);
  assert.equal(fixture.wakes(), 1);
});

test('an instance without a name is named as its id, and without a zone is in the first', async () => {
  await using fixture = await openApiFixture();
  const [id = ''] = (await fixture.call(ACTION, ORDER))['InstanceIds'] as string[];
  const row = await fixture.catalog.instances.get(id);
  assert.deepEqual([row?.name, row?.zoneId], [id, 100001]);
});

test('a dry run checks and creates nothing', async () => {
  await using fixture = await openApiFixture();
  const answer = await fixture.call(ACTION, { ...ORDER, DryRun: true });
  assert.deepEqual([answer.Error, answer['InstanceIds'], answer['DealId']], [undefined, [], '']);
  assert.equal((await fixture.catalog.instances.list({ accountId: ACCOUNT, limit: 1, offset: 0 })).total, 0);
  assert.equal(codeOf(await fixture.call(ACTION, { ...ORDER, DryRun: true, MemSize: 1 })), 'LimitExceeded.InvalidMemSize');
});

describe('an order that cannot be had is refused by its code', () => {
  const cases: Array<[change: object, code: string, message: RegExp]> = [
    [{ TypeId: 16 }, 'InvalidParameterValue.InvalidInstanceTypeId', /TypeId is 16; .* can be 17 \(Redis-7\.0\)\./],
    [{ TypeId: 19 }, 'InvalidParameterValue.InvalidInstanceTypeId', /TypeId is 19/],
    [{ MemSize: 1000 }, 'LimitExceeded.InvalidMemSize', /MemSize is 1000; it must be a multiple of 1024 MB\./],
    [{ MemSize: 0 }, 'LimitExceeded.InvalidMemSize', /MemSize is 0/],
    [{ MemSize: 66_560 }, 'InvalidParameterValue.SpecNotExist', /at most 65536 MB/],
    [{ RedisShardNum: 3 }, 'InvalidParameterValue.SpecNotExist', /3 shards/],
    [{ RedisReplicasNum: 2 }, 'InvalidParameterValue.SpecNotExist', /2 replicas/],
    [{ NodeSet: [{ NodeType: 0 }, { NodeType: 1, ZoneId: 100002 }] }, 'InvalidParameterValue.SpecNotExist', /NodeSet names 2 nodes/],
    [{ NodeSet: [{ NodeType: 1 }] }, 'InvalidParameterValue.SpecNotExist', /NodeSet/],
    [{ GoodsNum: 0 }, 'LimitExceeded.InvalidParameterGoodsNumNotInRange', /GoodsNum is 0/],
    [{ GoodsNum: 11 }, 'LimitExceeded.InvalidParameterGoodsNumNotInRange', /GoodsNum is 11; it must be 1 to 10\./],
    [{ Period: 0 }, 'LimitExceeded.PeriodLessThanMinLimit', /Period is 0/],
    [{ Period: 37 }, 'LimitExceeded.PeriodExceedMaxLimit', /Period is 37/],
    [{ BillingMode: 1 }, 'UnsupportedOperation', /BillingMode is 1/],
    [{ AutoRenew: 1 }, 'UnsupportedOperation', /AutoRenew is 1/],
    [{ VpcId: 'vpc-1', SubnetId: 'subnet-1' }, 'InvalidParameterValue.UnVpcIdNotExists', /VpcId is "vpc-1"/],
    [{ SubnetId: 'subnet-1' }, 'InvalidParameterValue.InvalidSubnetId', /SubnetId/],
    [{ SecurityGroupIdList: ['sg-1'] }, 'InvalidParameterValue.SecurityGroupIdsNotExists', /SecurityGroupIdList/],
    [{ NoAuth: true }, 'InvalidParameterValue.PasswordFreeDenied', /NoAuth is true/],
    [{ Password: '' }, 'InvalidParameterValue.PasswordEmpty', /Password is empty/],
    [{ InstanceName: 'a b' }, 'InvalidParameterValue.InstanceNameRuleError', /InstanceName is "a b"/],
    [{ InstanceName: 'n'.repeat(61) }, 'InvalidParameterValue.InstanceNameRuleError', /1 to 60/],
    [{ ZoneId: 200001 }, 'InvalidParameter.InvalidParameter', /ZoneId 200001 is no zone of ap-guangzhou/],
    [{ ZoneName: 'ap-guangzhou-5' }, 'InvalidParameter.InvalidParameter', /100003 \(ap-guangzhou-3\)/],
    [{ ZoneId: 100001, ZoneName: 'ap-guangzhou-2' }, 'InvalidParameter.InvalidParameter', /or not that of ZoneId/],
    [{ VPort: 1023 }, 'InvalidParameter.InvalidParameter', /VPort is 1023/],
    [{ VPort: 6379, GoodsNum: 2 }, 'InvalidParameter.InvalidParameter', /one at a time/],
    [{ ProjectId: -1 }, 'InvalidParameter.InvalidParameter', /ProjectId is -1/],
    [{ ProjectId: 2 ** 53 }, 'InvalidParameter.InvalidParameter', /ProjectId is 9007199254740992; it must be 0 to 9007199254740991/],
    [{ ConnectionMode: 2 }, 'InvalidParameter.InvalidParameter', /ConnectionMode is 2/],
    [{ ResourceTags: [{ TagKey: '', TagValue: '' }] }, 'InvalidParameter.InvalidParameter', /ResourceTags\.0\.TagKey/],
    [{ ResourceTags: [{ TagKey: 'a&b', TagValue: '' }] }, 'InvalidParameter.InvalidParameter', /none of them &/],
    [
      {
        ResourceTags: [
          { TagKey: 'a', TagValue: '1' },
          { TagKey: 'a', TagValue: '2' },
        ],
      },
      'InvalidParameter.InvalidParameter',
      /each of another key/,
    ],
    ...[
      { ReplicasReadonly: true },
      { TemplateId: 't' },
      { ProductVersion: 'cdc' },
      { RedisClusterId: 'c' },
      { AlarmPolicyList: ['p'] },
      { EncryptPassword: true },
      { PasswordPolicy: { Enabled: true } },
      { EnableSSL: true },
      { SSLBindPrivateIPv4: true },
    ].map((change): [object, string, RegExp] => [change, 'UnsupportedOperation', new RegExp(`^${Object.keys(change)[0]} asks`)]),
  ];
  for (const [change, code, message] of cases) {
    test(JSON.stringify(change).slice(0, 80), async () => {
      await using fixture = await openApiFixture();
      const answer = await fixture.call(ACTION, { ...ORDER, ...change });
      assert.equal(codeOf(answer), code, JSON.stringify(answer));
      assert.match(answer.Error?.Message ?? '', message);
      assert.equal((await fixture.catalog.instances.list({ accountId: ACCOUNT, limit: 1, offset: 0 })).total, 0);
      assert.equal(fixture.wakes(), 0);
    });
  }
});

test('a name is cut between characters, never within one, and is found whole', async () => {
  await using fixture = await openApiFixture();
  const InstanceName = '𠀀'.repeat(60);
  const answer = await fixture.call(ACTION, { ...ORDER, GoodsNum: 2, InstanceName });
  const [first = ''] = answer['InstanceIds'] as string[];
  assert.equal((await fixture.catalog.instances.get(first))?.name, `${'𠀀'.repeat(57)}_1`);
  await fixture.call(ACTION, { ...ORDER, InstanceName });
  assert.equal((await fixture.call('DescribeInstances', { InstanceName }))['TotalCount'], 1);
});

test('neutral values of what cannot be had are taken', async () => {
  await using fixture = await openApiFixture();
  const answer = await fixture.call(ACTION, {
    ...ORDER,
    VpcId: '',
    SubnetId: '',
    SecurityGroupIdList: [],
    AutoRenew: 0,
    NoAuth: false,
    ReplicasReadonly: false,
    EnableSSL: false,
    EncryptPassword: false,
    TemplateId: '',
    ProductVersion: 'local',
    PasswordPolicy: { Enabled: false },
    NodeSet: [{ NodeType: 0, ZoneId: 100001 }],
    InstanceName: '',
  });
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
});

test('passwords follow the vendor’s rule', async () => {
  await using fixture = await openApiFixture();
  for (const Password of [
    'Abcdefg',
    'abcdefgh',
    '12345678',
    '/abcdef1',
    'abc def 1',
    'pässword1',
    'a1'.repeat(33),
    'abcdefg1"',
    "abcdefg1'",
  ]) {
    const answer = await fixture.call(ACTION, { ...ORDER, Password, DryRun: true });
    assert.equal(codeOf(answer), 'InvalidParameterValue.PasswordRuleError', Password);
    assert.ok(!(answer.Error?.Message ?? '').includes(Password), 'a password is never repeated');
  }
  for (const Password of ['abcdefg1', 'ABCDEFG1', 'abcdefgH', '1234567#', 'a1'.repeat(32), 'a()`~!@#$%^&*-+=_|{}[]:;<>,.?/']) {
    assert.equal(codeOf(await fixture.call(ACTION, { ...ORDER, Password, DryRun: true })), undefined, Password);
  }
});

describe('room', () => {
  const machineWith = (room: Partial<Awaited<ReturnType<LocalMachine['room']>>>, isPortFree = true): LocalMachine => ({
    ...MACHINE,
    room: async () => ({ ...(await MACHINE.room()), ...room }),
    isPortFree: async () => isPortFree,
  });
  const managedRow = (index: number, changes: object = {}) =>
    instanceRow({
      instanceId: `crs-${String(index).padStart(8, '0')}`,
      kind: 'managed',
      maxMemoryBytes: GIGABYTE,
      port: 30_000 + index,
      ...changes,
    });

  test('memory that is not free, or not left by what other instances may take up, is refused', async () => {
    await using busy = await openApiFixture({ machine: machineWith({ freeMemoryBytes: GIGABYTE - 1 }) });
    const refused = await busy.call(ACTION, ORDER);
    assert.equal(codeOf(refused), 'ResourceInsufficient');
    assert.match(refused.Error?.Message ?? '', /^1024 MB of memory are ordered and 1023 MB are to be had/);

    await using full = await openApiFixture({ machine: machineWith({ totalMemoryBytes: 4 * GIGABYTE }) });
    await full.catalog.instances.insert(managedRow(1));
    await full.catalog.instances.insert(managedRow(2, { state: 'creating' }));
    await full.catalog.instances.insert(managedRow(3, { state: 'isolated' }));
    assert.equal(codeOf(await full.call(ACTION, { ...ORDER, DryRun: true })), undefined, 'an isolated one takes up none');
    assert.equal(codeOf(await full.call(ACTION, { ...ORDER, GoodsNum: 2 })), 'ResourceInsufficient');
  });

  test('too little disk is refused', async () => {
    await using fixture = await openApiFixture({ machine: machineWith({ freeDiskBytes: 2 * GIGABYTE - 1 }) });
    const answer = await fixture.call(ACTION, ORDER);
    assert.equal(codeOf(answer), 'ResourceInsufficient');
    assert.match(answer.Error?.Message ?? '', /2048 MB of disk and 2047 MB are free/);
  });

  test('a port that another instance has, or somebody else listens on, is refused; a free one is kept', async () => {
    await using taken = await openApiFixture({ machine: machineWith({}, false) });
    assert.equal(codeOf(await taken.call(ACTION, { ...ORDER, VPort: 6379 })), 'ResourceInsufficient');
    assert.equal(codeOf(await taken.call(ACTION, { ...ORDER, DryRun: true })), undefined, 'none is asked for');

    await using fixture = await openApiFixture();
    const [id = ''] = (await fixture.call(ACTION, { ...ORDER, VPort: 6379 }))['InstanceIds'] as string[];
    assert.equal((await fixture.catalog.instances.get(id))?.port, 6379);
    const [task] = (
      await fixture.catalog.tasks.list({ accountId: ACCOUNT, region: 'ap-guangzhou', createdFrom: 0, createdTo: 9e15, limit: 1, offset: 0 })
    ).tasks;
    assert.equal(task?.payload, '{"port":6379}');
    const second = await fixture.call(ACTION, { ...ORDER, VPort: 6379 });
    assert.equal(codeOf(second), 'ResourceInsufficient');
    assert.match(second.Error?.Message ?? '', /VPort 6379 is taken/);
  });

  test('of orders at once none gets what another was promised', async () => {
    await using fixture = await openApiFixture({ machine: machineWith({ totalMemoryBytes: 4 * GIGABYTE }) });
    await insertExample(fixture.catalog);
    const clone = { ...ORDER, InstanceId: INSTANCE_ID, BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d', ZoneId: 100001 };
    const { TypeId, MemSize, ...cloned } = clone;
    const orders = Array.from({ length: 5 }, () => [fixture.call(ACTION, ORDER), fixture.call('CloneInstances', cloned)]);
    const codes = (await Promise.all(orders.flat())).map((answer) => codeOf(answer) ?? 'ok');
    assert.deepEqual(codes.sort(), [...Array(7).fill('ResourceInsufficient'), 'ok', 'ok', 'ok']);
    assert.equal((await fixture.catalog.instances.managedTotals()).instances, 3);

    await using shared = await openApiFixture();
    const same = await Promise.all(Array.from({ length: 4 }, () => shared.call(ACTION, { ...ORDER, VPort: 6379 })));
    assert.equal(same.filter(({ Error: error }) => error === undefined).length, 1, 'a port goes to one of them');
  });

  test('more than a hundred instances are refused', async () => {
    await using fixture = await openApiFixture({ machine: machineWith({ totalMemoryBytes: 1000 * GIGABYTE }) });
    for (let i = 0; i < 99; i++) {
      await fixture.catalog.instances.insert(managedRow(i));
    }
    assert.equal(codeOf(await fixture.call(ACTION, { ...ORDER, DryRun: true })), undefined);
    assert.equal(codeOf(await fixture.call(ACTION, { ...ORDER, GoodsNum: 2 })), 'LimitExceeded');
  });

  test('a machine without servers offers no type, a node without instances refuses', async () => {
    await using bare = await openApiFixture({ machine: { ...MACHINE, engines: async () => [] } });
    const answer = await bare.call(ACTION, ORDER);
    assert.equal(codeOf(answer), 'InvalidParameterValue.InvalidInstanceTypeId');
    assert.match(answer.Error?.Message ?? '', /install redis-server/);
    await using node = await openApiFixture({ isMachine: false });
    assert.equal(codeOf(await node.call(ACTION, ORDER)), 'UnsupportedOperation');
  });
});

test('a user needs a right on everything', async () => {
  await using fixture = await openApiFixture();
  assert.equal(codeOf(await fixture.call(ACTION, ORDER, { key: SUB_KEY })), 'InvalidParameter.PermissionDenied');
});
