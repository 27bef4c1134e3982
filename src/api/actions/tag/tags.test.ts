import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT,
  type ApiFixture,
  INSTANCE_ID,
  insertExample,
  insertManaged,
  OTHER_KEY,
  openApiFixture,
  SUB_KEY,
} from '../../../../test/harness/api-fixture.ts';

const TAG = { version: '2018-08-13' };
const TAGGED = 'crs-7m2k9q4d';
const RESOURCE = `qcs::redis:ap-guangzhou:uin/:instance/${TAGGED}`;

async function openSite(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  await insertManaged(fixture.catalog);
  return fixture;
}

async function tagsOf(fixture: ApiFixture, parameters: object = {}): Promise<string[]> {
  const answer = await fixture.call(
    'DescribeResourceTagsByResourceIds',
    { ServiceType: 'redis', ResourcePrefix: 'instance', ResourceIds: [TAGGED], ResourceRegion: 'ap-guangzhou', ...parameters },
    TAG,
  );
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  return (answer['Tags'] as Array<{ TagKey: string; TagValue: string }>).map(({ TagKey, TagValue }) => `${TagKey}=${TagValue}`);
}

test('ModifyResourceTags adds, changes and takes away, and DescribeInstances shows it', async () => {
  await using fixture = await openSite();
  const modify = (parameters: object) => fixture.call('ModifyResourceTags', { Resource: RESOURCE, ...parameters }, TAG);
  assert.equal(
    (
      await modify({
        ReplaceTags: [
          { TagKey: 'stage', TagValue: 'test' },
          { TagKey: 'team', TagValue: 'b' },
        ],
      })
    ).Error,
    undefined,
  );
  assert.deepEqual(await tagsOf(fixture), ['stage=test', 'team=b']);
  assert.equal((await modify({ DeleteTags: [{ TagKey: 'team' }, { TagKey: 'none' }] })).Error, undefined);
  assert.deepEqual(await tagsOf(fixture), ['stage=test']);
  const [instance] = (await fixture.call('DescribeInstances', { InstanceId: TAGGED }))['InstanceSet'] as Array<{ InstanceTags: unknown }>;
  assert.deepEqual(instance?.InstanceTags, [{ TagKey: 'stage', TagValue: 'test' }]);
});

test('the account of a resource may be empty, uin/ or the own one; every region that the call is made in will do', async () => {
  await using fixture = await openSite();
  for (const account of ['', 'uin/', `uin/${ACCOUNT}`]) {
    const Resource = `qcs::redis:ap-guangzhou:${account}:instance/${TAGGED}`;
    const answer = await fixture.call(
      'ModifyResourceTags',
      { Resource, ReplaceTags: [{ TagKey: 'a', TagValue: account }] },
      { ...TAG, region: 'ap-beijing' },
    );
    assert.equal(answer.Error, undefined, account);
    assert.ok((await tagsOf(fixture)).includes(`a=${account}`));
  }
});

test('DescribeResourceTagsByResourceIds pages, and knows no other products, regions or accounts', async () => {
  await using fixture = await openSite();
  for (const key of ['a', 'b', 'c']) {
    await fixture.catalog.tags.set({ instanceId: INSTANCE_ID, key, value: '1' });
  }
  const ids = { ResourceIds: [TAGGED, INSTANCE_ID, 'crs-00000000', TAGGED] };
  assert.deepEqual(await tagsOf(fixture, ids), ['a=1', 'b=1', 'c=1', 'team=orders']);
  assert.deepEqual(await tagsOf(fixture, { ...ids, Limit: 3 }), ['a=1', 'b=1', 'c=1']);
  assert.deepEqual(await tagsOf(fixture, { ...ids, Limit: 3, Offset: 3 }), ['team=orders']);
  for (const other of [{ ServiceType: 'cvm' }, { ResourcePrefix: 'image' }, { ResourceRegion: 'ap-beijing' }, { Category: 'System' }]) {
    assert.deepEqual(await tagsOf(fixture, other), []);
  }
  const stranger = await fixture.call(
    'DescribeResourceTagsByResourceIds',
    { ServiceType: 'redis', ResourcePrefix: 'instance', ...ids, ResourceRegion: 'ap-guangzhou' },
    { ...TAG, key: OTHER_KEY },
  );
  assert.equal(stranger['TotalCount'], 0);
});

