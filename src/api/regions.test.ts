import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ROOTS, placeHost, productOfHost, regions } from './regions.ts';

test('every region that the sources name is known, and the finance ones as such', () => {
  const names =
    'ap-bangkok ap-beijing ap-beijing-fsi ap-chengdu ap-chongqing ap-guangzhou ap-guangzhou-open ap-hongkong ap-jakarta ap-mumbai ap-nanjing ap-seoul ap-shanghai ap-shanghai-fsi ap-shenzhen-fsi ap-singapore ap-taipei ap-tianjin ap-tokyo eu-frankfurt eu-moscow na-ashburn na-siliconvalley na-toronto sa-saopaulo';
  assert.deepEqual([...regions.keys()].sort(), names.split(' '));
  const finance = [...regions.values()].filter(({ isFinance }) => isFinance).map(({ name }) => name);
  assert.deepEqual(finance, ['ap-beijing-fsi', 'ap-shanghai-fsi', 'ap-shenzhen-fsi']);
});

test('zones and region numbers are those of the table, and follow its rule from 11 on', () => {
  assert.deepEqual(regions.get('ap-guangzhou')?.zoneIds, [100001, 100002, 100003, 100004, 100006, 100007]);
  assert.deepEqual(regions.get('ap-hongkong'), { name: 'ap-hongkong', regionId: 5, zoneIds: [300001, 300002, 300003], isFinance: false });
  assert.deepEqual(regions.get('ap-shanghai-fsi')?.zoneIds, [700001, 700002, 700003]);
  for (const { name, regionId, zoneIds } of regions.values()) {
    assert.ok(regionId < 11 || zoneIds.every((zoneId) => Math.floor(zoneId / 10_000) === regionId), name);
  }
});

describe('hosts', () => {
  test('name a region in their second label, under the longest root', () => {
    for (const [host, isUnderRoot, region] of [
      ['redis.tencentcloudapi.com', true, undefined],
      ['redis.ap-shanghai-fsi.tencentcloudapi.com', true, 'ap-shanghai-fsi'],
      ['Redis.AP-Beijing.TencentCloudAPI.com:443', true, 'ap-beijing'],
      ['https://redis.ap-beijing.tencentcloudapi.com/', true, 'ap-beijing'],
      ['redis.intl.tencentcloudapi.com', true, undefined],
      ['redis.ap-seoul.intl.tencentcloudapi.com', true, 'ap-seoul'],
      ['redis.internal.tencentcloudapi.com', true, undefined],
      ['redis.ap-atlantis.tencentcloudapi.com', true, undefined],
      ['ap-seoul.tencentcloudapi.com', true, undefined],
      ['nottencentcloudapi.com', false, undefined],
      ['redis.tencentcloudapi.com.evil.example', false, undefined],
      ['127.0.0.1:9530', false, undefined],
      ['[::1]:9530', false, undefined],
      ['', false, undefined],
    ] as const) {
      const place = placeHost(host, DEFAULT_ROOTS);
      assert.deepEqual([place.isUnderRoot, place.region?.name], [isUnderRoot, region], host);
    }
  });

  test('name a product in their first label', () => {
    for (const [host, product] of [
      ['redis.tencentcloudapi.com', 'redis'],
      ['CVM.ap-beijing.tencentcloudapi.com:80', 'cvm'],
      ['sts.internal.tencentcloudapi.com', 'sts'],
      ['http://cam.intl.tencentcloudapi.com', 'cam'],
      ['tencentcloudapi.com', ''],
      ['localhost:9530', ''],
    ] as const) {
      assert.equal(productOfHost(host, DEFAULT_ROOTS), product, host);
    }
  });
});
