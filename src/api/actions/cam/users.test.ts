import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, type ApiFixture, insertExample, openApiFixture, USER_UIN } from '../../../../test/harness/api-fixture.ts';
import type { SignOptions } from '../../../../test/harness/signed-request.ts';
import { addUser, callCam } from '../../../../test/harness/users.ts';

async function open(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  return fixture;
}

async function refusal(fixture: ApiFixture, action: string, parameters: object, options: Partial<SignOptions> = {}): Promise<string> {
  const { Error: error } = await fixture.call(action, parameters, { version: '2019-01-16', region: undefined, ...options });
  return error === undefined ? 'ok' : `${error.Code}: ${error.Message}`;
}

describe('AddUser', () => {
  test('makes a user that is found by name and listed, and may do nothing', async () => {
    await using fixture = await open();
    const { RequestId: _, ...made } = await callCam(fixture, 'AddUser', {
      Name: 'ops',
      Remark: 'night shift',
      PhoneNum: '10086',
      CountryCode: '86',
    });
    assert.deepEqual(made, { Uin: made['Uin'], Name: 'ops', Password: '', SecretId: '', SecretKey: '', Uid: 2 });
    assert.match(String(made['Uin']), /^1000\d{8}$/);
    assert.notEqual(String(made['Uin']), ACCOUNT);
    const { RequestId: __, ...got } = await callCam(fixture, 'GetUser', { Name: 'ops' });
    assert.deepEqual(got, {
      Uin: made['Uin'],
      Name: 'ops',
      Uid: 2,
      Remark: 'night shift',
      ConsoleLogin: 0,
      PhoneNum: '10086',
      CountryCode: '86',
      Email: '',
      RecentlyLoginIP: '',
      RecentlyLoginTime: '',
    });
    const { Data } = (await callCam(fixture, 'ListUsers', {})) as unknown as { Data: Array<{ Name: string; CreateTime: string }> };
    assert.deepEqual(
      Data.map((user) => [user.Name, user.CreateTime]),
      [
        ['reader', '2018-09-01 10:00:00'],
        ['ops', '2026-11-24 12:00:00'],
      ],
    );
  });

  test('with UseApi makes a key that works', async () => {
    await using fixture = await open();
    const user = await addUser(fixture);
    assert.match(user.key.secretId, /^AKID[A-Za-z0-9]{32}$/);
    const answer = await fixture.call('GetCallerIdentity', {}, { key: user.key, version: '2018-08-13' });
    assert.equal(answer['UserId'], String(user.uin));
    const stored = await fixture.catalog.accessKeys.get(user.key.secretId);
    assert.ok(!Buffer.from(stored?.sealedSecretKey ?? []).includes(user.key.secretKey));
  });

  test('refuses a bad name, one in use, a login with a password and facts that are too long', async () => {
    await using fixture = await open();
    const rule = 'it must have 1 to 64 letters, digits or +=,.@-_.';
    assert.equal(await refusal(fixture, 'AddUser', { Name: '' }), `InvalidParameter.UserNameIllegal: Name is ""; ${rule}`);
    assert.equal(await refusal(fixture, 'AddUser', { Name: 'a b' }), `InvalidParameter.UserNameIllegal: Name is "a b"; ${rule}`);
    assert.match(await refusal(fixture, 'AddUser', { Name: 'x'.repeat(65) }), /^InvalidParameter\.UserNameIllegal/);
    assert.equal(
      await refusal(fixture, 'AddUser', { Name: 'reader' }),
      'InvalidParameter.SubUserNameInUse: There is a user reader already.',
    );
    assert.equal(
      await refusal(fixture, 'AddUser', { Name: 'x', ConsoleLogin: 1 }),
      'InvalidParameter.ParamError: ConsoleLogin is 1; it must be 0, since users sign in with access keys only.',
    );
    assert.match(
      await refusal(fixture, 'AddUser', { Name: 'x', Remark: 'x'.repeat(256) }),
      /^InvalidParameter\.ParamError: Remark has 256/,
    );
    assert.match(await refusal(fixture, 'AddUser', { Name: 'x', Email: 'a\nb' }), /^InvalidParameter\.ParamError: Email/);
    assert.match(await refusal(fixture, 'AddUser', { Name: 'x', UseApi: 2 }), /^InvalidParameter\.ParamError: UseApi is 2/);
    assert.equal(
      await refusal(fixture, 'AddUser', { Name: 'x'.repeat(64), ConsoleLogin: 0, Password: 'ignored', NeedResetPassword: 0 }),
      'ok',
    );
  });

  test('makes at most 1000', async () => {
    await using fixture = await open();
    await fixture.catalog.transaction(async (tables) => {
      for (let i = 0; i < 999; i++) {
        await tables.users.insert({
          accountId: ACCOUNT,
          uin: `20000000${1000 + i}`,
          name: `u${i}`,
          remark: '',
          phone: '',
          countryCode: '',
          email: '',
          createdAt: 0,
        });
      }
    });
    assert.match(await refusal(fixture, 'AddUser', { Name: 'one-more' }), /^InvalidParameter\.SubUserFull: The account has 1000 users/);
  });

  test('two at once with one name make one user', async () => {
    await using fixture = await open();
    const outcomes = await Promise.all([refusal(fixture, 'AddUser', { Name: 'twin' }), refusal(fixture, 'AddUser', { Name: 'twin' })]);
    assert.deepEqual(outcomes.sort(), ['InvalidParameter.SubUserNameInUse: There is a user twin already.', 'ok']);
  });
});