test('what is wrong is refused by its code, and nothing is changed', async () => {
  await using fixture = await openSite();
  const tags = (count: number) => Array.from({ length: count }, (_, index) => ({ TagKey: `k${index}`, TagValue: '' }));
  const cases: Array<[parameters: object, code: string]> = [
    [{ Resource: TAGGED, ReplaceTags: tags(1) }, 'InvalidParameterValue.ResourceDescriptionError'],
    [{ Resource: RESOURCE.replace('uin/', 'uin/1'), ReplaceTags: tags(1) }, 'InvalidParameterValue.ResourceDescriptionError'],
    [{ Resource: RESOURCE.replace('redis', 'cvm'), ReplaceTags: tags(1) }, 'InvalidParameterValue.ResourceDescriptionError'],
    [{ Resource: RESOURCE.replace('ap-guangzhou', 'ap-beijing'), ReplaceTags: tags(1) }, 'InvalidParameterValue.ResourceIdInvalid'],
    [{ Resource: RESOURCE.replace(TAGGED, 'crs-00000000'), ReplaceTags: tags(1) }, 'InvalidParameterValue.ResourceIdInvalid'],
    [{ Resource: RESOURCE }, 'InvalidParameter.Tag'],
    [{ Resource: RESOURCE, ReplaceTags: tags(11) }, 'InvalidParameter.Tag'],
    [{ Resource: RESOURCE, DeleteTags: tags(11).map(({ TagKey }) => ({ TagKey })) }, 'InvalidParameter.Tag'],
    [{ Resource: RESOURCE, ReplaceTags: tags(2), DeleteTags: [{ TagKey: 'k1' }] }, 'InvalidParameterValue.DeleteTagsParamError'],
    [{ Resource: RESOURCE, ReplaceTags: [...tags(1), ...tags(1)] }, 'InvalidParameter.Tag'],
    [{ Resource: RESOURCE, ReplaceTags: [{ TagKey: '', TagValue: '' }] }, 'InvalidParameterValue.TagKeyEmpty'],
    [{ Resource: RESOURCE, ReplaceTags: [{ TagKey: 'a&b', TagValue: '' }] }, 'InvalidParameterValue.TagKeyCharacterIllegal'],
    [{ Resource: RESOURCE, ReplaceTags: [{ TagKey: 'k'.repeat(128), TagValue: '' }] }, 'InvalidParameterValue.TagKeyLengthExceeded'],
    [{ Resource: RESOURCE, ReplaceTags: [{ TagKey: 'QCS:k', TagValue: '' }] }, 'InvalidParameter.ReservedTagKey'],
    [{ Resource: RESOURCE, ReplaceTags: [{ TagKey: 'k', TagValue: 'a\tb' }] }, 'InvalidParameterValue.TagValueCharacterIllegal'],
    [{ Resource: RESOURCE, ReplaceTags: [{ TagKey: 'k', TagValue: 'v'.repeat(256) }] }, 'InvalidParameterValue.TagValueLengthExceeded'],
  ];
  for (const [parameters, code] of cases) {
    assert.equal((await fixture.call('ModifyResourceTags', parameters, TAG)).Error?.Code, code, JSON.stringify(parameters));
  }
  for (let i = 0; i < 49; i++) {
    await fixture.catalog.tags.set({ instanceId: TAGGED, key: `full-${i}`, value: '' });
  }
  const full = await fixture.call(
    'ModifyResourceTags',
    { Resource: RESOURCE, ReplaceTags: tags(1), DeleteTags: [{ TagKey: 'none' }] },
    TAG,
  );
  assert.equal(full.Error?.Code, 'LimitExceeded.ResourceAttachedTags');
  assert.equal((await fixture.catalog.tags.ofInstances([TAGGED])).length, 50);
  const describe = (parameters: object) =>
    fixture.call(
      'DescribeResourceTagsByResourceIds',
      { ServiceType: 'redis', ResourcePrefix: 'instance', ResourceIds: [TAGGED], ResourceRegion: 'ap-guangzhou', ...parameters },
      TAG,
    );
  assert.equal((await describe({ Offset: 1 })).Error?.Code, 'InvalidParameterValue.OffsetInvalid');
  assert.equal((await describe({ Limit: 0 })).Error?.Code, 'InvalidParameter');
  assert.equal((await describe({ ResourceIds: Array(51).fill(TAGGED) })).Error?.Code, 'InvalidParameter');
  assert.equal((await describe({ Category: 'x' })).Error?.Code, 'InvalidParameter');
  assert.equal((await describe({ ResourceRegion: 'x' })).Error?.Code, 'InvalidParameterValue.RegionInvalid');
  assert.equal((await describe({ ResourceIds: [TAGGED, 'ins-1'] })).Error?.Code, 'InvalidParameterValue.ResourceIdInvalid');
  assert.equal((await describe({ ServiceType: 'cvm', ResourcePrefix: 'instance', ResourceIds: ['ins-1'] }))['TotalCount'], 0);
});

