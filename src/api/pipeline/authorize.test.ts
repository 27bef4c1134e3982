import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import {
  ACCOUNT,
  type ApiFixture,
  backupRow,
  INSTANCE_ID,
  insertExample,
  instanceRow,
  KEY,
  openApiFixture,
  SUB_KEY,
} from '../../../test/harness/api-fixture.ts';
import type { SignOptions } from '../../../test/harness/signed-request.ts';
import { signTc3Request } from '../../../test/harness/signed-request.ts';
import { addUser, callCam, type TestUser, toDocument } from '../../../test/harness/users.ts';
import { actions } from '../registry.ts';
import { PRODUCT_VERSIONS } from '../versions.ts';

const OTHER_ID = 'crs-00000001';
const REDKEEP = '2026-11-24';
const CAM = '2019-01-16';

async function openExample(profile: 'seed' | 'current' = 'seed'): Promise<ApiFixture> {
  const fixture = await openApiFixture({ profile });
  await insertExample(fixture.catalog);
  return fixture;
}

/** `ok` or the code. */
async function ask(
  fixture: ApiFixture,
  { key }: { key: TestUser['key'] },
  action: string,
  parameters: object = {},
  options: Partial<SignOptions> = {},
) {
  return (await fixture.call(action, parameters, { key, ...options })).Error?.Code ?? 'ok';
}

function instances(...ids: string[]): string[] {
  return ids.map((id) => `qcs::redis:::instance/${id}`);
}

describe('the six codes of DescribeInstanceBackups', () => {
  test('a sub-account without any permission is refused before the instance is looked up', async () => {
    await using fixture = await openExample();
    for (const InstanceId of [INSTANCE_ID, OTHER_ID]) {
      const answer = await fixture.call('DescribeInstanceBackups', { InstanceId }, { key: SUB_KEY });
      assert.deepEqual(answer.Error, {
        Code: 'InvalidParameter.PermissionDenied',
        Message:
          'You are not authorized to perform this operation. Check your CAM policies, and ensure that you are using the correct access keys. ' +
          `[[request id:${answer.RequestId}]you are not authorized to perform operation (redis:DescribeInstanceBackups)\n` +
          `resource (qcs::redis:ap-guangzhou:uin/${ACCOUNT}:instance/${InstanceId}) has no permission\n]`,
      });
    }
  });

  test('allowed on others but not on this one is NoCAMAuthed, whether or not it exists', async () => {
    await using fixture = await openExample();
    await fixture.catalog.instances.insert(instanceRow({ instanceId: OTHER_ID, name: 'other' }));
    const user = await addUser(fixture, { action: 'redis:DescribeInstanceBackups', resource: instances(OTHER_ID) });
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: OTHER_ID }), 'ok');
    const messages = new Set<string | undefined>();
    for (const InstanceId of [INSTANCE_ID, 'crs-00000000']) {
      const { Error: error, RequestId } = await fixture.call('DescribeInstanceBackups', { InstanceId }, { key: user.key });
      assert.equal(error?.Code, 'UnauthorizedOperation.NoCAMAuthed');
      messages.add(error?.Message.replace(InstanceId, 'ID').replace(RequestId, 'REQUEST'));
    }
    assert.equal(messages.size, 1);
    assert.match(
      [...messages].join(),
      /operation \(redis:DescribeInstanceBackups\)\nresource \(qcs::redis:ap-guangzhou:uin\/\d+:instance\/ID\)/,
    );
  });

  test('an explicit denial is NoCAMAuthed', async () => {
    await using fixture = await openExample();
    const user = await addUser(
      fixture,
      { action: 'redis:*' },
      { effect: 'deny', action: 'redis:Describe*', resource: instances(INSTANCE_ID) },
    );
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: INSTANCE_ID }), 'UnauthorizedOperation.NoCAMAuthed');
    assert.equal(await ask(fixture, user, 'ManualBackupInstance', { InstanceId: INSTANCE_ID }), 'ok');
  });

  test('who may see an instance that does not exist is told so, and of a malformed id', async () => {
    await using fixture = await openExample();
    const user = await addUser(fixture, { action: 'redis:*', resource: instances('*') });
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: INSTANCE_ID }), 'ok');
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: OTHER_ID }), 'ResourceNotFound.InstanceNotExists');
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: '' }), 'InvalidParameter.InvalidParameter');
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: 'x:*' }), 'InvalidParameter.InvalidParameter');
  });

  test('a table that another connection renamed is InternalError.DbOperationFailed', async () => {
    await using fixture = await openExample();
    const user = await addUser(fixture, { action: 'redis:*' });
    using database = new DatabaseSync(fixture.catalogPath);
    database.exec('alter table backups rename to backups_gone');
    const parameters = { InstanceId: INSTANCE_ID };
    assert.equal((await fixture.call('DescribeInstanceBackups', parameters)).Error?.Code, 'InternalError.DbOperationFailed');
    database.exec('alter table backups_gone rename to backups; alter table policy_attachments rename to attachments_gone');
    assert.equal((await fixture.call('DescribeInstanceBackups', parameters)).Error, undefined);
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', parameters), 'InternalError.DbOperationFailed');
    database.exec('alter table access_keys rename to keys_gone');
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', parameters), 'InternalError.DbOperationFailed');
  });

  test('a key or a policy in the catalog that was damaged is InternalError.InternalError, never a way in', async () => {
    await using fixture = await openExample();
    const user = await addUser(fixture, { action: 'redis:*' });
    using database = new DatabaseSync(fixture.catalogPath);
    database.exec(`update policies set document = '{"version":"2.0","statement":[{"effect":"dney"}]}' where kind = 'custom'`);
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: INSTANCE_ID }), 'InternalError.InternalError');
    database.exec(`update access_keys set sealed_secret_key = zeroblob(80)`);
    assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: INSTANCE_ID }), 'InternalError.InternalError');
  });
});