describe('UpdateUser', () => {
  test('changes what is given and keeps the rest', async () => {
    await using fixture = await open();
    await callCam(fixture, 'UpdateUser', { Name: 'reader', Remark: 'new' });
    await callCam(fixture, 'UpdateUser', { Name: 'reader' });
    const user = await callCam(fixture, 'GetUser', { Name: 'reader' });
    assert.deepEqual([user['Remark'], user['Email']], ['new', 'reader@example.test']);
  });

  test('refuses an unknown user and a login with a password', async () => {
    await using fixture = await open();
    assert.equal(await refusal(fixture, 'UpdateUser', { Name: 'nobody' }), 'ResourceNotFound.UserNotExist: There is no user "nobody".');
    assert.match(await refusal(fixture, 'UpdateUser', { Name: 'reader', ConsoleLogin: 1 }), /^InvalidParameter: ConsoleLogin is 1/);
    assert.equal(await refusal(fixture, 'GetUser', { Name: 'nobody' }), 'ResourceNotFound.UserNotExist: There is no user "nobody".');
  });
});

describe('DeleteUser', () => {
  test('keeps a user that has keys, unless forced; its attachments go with it', async () => {
    await using fixture = await open();
    assert.equal(
      await refusal(fixture, 'DeleteUser', { Name: 'reader' }),
      'OperationDenied.HaveKeys: User reader has 1 access keys; delete them first, or give Force 1.',
    );
    assert.equal(await refusal(fixture, 'DeleteUser', { Name: 'reader', Force: 1 }), 'ok');
    assert.match(await refusal(fixture, 'DeleteUser', { Name: 'reader' }), /^ResourceNotFound\.UserNotExist/);
    assert.deepEqual(await fixture.catalog.policies.attachments({ accountId: ACCOUNT, policyId: 10_000_001 }), []);
    assert.equal(await fixture.catalog.accessKeys.get('AKIDreader'), undefined);
  });

  test('by force needs the permission to delete keys', async () => {
    await using fixture = await open();
    const clerk = await addUser(fixture, { action: 'cam:DeleteUser' });
    const options = { key: clerk.key };
    assert.equal(
      await refusal(fixture, 'DeleteUser', { Name: 'reader', Force: 1 }, options),
      'UnauthorizedOperation.DeleteApiKey: Force 1 needs the permission cam:DeleteApiKey.',
    );
    const admin = await addUser(fixture, { action: 'cam:Delete*' });
    assert.equal(await refusal(fixture, 'DeleteUser', { Name: 'reader', Force: 1 }, { key: admin.key }), 'ok');
  });
});

