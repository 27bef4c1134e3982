import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, INSTANCE_ID, insertExample, KEY, openApiFixture, SUB_KEY } from '../../test/harness/api-fixture.ts';
import { DomainError } from '../lib/errors.ts';
import { PRODUCT_VERSIONS } from './versions.ts';

test('a change is in the audit log before it is answered: who, from where, of what, and how it ended', async () => {
  await using fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  const { RequestId } = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID, Remark: 'not told' });
  const refused = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID }, { key: SUB_KEY });
  const told = {
    event: 'api.called',
    address: '127.0.0.1',
    accountId: ACCOUNT,
    action: 'redis:ManualBackupInstance',
    region: 'ap-guangzhou',
  };
  const of = { InstanceId: INSTANCE_ID };
  assert.deepEqual(fixture.audited, [
    { ...told, requestId: RequestId, uin: ACCOUNT, secretId: KEY.secretId, of, code: 'ok' },
    {
      ...told,
      requestId: refused.RequestId,
      uin: '100000000002',
      secretId: SUB_KEY.secretId,
      of,
      code: 'InvalidParameter.PermissionDenied',
    },
  ]);
});

test('a change of tags, which can decide who may do what, names its instance', async () => {
  await using fixture = await openApiFixture();
  const Resource = `qcs::redis:ap-guangzhou:uin/${ACCOUNT}:instance/${INSTANCE_ID}`;
  const parameters = { Resource, ReplaceTags: [{ TagKey: 'a', TagValue: 'b' }] };
  await fixture.call('ModifyResourceTags', parameters, { version: PRODUCT_VERSIONS.tag });
  assert.deepEqual(fixture.audited[0]?.['of'], { Resource });
});

test('no secret gets into the audit log, nor a text of any length', async () => {
  await using fixture = await openApiFixture();
  const parameters = { InstanceName: 'x'.repeat(5000), Host: '127.0.0.1', Port: 6379, Password: 'hunter2' };
  await fixture.call('AttachInstance', parameters, { version: PRODUCT_VERSIONS.redkeep });
  const text = JSON.stringify(fixture.audited);
  assert.equal(fixture.audited.length, 1);
  assert.ok(!text.includes('hunter2') && text.length < 1000);
});

test('what only reads, what nobody has signed and what comes too fast is not told of', async () => {
  await using fixture = await openApiFixture({ rateLimit: 'on' });
  await insertExample(fixture.catalog);
  await fixture.call('DescribeInstances');
  await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID }, { key: { ...KEY, secretKey: 'wrong' } });
  assert.deepEqual(fixture.audited, []);
  for (let i = 0; i < 25; i++) {
    await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  }
  assert.equal(fixture.audited.length, 20);
});

test('a change that cannot be told of is not answered as done, and a refusal keeps its reason', async () => {
  await using fixture = await openApiFixture({
    audit: {
      append: async () => {
        throw new DomainError('audit-unavailable', 'no room');
      },
    },
  });
  await insertExample(fixture.catalog);
  const answer = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  assert.equal(answer.Error?.Code, 'InternalError.InternalError');
  const refused = await fixture.call('ManualBackupInstance', { InstanceId: 'crs-00000000' });
  assert.equal(refused.Error?.Code, 'ResourceNotFound.InstanceNotExists', 'what failed anyhow says why it did');
});