describe('a list that names no instance', () => {
  async function listed(fixture: ApiFixture, key: TestUser['key'], parameters: object = {}): Promise<unknown> {
    const answer = await fixture.call('DescribeInstances', { OrderType: 0, ...parameters }, { key });
    const set = answer['InstanceSet'] as Array<{ InstanceId: string }> | undefined;
    return answer.Error?.Code ?? [answer['TotalCount'], ...(set ?? []).map((instance) => instance.InstanceId)];
  }

  async function openThree(): Promise<ApiFixture> {
    const fixture = await openExample('current');
    for (const [index, instanceId] of [OTHER_ID, 'crs-00000002'].entries()) {
      const createdAt = instanceRow().createdAt + 1 + index;
      await fixture.catalog.instances.insert(instanceRow({ instanceId, name: `more-${index}`, createdAt }));
      await fixture.catalog.backups.insert(backupRow({ instanceId, backupId: `backup-of-${instanceId}` }));
    }
    return fixture;
  }

  test('shows what the caller may see, and counts only that', async () => {
    await using fixture = await openThree();
    const one = await addUser(fixture, { resource: instances(OTHER_ID) });
    assert.deepEqual(await listed(fixture, one.key), [1, OTHER_ID]);
    assert.deepEqual(await listed(fixture, one.key, { SearchKeys: ['more'] }), [1, OTHER_ID]);
    const allButOne = await addUser(fixture, {}, { effect: 'deny', resource: instances(INSTANCE_ID) });
    assert.deepEqual(await listed(fixture, allButOne.key), [2, OTHER_ID, 'crs-00000002']);
    assert.deepEqual(await listed(fixture, allButOne.key, { Limit: 1, Offset: 1 }), [2, 'crs-00000002']);
    const pattern = await addUser(fixture, { resource: instances('crs-0000*') });
    assert.deepEqual(await listed(fixture, pattern.key), [2, OTHER_ID, 'crs-00000002']);
    const none = await addUser(fixture, { resource: instances('crs-99999999') });
    assert.deepEqual(await listed(fixture, none.key), [0]);
    const all = await addUser(fixture, { resource: instances('*') });
    assert.deepEqual(await listed(fixture, all.key), [3, INSTANCE_ID, OTHER_ID, 'crs-00000002']);
  });

  test('is refused where the caller may see none by any statement, or none at all', async () => {
    await using fixture = await openThree();
    const nothing = await addUser(fixture, { action: 'redis:ManualBackupInstance' });
    assert.equal(await listed(fixture, nothing.key), 'InvalidParameter.PermissionDenied');
    const denied = await addUser(fixture, { resource: instances(OTHER_ID) }, { effect: 'deny', resource: instances('*') });
    assert.equal(await listed(fixture, denied.key), 'UnauthorizedOperation.NoCAMAuthed');
    const foreign = await addUser(fixture, { resource: 'qcs::cos:::*' });
    assert.equal(await listed(fixture, foreign.key), 'InvalidParameter.PermissionDenied');
    const elsewhere = await addUser(fixture, { resource: 'qcs::redis:ap-beijing::instance/*' });
    assert.equal(await listed(fixture, elsewhere.key), 'UnauthorizedOperation.NoCAMAuthed');
  });

  test('names several instances only where all of them are allowed', async () => {
    await using fixture = await openThree();
    const user = await addUser(fixture, { resource: instances(INSTANCE_ID, OTHER_ID) });
    assert.deepEqual(await listed(fixture, user.key, { InstanceIds: [INSTANCE_ID, OTHER_ID] }), [2, INSTANCE_ID, OTHER_ID]);
    assert.equal(await listed(fixture, user.key, { InstanceIds: [INSTANCE_ID, 'crs-00000002'] }), 'UnauthorizedOperation.NoCAMAuthed');
    assert.equal(await listed(fixture, user.key, { InstanceIds: Array(1001).fill(INSTANCE_ID) }), 'InvalidParameter.InvalidParameter');
  });

  test('of backups shows and counts those of the instances that the caller may see', async () => {
    await using fixture = await openThree();
    const user = await addUser(fixture, { resource: instances(OTHER_ID, 'crs-00000002') });
    const page = async (parameters: object, key = user.key) => {
      const answer = await fixture.call('DescribeInstanceBackups', parameters, { key });
      const set = answer['BackupSet'] as Array<{ InstanceId: string }> | undefined;
      return answer.Error?.Code ?? [answer['TotalCount'], ...(set ?? []).map((backup) => backup.InstanceId)];
    };
    assert.deepEqual(await page({}), [2, OTHER_ID, 'crs-00000002']);
    assert.deepEqual(await page({ Limit: 1, Offset: 1 }), [2, 'crs-00000002']);
    assert.deepEqual(await page({ InstanceName: 'more-0' }), [1, OTHER_ID]);
    assert.deepEqual(await page({ InstanceName: 'orders' }), [0]);
    assert.deepEqual(await page({ BeginTime: '2018-09-04 12:51:21', EndTime: '2018-09-04 12:51:21' }), [2, OTHER_ID, 'crs-00000002']);
    assert.deepEqual(await page({ Status: [1] }), [0]);
    const none = await addUser(fixture, { resource: instances('crs-99999999') });
    assert.deepEqual(await page({}, none.key), [0]);
  });
});