describe('access keys', () => {
  const target = { TargetUin: Number(USER_UIN) };

  test('are two at most for each user', async () => {
    await using fixture = await open();
    const { AccessKey } = (await callCam(fixture, 'CreateAccessKey', { ...target, Description: 'ci' })) as unknown as {
      AccessKey: Record<string, string>;
    };
    assert.match(AccessKey['SecretAccessKey'] ?? '', /^[A-Za-z0-9]{32}$/);
    assert.deepEqual([AccessKey['Status'], AccessKey['Description'], AccessKey['CreateTime']], ['Active', 'ci', '2026-11-24 12:00:00']);
    assert.equal(
      await refusal(fixture, 'CreateAccessKey', target),
      `OperationDenied.AccessKeyOverLimit: User ${USER_UIN} has 2 access keys; at most 2 are allowed. Delete one first.`,
    );
    const { AccessKeys } = (await callCam(fixture, 'ListAccessKeys', target)) as unknown as { AccessKeys: Array<Record<string, string>> };
    assert.deepEqual(
      AccessKeys.map((key) => [key['AccessKeyId'], key['Status'], key['SecretAccessKey']]),
      [
        ['AKIDreader', 'Active', undefined],
        [AccessKey['AccessKeyId'], 'Active', undefined],
      ],
    );
    assert.equal(await refusal(fixture, 'DeleteAccessKey', { ...target, AccessKeyId: 'AKIDreader' }), 'ok');
    assert.equal(await refusal(fixture, 'CreateAccessKey', target), 'ok');
  });

  test('are the caller’s own without TargetUin', async () => {
    await using fixture = await open();
    const user = await addUser(fixture, { action: 'cam:*' });
    const own = { key: user.key };
    assert.equal(await refusal(fixture, 'CreateAccessKey', {}, own), 'ok');
    assert.equal((await fixture.catalog.accessKeys.ofUser(ACCOUNT, String(user.uin))).length, 2);
    const denied = 'OperationDenied.SubUin: A user may not manage the keys of the root account.';
    for (const action of ['CreateAccessKey', 'ListAccessKeys']) {
      assert.equal(await refusal(fixture, action, { TargetUin: Number(ACCOUNT) }, own), denied);
    }
    assert.equal(await refusal(fixture, 'DeleteAccessKey', { AccessKeyId: 'AKIDreader', TargetUin: Number(ACCOUNT) }, own), denied);
    assert.equal(
      await refusal(fixture, 'DeleteAccessKey', { AccessKeyId: 'AKIDreader' }, own),
      `OperationDenied.UinNotMatch: Access key AKIDreader does not belong to ${user.uin}; name its user with TargetUin.`,
    );
  });

  test('of the root account are its credential alone', async () => {
    await using fixture = await open();
    assert.match(await refusal(fixture, 'CreateAccessKey', {}), /^FailedOperation\.Accesskey: /);
    assert.deepEqual((await callCam(fixture, 'ListAccessKeys', {}))['AccessKeys'], []);
  });

  test('that do not exist, wrong states and descriptions are refused', async () => {
    await using fixture = await open();
    assert.equal(
      await refusal(fixture, 'UpdateAccessKey', { ...target, AccessKeyId: 'AKIDnone', Status: 'Active' }),
      'ResourceNotFound.SecretNotExist: There is no access key "AKIDnone".',
    );
    assert.equal(
      await refusal(fixture, 'UpdateAccessKey', { ...target, AccessKeyId: 'AKIDreader', Status: 'active' }),
      'InvalidParameter.ParamError: Status is "active"; it must be Active or Inactive.',
    );
    assert.match(await refusal(fixture, 'DeleteAccessKey', { ...target, AccessKeyId: 'AKIDnone' }), /^ResourceNotFound\.SecretNotExist/);
    assert.match(await refusal(fixture, 'CreateAccessKey', { ...target, Description: 'a b' }), /^InvalidParameter\.ParamError/);
    assert.match(await refusal(fixture, 'CreateAccessKey', { ...target, Description: '' }), /^InvalidParameter\.ParamError/);
    for (const action of ['CreateAccessKey', 'ListAccessKeys']) {
      assert.equal(await refusal(fixture, action, { TargetUin: 1 }), 'InvalidParameter.UserNotExist: There is no user with uin 1.');
    }
  });
});
