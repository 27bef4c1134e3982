import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, at, instanceRow, MACHINE, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';
import { regions } from '../regions.ts';

const REGION_VERSION = { version: '2022-06-27' };

interface Zone {
  readonly ZoneId: string;
  readonly ZoneName: string;
  readonly IsSaleout: boolean;
  readonly IsDefault: boolean;
  readonly OldZoneId: number;
  readonly ProductSet: ReadonlyArray<{
    readonly Type: number;
    readonly Version: string;
    readonly ShardNum: string[];
    readonly ReplicaNum: string[];
  }>;
}

test('DescribeProductInfo offers the installed servers in every zone, each type once', async () => {
  const engines = [
    { serverKind: 'redis', serverVersion: '7.0.15' },
    { serverKind: 'redis', serverVersion: '7.2.4' },
    { serverKind: 'valkey', serverVersion: '8.0.1' },
  ];
  await using fixture = await openApiFixture({ machine: { ...MACHINE, engines: async () => engines } });
  const { RegionSet } = (await fixture.call('DescribeProductInfo')) as unknown as {
    RegionSet: Array<{ RegionId: string; ZoneSet: Zone[] }>;
  };
  assert.equal(RegionSet.length, [...regions.values()].filter(({ zoneIds }) => zoneIds.length > 0).length);
  const zones = RegionSet.find(({ RegionId }) => RegionId === 'ap-guangzhou')?.ZoneSet ?? [];
  assert.deepEqual(
    zones.map(({ ZoneId, ZoneName, OldZoneId, IsDefault, IsSaleout }) => [ZoneId, ZoneName, OldZoneId, IsDefault, IsSaleout]),
    [1, 2, 3, 4, 6, 7].map((n) => [`ap-guangzhou-${n}`, `ap-guangzhou-${n}`, 100000 + n, n === 1, false]),
  );
  assert.deepEqual(
    zones[2]?.ProductSet.map(({ Type, ShardNum, ReplicaNum }) => [Type, ShardNum, ReplicaNum]),
    [
      [17, ['1'], ['1']],
      [19, ['1'], ['1']],
    ],
  );
});

test('DescribeProductInfo: without a server everything is sold out', async () => {
  for (const options of [{ isMachine: false }, { machine: { ...MACHINE, engines: async () => [] } }]) {
    await using fixture = await openApiFixture(options);
    const { RegionSet } = (await fixture.call('DescribeProductInfo')) as unknown as { RegionSet: Array<{ ZoneSet: Zone[] }> };
    assert.ok(RegionSet.every(({ ZoneSet }) => ZoneSet.every((zone) => zone.IsSaleout && zone.ProductSet.length === 0)));
  }
});

test('region: DescribeZones lists the zones of the region by the names and numbers that DescribeProductInfo has', async () => {
  await using fixture = await openApiFixture();
  const list = async (region: string) =>
    (await fixture.call('DescribeZones', { Product: 'redis' }, { ...REGION_VERSION, region })) as unknown as {
      TotalCount: number;
      ZoneSet: Array<{ Zone: string; ZoneId: string }>;
    };
  const shanghai = await list('ap-shanghai');
  assert.equal(shanghai.TotalCount, 7);
  assert.deepEqual([shanghai.ZoneSet[6]?.Zone, shanghai.ZoneSet[6]?.ZoneId], ['ap-shanghai-7', '200007']);
  assert.deepEqual((await list('ap-jakarta')).ZoneSet, []);
});

test('region: DescribeRegions lists all; another product than redis is refused by both', async () => {
  await using fixture = await openApiFixture();
  const answer = await fixture.call('DescribeRegions', { Product: 'redis' }, REGION_VERSION);
  assert.equal(answer['TotalCount'], regions.size);
  for (const action of ['DescribeRegions', 'DescribeZones']) {
    const refused = await fixture.call(action, { Product: 'cvm' }, REGION_VERSION);
    assert.deepEqual(refused.Error, { Code: 'InvalidParameter', Message: 'Product is "cvm"; it must be redis.' });
  }
});

test('DescribeInstanceDealDetail follows a deal: under way, delivered, failed', async () => {
  await using fixture = await openApiFixture();
  fixture.clock.set(at('2026-11-24 00:00:01'));
  const order = { TypeId: 17, MemSize: 1024, GoodsNum: 2, Period: 1, BillingMode: 0, Password: 'correct-horse-7', ZoneId: 100002 };
  const { DealName, InstanceIds } = (await fixture.call('CreateInstances', order)) as unknown as {
    DealName: string;
    InstanceIds: string[];
  };
  const detail = async (parameters: object, options: object = {}) =>
    ((await fixture.call('DescribeInstanceDealDetail', parameters, options))['DealDetails'] as Array<Record<string, unknown>>)[0];
  assert.deepEqual(await detail({ DealIds: [DealName] }), {
    DealId: DealName,
    DealName,
    ZoneId: 100002,
    GoodsNum: 2,
    Creater: ACCOUNT,
    CreatTime: '2026-11-24 00:00:01',
    OverdueTime: '',
    EndTime: '',
    Status: 3,
    Description: 'Under way',
    Price: 0,
    InstanceIds,
  });
  const claim = async () => {
    const claimed = await fixture.catalog.tasks.claim('test', ['create-instance'], 60_000);
    assert.ok(claimed);
    return claimed.lease;
  };
  await fixture.catalog.tasks.succeed(await claim());
  assert.equal((await detail({ DealName }))?.['Status'], 3);
  const last = await claim();
  await fixture.catalog.tasks.succeed(last);
  assert.equal((await detail({ DealName }))?.['Status'], 4);
  assert.match(String((await detail({ DealName }))?.['EndTime']), /^\d{4}-/);

  const failed = (await fixture.call('CreateInstances', { ...order, GoodsNum: 1 })) as unknown as { DealName: string };
  await fixture.catalog.tasks.fail(await claim(), 'no');
  assert.equal((await detail({ DealName: failed.DealName }))?.['Status'], 5);

  assert.equal(await detail({ DealName }, { key: OTHER_KEY }), undefined, "another account's");
  assert.equal(await detail({ DealName }, { region: 'ap-beijing' }), undefined, "another region's");

  const [first = '', second = ''] = InstanceIds;
  const deny = (...ids: string[]) => ({ effect: 'deny', resource: ids.map((id) => `qcs::redis:::instance/${id}`) }) as const;
  const half = await addUser(fixture, { action: 'redis:*' }, deny(first));
  assert.deepEqual((await detail({ DealName }, { key: half.key }))?.['InstanceIds'], [second], 'an instance that is denied to the caller');
  const none = await addUser(fixture, { action: 'redis:*' }, deny(first, second));
  assert.equal(await detail({ DealName }, { key: none.key }), undefined, 'all of them are');
});

test('DescribeInstanceDealDetail leaves out what is no deal, and wants one to ten', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  assert.deepEqual((await fixture.call('DescribeInstanceDealDetail', { DealIds: ['x', '20260101000000000000'] }))['DealDetails'], []);
  for (const parameters of [{}, { DealIds: Array(11).fill('x') }]) {
    assert.equal((await fixture.call('DescribeInstanceDealDetail', parameters)).Error?.Code, 'InvalidParameter.InvalidParameter');
  }
});