describe('other products', () => {
  test('a denial is AuthFailure.UnauthorizedOperation with the gateway’s text', async () => {
    await using fixture = await openExample();
    const user = await addUser(fixture, { action: 'redis:*' });
    const detach = await fixture.call('DetachInstance', { InstanceId: INSTANCE_ID }, { key: user.key, version: REDKEEP });
    assert.equal(detach.Error?.Code, 'AuthFailure.UnauthorizedOperation');
    assert.match(
      detach.Error?.Message ?? '',
      /operation \(redkeep:DetachInstance\)\nresource \(qcs::redis:ap-guangzhou:uin\/\d+:instance\/crs-5a4py64p\)/,
    );
    assert.equal((await fixture.catalog.instances.get(INSTANCE_ID))?.state, 'online');
    const list = await fixture.call('ListUsers', {}, { key: user.key, version: CAM, region: undefined });
    assert.equal(list.Error?.Code, 'AuthFailure.UnauthorizedOperation');
    assert.match(list.Error?.Message ?? '', /operation \(cam:ListUsers\)\nresource \(\*\) has no permission\n\]$/);
  });

  test('attaching is an action of its own, which full access to redis does not hold', async () => {
    await using fixture = await openExample();
    const parameters = { InstanceName: 'x', Host: '10.0.0.9', Port: 6379 };
    const user = await addUser(fixture);
    await callCam(fixture, 'AttachUserPolicy', { PolicyId: 3, AttachUin: user.uin });
    assert.equal(await ask(fixture, user, 'DescribeInstances'), 'ok');
    assert.equal(await ask(fixture, user, 'AttachInstance', parameters, { version: REDKEEP }), 'AuthFailure.UnauthorizedOperation');
    const operator = await addUser(fixture, { action: 'redkeep:AttachInstance' });
    assert.equal(await ask(fixture, operator, 'AttachInstance', parameters, { version: REDKEEP }), 'ok');
    const limited = await addUser(fixture, { action: 'redkeep:AttachInstance', resource: instances('*') });
    assert.equal(await ask(fixture, limited, 'AttachInstance', parameters, { version: REDKEEP }), 'AuthFailure.UnauthorizedOperation');
  });
});