test('a policy with a condition on tags decides by the tags that instances have', async () => {
  await using fixture = await openSite();
  const { catalog } = fixture;
  const key = SUB_KEY;
  const times = { createdAt: 1, updatedAt: 1 };
  await catalog.users.insert({
    accountId: ACCOUNT,
    uin: '100000000002',
    name: 'sub',
    remark: '',
    phone: '',
    countryCode: '',
    email: '',
    createdAt: 1,
  });
  const attach = async (policyId: number, statement: object) => {
    const document = JSON.stringify({ version: '2.0', statement: [statement] });
    await catalog.policies.insert({
      policyId,
      accountId: ACCOUNT,
      name: `p${policyId}`,
      kind: 'custom',
      description: '',
      document,
      ...times,
    });
    await catalog.policies.attach({ accountId: ACCOUNT, uin: '100000000002', policyId, attachedAt: 1, attachedBy: ACCOUNT });
  };
  const visible = async () => {
    const answer = await fixture.call('DescribeInstances', { OrderType: 0 }, { key });
    return answer.Error?.Code ?? (answer['InstanceSet'] as Array<{ InstanceId: string }>).map(({ InstanceId }) => InstanceId).sort();
  };
  const backUp = async (InstanceId: string) => (await fixture.call('ManualBackupInstance', { InstanceId }, { key })).Error?.Code;
  await attach(10_000_021, {
    effect: 'allow',
    action: 'redis:*',
    resource: '*',
    condition: { 'for_any_value:string_equal': { 'qcs:resource_tag': ['team&orders'] } },
  });
  assert.deepEqual(await visible(), [TAGGED]);
  assert.equal(await backUp(INSTANCE_ID), 'UnauthorizedOperation.NoCAMAuthed');
  assert.equal(await backUp('crs-00000000'), 'UnauthorizedOperation.NoCAMAuthed', 'what does not exist has no tags');
  assert.equal(await backUp(TAGGED), undefined);

  // Now everything is allowed but what has no such tag.
  await attach(10_000_022, { effect: 'allow', action: 'redis:Describe*', resource: '*' });
  await attach(10_000_023, {
    effect: 'deny',
    action: 'redis:*',
    resource: '*',
    condition: { string_not_equal: { 'qcs:resource_tag': ['team&orders'] } },
  });
  assert.deepEqual(await visible(), [TAGGED]);
  await catalog.tags.remove(TAGGED, 'team');
  // Tags exist, and none that fits: an empty list. Where there are none at all it is known that nothing fits: refused.
  await catalog.tags.set({ instanceId: INSTANCE_ID, key: 'team', value: 'other' });
  assert.deepEqual(await visible(), []);
  await catalog.tags.remove(INSTANCE_ID, 'team');
  assert.equal(await visible(), 'UnauthorizedOperation.NoCAMAuthed');

  const simulate = async (Resource: string) =>
    (
      await fixture.call(
        'SimulatePolicy',
        { UserName: 'sub', PolicyAction: 'redis:DescribeInstances', Resource },
        { version: '2026-11-24' },
      )
    )['Allowed'];
  assert.equal(await simulate(TAGGED), false);
  await catalog.tags.set({ instanceId: TAGGED, key: 'team', value: 'orders' });
  assert.equal(await simulate(TAGGED), true);
  assert.equal(await simulate(INSTANCE_ID), false);
});
