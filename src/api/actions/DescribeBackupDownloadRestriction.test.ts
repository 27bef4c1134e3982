import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { ApiFixture } from '../../../test/harness/api-fixture.ts';
import { OTHER_KEY, openApiFixture, SUB_KEY } from '../../../test/harness/api-fixture.ts';

const NONE = { LimitType: 'NoLimit', VpcComparisonSymbol: '', IpComparisonSymbol: '', LimitVpc: [], LimitIp: [] };
const CODE = 'InvalidParameter.InvalidParameter';

async function described(fixture: ApiFixture, region?: string, options: object = {}): Promise<object> {
  const { RequestId, ...answer } = await fixture.call(
    'DescribeBackupDownloadRestriction',
    {},
    { ...(region ? { region } : {}), ...options },
  );
  return answer;
}

test('download restriction: NoLimit until it is set, then as it was set, for each account and region apart', async () => {
  await using fixture = await openApiFixture();
  assert.deepEqual(await described(fixture), NONE);
  const custom = {
    LimitType: 'Customize',
    VpcComparisonSymbol: 'In',
    IpComparisonSymbol: 'NotIn',
    LimitVpc: [{ Region: 'ap-guangzhou', VpcList: ['vpc-orders'] }],
    LimitIp: ['10.0.0.5', '192.168.0.0/16', '2001:db8::/32', '::1'],
  };
  const { RequestId, ...answer } = await fixture.call('ModifyBackupDownloadRestriction', custom);
  assert.deepEqual(answer, {});
  assert.deepEqual(await described(fixture), custom);
  assert.deepEqual(await described(fixture, 'ap-beijing'), NONE);
  assert.deepEqual(await described(fixture, undefined, { key: OTHER_KEY }), NONE);
  await fixture.call('ModifyBackupDownloadRestriction', { LimitType: 'LimitOnlyIntranet' });
  assert.deepEqual(await described(fixture), { ...NONE, LimitType: 'LimitOnlyIntranet' });
  await fixture.call('ModifyBackupDownloadRestriction', { LimitType: 'NoLimit', LimitVpc: [], LimitIp: [], IpComparisonSymbol: '' });
  assert.deepEqual(await described(fixture), NONE);
});

test('download restriction: what is unclear or would have no effect is refused, and changes nothing', async () => {
  await using fixture = await openApiFixture();
  for (const [parameters, message] of [
    [{ LimitType: '' }, 'LimitType is ""; it must be one of NoLimit, LimitOnlyIntranet, Customize.'],
    [{ LimitType: 'toString' }, 'LimitType is "toString"; it must be one of NoLimit, LimitOnlyIntranet, Customize.'],
    [{ LimitType: 'Customize' }, 'LimitType is Customize, which needs LimitVpc or LimitIp.'],
    [
      { LimitType: 'NoLimit', LimitIp: ['10.0.0.1'] },
      'LimitType is NoLimit, with which LimitVpc and LimitIp have no effect; give them with Customize.',
    ],
    [
      { LimitType: 'LimitOnlyIntranet', LimitVpc: [{ Region: 'ap-guangzhou', VpcList: ['vpc-orders'] }] },
      'LimitType is LimitOnlyIntranet, with which LimitVpc and LimitIp have no effect; give them with Customize.',
    ],
    [
      { LimitType: 'Customize', LimitIp: ['10.0.0.1'], VpcComparisonSymbol: 'NotIn' },
      'VpcComparisonSymbol is "NotIn"; it must be one of In.',
    ],
    [
      { LimitType: 'Customize', LimitIp: ['10.0.0.1'], IpComparisonSymbol: 'in' },
      'IpComparisonSymbol is "in"; it must be one of In, NotIn.',
    ],
    ...['10.0.0', '10.0.0.0/33', '::/129', 'example.test', '', '10.0.0.1 ', 'fe80::1%eth0', '10.0.0.0/08'].map(
      (ip) =>
        [
          { LimitType: 'Customize', LimitIp: ['10.0.0.1', ip] },
          `LimitIp holds "${ip}"; it must be an IPv4 or IPv6 address or a CIDR block such as 10.0.0.0/8.`,
        ] as const,
    ),
    [{ LimitType: 'Customize', LimitIp: Array(101).fill('10.0.0.1') }, 'LimitIp has 101 entries; at most 100 are allowed.'],
    [
      { LimitType: 'Customize', LimitVpc: [{ Region: 'ap-guangzhou', VpcList: Array(101).fill('vpc-orders') }] },
      'LimitVpc has 101 entries; at most 100 are allowed.',
    ],
    [
      { LimitType: 'Customize', LimitVpc: [{ Region: 'ap-atlantis', VpcList: ['vpc-orders'] }] },
      'LimitVpc names the region "ap-atlantis", which does not exist.',
    ],
    [
      { LimitType: 'Customize', LimitVpc: [{ Region: 'ap-guangzhou', VpcList: ['vpc-other'] }] },
      'LimitVpc names the VPC "vpc-other", of which this site knows no addresses; map it with REDKEEP_VPCS, or use LimitIp.',
    ],
  ] as const) {
    const answer = await fixture.call('ModifyBackupDownloadRestriction', parameters);
    assert.deepEqual(answer.Error, { Code: CODE, Message: message });
  }
  assert.deepEqual(await described(fixture), NONE);
});

test('download restriction: a catalog that fails is DbOperationFailed, and nothing of it is told', async () => {
  await using fixture = await openApiFixture();
  const other = new DatabaseSync(fixture.catalogPath);
  other.exec('alter table download_restrictions rename to elsewhere');
  other.close();
  for (const [action, parameters] of [
    ['DescribeBackupDownloadRestriction', {}],
    ['ModifyBackupDownloadRestriction', { LimitType: 'NoLimit' }],
  ] as const) {
    const { Error: error } = await fixture.call(action, parameters);
    assert.equal(error?.Code, 'InternalError.DbOperationFailed');
    assert.doesNotMatch(error?.Message ?? '', /download_restrictions|no such table/);
  }
});

test('download restriction: who has no permission neither sees nor changes it', async () => {
  await using fixture = await openApiFixture();
  for (const [action, parameters] of [
    ['DescribeBackupDownloadRestriction', {}],
    ['ModifyBackupDownloadRestriction', { LimitType: 'NoLimit' }],
  ] as const) {
    assert.equal((await fixture.call(action, parameters, { key: SUB_KEY })).Error?.Code, 'InvalidParameter.PermissionDenied');
  }
});