test('every action but one is refused to a user without a policy', async () => {
  await using fixture = await openExample();
  const user = await addUser(fixture);
  for (const { name, product, example } of actions) {
    const refusal = product === 'redis' ? 'InvalidParameter.PermissionDenied' : 'AuthFailure.UnauthorizedOperation';
    const expected = name === 'GetCallerIdentity' ? 'ok' : refusal;
    assert.equal(await ask(fixture, user, name, example.input, { version: PRODUCT_VERSIONS[product] }), expected, name);
  }
});

test('an action that names no instance needs resource *', async () => {
  await using fixture = await openExample();
  const named = await addUser(fixture, { action: 'redis:*', resource: instances('*') });
  assert.equal(await ask(fixture, named, 'DescribeTaskInfo', { TaskId: 1 }), 'InvalidParameter.PermissionDenied');
  const all = await addUser(fixture, { action: 'redis:*' });
  assert.equal(await ask(fixture, all, 'DescribeTaskInfo', { TaskId: 1 }), 'InvalidParameter.InvalidParameter');
});

test('an action that names no instance is denied in a region by a statement on all of that region', async () => {
  await using fixture = await openExample();
  const user = await addUser(fixture, { action: '*' }, { effect: 'deny', resource: 'qcs::redis:ap-guangzhou::*' });
  const detail = (region: string) => ask(fixture, user, 'DescribeTaskInfo', { TaskId: 1 }, { region });
  assert.equal(await detail('ap-guangzhou'), 'UnauthorizedOperation.NoCAMAuthed');
  assert.equal(await detail('ap-beijing'), 'InvalidParameter.InvalidParameter');
  assert.equal(await ask(fixture, user, 'DescribeInstances'), 'UnauthorizedOperation.NoCAMAuthed');
  const attacher = await addUser(fixture, { action: '*' }, { effect: 'deny', resource: 'qcs::redkeep:gz::*' });
  const attach = { InstanceName: 'x', Host: '10.0.0.9', Port: 6379 };
  assert.equal(await ask(fixture, attacher, 'AttachInstance', attach, { version: REDKEEP }), 'AuthFailure.UnauthorizedOperation');
});

test('a product without regions is in none, whichever region the caller writes', async () => {
  await using fixture = await openExample();
  const user = await addUser(fixture, { action: '*' }, { effect: 'deny', resource: 'qcs::*:ap-guangzhou::*' });
  for (const region of [undefined, 'ap-guangzhou']) {
    assert.equal(await ask(fixture, user, 'ListUsers', {}, { version: CAM, region }), 'ok');
  }
});

test('a task of an instance that is denied to the caller is as good as unknown', async () => {
  await using fixture = await openExample();
  await fixture.catalog.instances.insert(instanceRow({ instanceId: OTHER_ID, name: 'other' }));
  const { TaskId } = await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  const other = await fixture.call('ManualBackupInstance', { InstanceId: OTHER_ID });
  const user = await addUser(fixture, { action: 'redis:*' }, { effect: 'deny', resource: instances(INSTANCE_ID) });
  const look = (id: unknown, key = user.key) => fixture.call('DescribeTaskInfo', { TaskId: id }, { key });
  assert.equal((await look(other['TaskId']))['InstanceId'], OTHER_ID);
  const [hidden, unknown] = [await look(TaskId), await look(999)];
  assert.equal(unknown.Error?.Code, 'InvalidParameter.InvalidParameter');
  assert.deepEqual(hidden.Error, { ...unknown.Error, Message: unknown.Error?.Message.replace('999', String(TaskId)) });
  // What is denied of other actions hides nothing.
  const writer = await addUser(
    fixture,
    { action: 'redis:*' },
    { effect: 'deny', action: 'redis:Manual*', resource: instances(INSTANCE_ID) },
  );
  assert.equal((await look(TaskId, writer.key))['InstanceId'], INSTANCE_ID);
  assert.equal((await look(TaskId, KEY))['InstanceId'], INSTANCE_ID);
  // A temporary key needs it of both.
  const Policy = toDocument({ action: 'redis:*' }, { effect: 'deny', resource: instances(OTHER_ID) });
  const { Credentials } = await callCam(fixture, 'GetFederationToken', { Name: 'x', Policy }, { version: PRODUCT_VERSIONS.sts });
  const session = Credentials as { TmpSecretId: string; TmpSecretKey: string; Token: string };
  const temporary = { key: { secretId: session.TmpSecretId, secretKey: session.TmpSecretKey }, headers: { 'x-tc-token': session.Token } };
  assert.equal(await ask(fixture, temporary, 'DescribeTaskInfo', { TaskId }, temporary), 'ok');
  assert.equal(
    await ask(fixture, temporary, 'DescribeTaskInfo', { TaskId: other['TaskId'] }, temporary),
    'InvalidParameter.InvalidParameter',
  );
});

test('preset policies give what their names say', async () => {
  await using fixture = await openExample();
  const outcomes = async (PolicyId: number) => {
    const user = await addUser(fixture);
    await callCam(fixture, 'AttachUserPolicy', { PolicyId, AttachUin: user.uin });
    return [
      await ask(fixture, user, 'DescribeInstances'),
      await ask(fixture, user, 'ManualBackupInstance', { InstanceId: OTHER_ID }),
      await ask(fixture, user, 'ListUsers', {}, { version: CAM }),
      await ask(fixture, user, 'DeletePolicy', { PolicyId: [99_999_999] }, { version: CAM }),
    ];
  };
  const [denied, missing, noPermission] = [
    'AuthFailure.UnauthorizedOperation',
    'ResourceNotFound.InstanceNotExists',
    'InvalidParameter.PermissionDenied',
  ];
  assert.deepEqual(await outcomes(1), ['ok', missing, 'ok', 'ResourceNotFound.PolicyIdNotFound']);
  assert.deepEqual(await outcomes(2), ['ok', noPermission, 'ok', denied]);
  assert.deepEqual(await outcomes(3), ['ok', missing, denied, denied]);
  assert.deepEqual(await outcomes(4), ['ok', noPermission, denied, denied]);
});

test('conditions look at the address of the connection and the server’s clock, not at headers', async () => {
  await using fixture = await openExample();
  const condition = { ip_equal: { 'qcs:ip': '10.0.0.0/8' }, date_less_than: { 'qcs:current_time': '2026-11-24 12:00:01' } };
  const { key } = await addUser(fixture, { action: 'redis:*', condition });
  const from = async (remoteAddress: string | undefined) => {
    const timestampS = Math.floor(fixture.clock.now() / 1000);
    const request = signTc3Request({ key, action: 'DescribeInstances', timestampS, headers: { 'x-forwarded-for': '10.0.0.1' } });
    return (await fixture.send({ ...request, remoteAddress })).Error?.Code ?? 'ok';
  };
  assert.equal(await from('10.1.2.3'), 'ok');
  assert.equal(await from('::ffff:10.1.2.3'), 'ok');
  assert.equal(await from('192.168.1.1'), 'UnauthorizedOperation.NoCAMAuthed');
  assert.equal(await from(undefined), 'UnauthorizedOperation.NoCAMAuthed');
  fixture.clock.set(fixture.clock.now() + 1000);
  assert.equal(await from('10.1.2.3'), 'UnauthorizedOperation.NoCAMAuthed');
});

test('a request without an address is refused to users, whatever their conditions', async () => {
  await using fixture = await openExample();
  const { key } = await addUser(fixture, { action: 'redis:*', condition: { ip_not_equal: { 'qcs:ip': '10.0.0.0/8' } } });
  const request = signTc3Request({ key, action: 'DescribeInstances', timestampS: Math.floor(fixture.clock.now() / 1000) });
  assert.equal((await fixture.send(request)).Error, undefined);
  assert.equal((await fixture.send({ ...request, remoteAddress: undefined })).Error?.Code, 'UnauthorizedOperation.NoCAMAuthed');
});

test('a change of rights counts from the next request on', async () => {
  await using fixture = await openExample();
  const user = await addUser(fixture);
  const { PolicyId } = await callCam(fixture, 'CreatePolicy', {
    PolicyName: 'changing',
    PolicyDocument: toDocument({ action: 'redis:*' }),
  });
  const now = () => ask(fixture, user, 'DescribeInstances');
  assert.equal(await now(), 'InvalidParameter.PermissionDenied');
  await callCam(fixture, 'AttachUserPolicy', { PolicyId, AttachUin: user.uin });
  assert.equal(await now(), 'ok');
  await callCam(fixture, 'UpdatePolicy', { PolicyId, PolicyDocument: toDocument({ effect: 'deny' }) });
  assert.equal(await now(), 'UnauthorizedOperation.NoCAMAuthed');
  await callCam(fixture, 'UpdatePolicy', { PolicyId, PolicyDocument: toDocument({ action: 'redis:*' }) });
  await callCam(fixture, 'UpdateAccessKey', { AccessKeyId: user.key.secretId, Status: 'Inactive', TargetUin: user.uin });
  assert.equal(await now(), 'AuthFailure.SecretIdNotFound');
  await callCam(fixture, 'UpdateAccessKey', { AccessKeyId: user.key.secretId, Status: 'Active', TargetUin: user.uin });
  assert.equal(await now(), 'ok');
  await callCam(fixture, 'DeletePolicy', { PolicyId: [PolicyId] });
  assert.equal(await now(), 'InvalidParameter.PermissionDenied');
  await callCam(fixture, 'DeleteUser', { Name: user.name, Force: 1 });
  assert.equal(await now(), 'AuthFailure.SecretIdNotFound');
});

test('a policy of one account says nothing about another', async () => {
  await using fixture = await openExample();
  const user = await addUser(fixture, { action: 'redis:*', resource: '*' });
  await fixture.catalog.instances.insert(instanceRow({ instanceId: OTHER_ID, accountId: '200000000001' }));
  assert.equal(await ask(fixture, user, 'DescribeInstanceBackups', { InstanceId: OTHER_ID }), 'ResourceNotFound.InstanceNotExists');
});
