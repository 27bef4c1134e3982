import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, type ApiFixture, INSTANCE_ID, insertExample, KEY, openApiFixture } from '../../../../test/harness/api-fixture.ts';
import { type SignOptions, signV1Request } from '../../../../test/harness/signed-request.ts';
import { addUser, callCam, toDocument } from '../../../../test/harness/users.ts';

import { actions } from '../../registry.ts';
import { PRODUCT_VERSIONS } from '../../versions.ts';

const STS = '2018-08-13';
const CAM = '2019-01-16';
const TAG = PRODUCT_VERSIONS.tag;
const WRONG_TOKEN = {
  Code: 'AuthFailure.TokenFailure',
  Message: 'Token verification failed, please check if your Token is correct.',
};

type Key = { secretId: string; secretKey: string };
interface Temporary {
  readonly key: Key;
  readonly token: string;
}

async function open(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  return fixture;
}

async function issue(
  fixture: ApiFixture,
  key: Key,
  policy = toDocument({}),
  parameters: object = {},
): Promise<Temporary & { expiredTime: number }> {
  const answer = await callCam(
    fixture,
    'GetFederationToken',
    { Name: 'nightly', Policy: encodeURIComponent(policy), ...parameters },
    { key, version: STS },
  );
  const { Token, TmpSecretId, TmpSecretKey } = answer['Credentials'] as { Token: string; TmpSecretId: string; TmpSecretKey: string };
  return { key: { secretId: TmpSecretId, secretKey: TmpSecretKey }, token: Token, expiredTime: answer['ExpiredTime'] as number };
}

function call(fixture: ApiFixture, { key, token }: Temporary, action: string, parameters: object = {}, options: Partial<SignOptions> = {}) {
  return fixture.call(action, parameters, { key, headers: token === '' ? {} : { 'x-tc-token': token }, ...options });
}

describe('GetCallerIdentity', () => {
  test('tells root, user and temporary key who they are, without any permission', async () => {
    await using fixture = await open();
    const user = await addUser(fixture);
    const identity = async (options: Partial<SignOptions>) => {
      const { RequestId: _, ...rest } = await fixture.call('GetCallerIdentity', {}, { version: STS, region: undefined, ...options });
      return rest;
    };
    const ofUser = {
      Arn: `qcs::cam:${ACCOUNT}:uin/${user.uin}`,
      AccountId: ACCOUNT,
      UserId: String(user.uin),
      PrincipalId: String(user.uin),
      Type: 'CAMUser',
    };
    assert.deepEqual(await identity({ key: user.key }), ofUser);
    const maker = await addUser(fixture, { action: 'sts:GetFederationToken' });
    const { key, token } = await issue(fixture, maker.key, toDocument({ effect: 'deny' }));
    assert.deepEqual(await identity({ key, headers: { 'x-tc-token': token } }), {
      Arn: `qcs::sts:${ACCOUNT}:federated-user/${maker.uin}`,
      AccountId: ACCOUNT,
      UserId: `${maker.uin}:nightly`,
      PrincipalId: String(maker.uin),
      Type: 'CAMUser',
    });
  });
});

describe('GetFederationToken', () => {
  test('answers a key, a token and when they expire', async () => {
    await using fixture = await open();
    const answer = await callCam(fixture, 'GetFederationToken', { Name: 'a.b-c', Policy: toDocument({}) }, { version: STS });
    assert.equal(answer['ExpiredTime'], fixture.clock.now() / 1000 + 1800);
    assert.equal(answer['Expiration'], '2026-11-24T04:30:00Z');
    const { Token, TmpSecretId, TmpSecretKey } = answer['Credentials'] as Record<string, string>;
    assert.match(TmpSecretId ?? '', /^AKIDTMP-[\w-]{32}$/);
    assert.match(TmpSecretKey ?? '', /^[\w-]{43}$/);
    assert.ok((Token ?? '').length <= 4096);
  });

  test('bounds the duration, by root and by user', async () => {
    await using fixture = await open();
    const user = await addUser(fixture, {});
    const outcome = async (DurationSeconds: number, key: Key) => {
      const parameters = { Name: 'x', Policy: toDocument({}), DurationSeconds };
      const answer = await fixture.call('GetFederationToken', parameters, { key, version: STS });
      return answer.Error === undefined ? 'ok' : `${answer.Error.Code}: ${answer.Error.Message}`;
    };
    assert.equal(await outcome(7200, KEY), 'ok');
    assert.equal(await outcome(7201, KEY), 'InvalidParameter.OverTimeError: DurationSeconds is 7201; it must be 1 to 7200.');
    assert.equal(await outcome(129_600, user.key), 'ok');
    assert.equal(await outcome(129_601, user.key), 'InvalidParameter.OverTimeError: DurationSeconds is 129601; it must be 1 to 129600.');
    assert.equal(await outcome(0, user.key), 'InvalidParameter.OverTimeError: DurationSeconds is 0; it must be 1 to 129600.');
  });

  test('refuses a name, a policy and a length that are wrong', async () => {
    await using fixture = await open();
    const outcome = async (parameters: object) => {
      const answer = await fixture.call('GetFederationToken', { Name: 'x', Policy: toDocument({}), ...parameters }, { version: STS });
      return answer.Error?.Code ?? 'ok';
    };
    assert.equal(await outcome({ Name: 'a b' }), 'InvalidParameter.ParamError');
    assert.equal(await outcome({ Name: '' }), 'InvalidParameter.ParamError');
    assert.equal(await outcome({ Policy: '%zz' }), 'InvalidParameter.StrategyFormatError');
    assert.equal(await outcome({ Policy: encodeURIComponent('{"version":"2.0"}') }), 'InvalidParameter.StrategyFormatError');
    const principal = '{"version":"2.0","statement":{"effect":"allow","action":"*","resource":"*","principal":{"qcs":"*"}}}';
    assert.equal(await outcome({ Policy: encodeURIComponent(principal) }), 'InvalidParameter.StrategyFormatError');
    for (const change of [{ action: 'redis:DescribeBackups' }, { resource: 'qcs::redis:::task/*' }, { resource: 'qcs::cam:gz::*' }]) {
      assert.equal(await outcome({ Policy: toDocument(change) }), 'InvalidParameter.StrategyFormatError');
    }
    const twice = toDocument({}).replace('{', '{"\\u0076ersion":"2.0",');
    assert.equal(await outcome({ Policy: twice }), 'InvalidParameter.StrategyFormatError');
    const spaced = JSON.stringify(JSON.parse(toDocument({})), null, 2);
    assert.equal(await outcome({ Policy: encodeURIComponent(spaced).replaceAll('%20', '+') }), 'ok');
    const padded = (length: number) => toDocument({}).replace('{', `{${' '.repeat(length - toDocument({}).length)}`);
    assert.equal(await outcome({ Policy: padded(2048) }), 'ok');
    assert.equal(await outcome({ Policy: padded(2049) }), 'InvalidParameter.PolicyTooLong');
    const wide = toDocument({ condition: { string_equal: { 'qcs:resource_tag': `a&${'订'.repeat(1500)}` } } });
    assert.equal(await outcome({ Policy: wide }), 'InvalidParameter.PolicyTooLong');
  });

  test('needs a permission', async () => {
    await using fixture = await open();
    const user = await addUser(fixture, { action: 'redis:*' });
    const answer = await fixture.call('GetFederationToken', { Name: 'x', Policy: toDocument({}) }, { key: user.key, version: STS });
    assert.equal(answer.Error?.Code, 'AuthFailure.UnauthorizedOperation');
  });
});

describe('a temporary key', () => {
  const backups = (fixture: ApiFixture, temporary: Temporary) =>
    call(fixture, temporary, 'DescribeInstanceBackups', { InstanceId: INSTANCE_ID }).then((answer) => answer.Error?.Code ?? 'ok');
  const start = (fixture: ApiFixture, temporary: Temporary) =>
    call(fixture, temporary, 'ManualBackupInstance', { InstanceId: INSTANCE_ID }).then((answer) => answer.Error?.Code ?? 'ok');

  test('of the root account may do what its policy allows', async () => {
    await using fixture = await open();
    const temporary = await issue(fixture, KEY, toDocument({ action: 'redis:Describe*' }));
    assert.equal(await backups(fixture, temporary), 'ok');
    assert.equal(await start(fixture, temporary), 'InvalidParameter.PermissionDenied');
  });

  test('of a user may do what both allow', async () => {
    await using fixture = await open();
    const maker = await addUser(fixture, { action: ['redis:Describe*', 'sts:*'] });
    const wide = await issue(fixture, maker.key, toDocument({}));
    assert.equal(await backups(fixture, wide), 'ok');
    assert.equal(await start(fixture, wide), 'InvalidParameter.PermissionDenied');
    const other = await issue(fixture, maker.key, toDocument({ resource: 'qcs::redis:::instance/crs-00000001' }));
    assert.equal(await backups(fixture, other), 'UnauthorizedOperation.NoCAMAuthed');
    const denying = await issue(fixture, maker.key, toDocument({}, { effect: 'deny', action: 'redis:*' }));
    assert.equal(await backups(fixture, denying), 'UnauthorizedOperation.NoCAMAuthed');
  });

  test('lists nothing where its own policy lacks the action, whatever its user may see', async () => {
    await using fixture = await open();
    const named = { action: 'redis:DescribeInstances', resource: 'qcs::redis:::instance/crs-5a4py64p' };
    const maker = await addUser(fixture, named, { action: 'sts:*' });
    const list = async (policy: string) => {
      const answer = await call(fixture, await issue(fixture, maker.key, policy), 'DescribeInstances');
      return answer.Error?.Code ?? answer['TotalCount'];
    };
    assert.equal(await list(toDocument({ action: 'redis:ManualBackupInstance' })), 'InvalidParameter.PermissionDenied');
    assert.equal(await list(toDocument({ resource: 'qcs::cos:::*' })), 'InvalidParameter.PermissionDenied');
    assert.equal(await list(toDocument({}, { effect: 'deny', action: 'redis:Describe*' })), 'UnauthorizedOperation.NoCAMAuthed');
    assert.equal(await list(toDocument({})), 1);
  });

  test('lists only what both let it see', async () => {
    await using fixture = await open();
    const temporary = await issue(fixture, KEY, toDocument({ resource: 'qcs::redis:::instance/crs-00000001' }));
    assert.equal((await call(fixture, temporary, 'DescribeInstances'))['TotalCount'], 0);
  });

  test('works with v1 as well, its token signed among the parameters', async () => {
    await using fixture = await open();
    const { key, token } = await issue(fixture, KEY);
    const timestampS = fixture.clock.now() / 1000;
    for (const method of ['GET', 'POST'] as const) {
      const send = (Token: string) =>
        fixture.send(
          signV1Request({ key, method, timestampS, parameters: { Action: 'DescribeInstances', ...(Token === '' ? {} : { Token }) } }),
        );
      assert.equal((await send(token)).Error, undefined);
      assert.deepEqual((await send('')).Error, WRONG_TOKEN);
      assert.deepEqual((await send(`${token}x`)).Error, WRONG_TOKEN);
    }
  });

  test('without its token, with a changed one, with another key’s, or beside a permanent key is TokenFailure', async () => {
    await using fixture = await open();
    const [one, two] = [await issue(fixture, KEY), await issue(fixture, KEY)];
    const refused = async (temporary: Temporary) =>
      assert.deepEqual((await call(fixture, temporary, 'DescribeInstances')).Error, WRONG_TOKEN);
    await refused({ ...one, token: '' });
    await refused({ ...one, token: two.token });
    await refused({ key: KEY, token: one.token });
    await refused({ ...one, token: 'x' });
    await refused({ ...one, token: 'not base64 at all!' });
    await refused({ ...one, token: 'A'.repeat(5000) });
    for (let i = 0; i < one.token.length; i += 7) {
      const changed = one.token[i] === 'A' ? 'B' : 'A';
      await refused({ ...one, token: one.token.slice(0, i) + changed + one.token.slice(i + 1) });
    }
    assert.equal((await call(fixture, one, 'DescribeInstances')).Error, undefined);
  });

  test('is asked for its token by every action, and answered by every one that may be called with it', async () => {
    await using fixture = await open();
    const { key, token } = await issue(fixture, KEY);
    for (const action of actions) {
      const { name, product, access, example } = action;
      const ask = async (sent: string) =>
        (await call(fixture, { key, token: sent }, name, example.input, { version: PRODUCT_VERSIONS[product] })).Error?.Code;
      assert.deepEqual([await ask(''), await ask(`${token}x`)], Array(2).fill('AuthFailure.TokenFailure'), name);
      const code = await ask(token);
      const isRefused = (product === 'cam' || product === 'sts') && access.kind === 'write';
      assert.equal(code === 'AuthFailure.UnauthorizedOperation', isRefused, `${name}: ${code}`);
      assert.doesNotMatch(code ?? '', /^AuthFailure\.(?!UnauthorizedOperation)|PermissionDenied|NoCAMAuthed/, name);
    }
  });

  test('needs its own secret', async () => {
    await using fixture = await open();
    const { key, token } = await issue(fixture, KEY);
    const answer = await call(fixture, { key: { ...key, secretKey: KEY.secretKey }, token }, 'DescribeInstances');
    assert.equal(answer.Error?.Code, 'AuthFailure.SignatureFailure');
  });

  test('expires to the second', async () => {
    await using fixture = await open();
    const temporary = await issue(fixture, KEY, toDocument({}), { DurationSeconds: 60 });
    fixture.clock.set(temporary.expiredTime * 1000 - 1);
    assert.equal((await call(fixture, temporary, 'DescribeInstances')).Error, undefined);
    fixture.clock.set(temporary.expiredTime * 1000);
    assert.deepEqual((await call(fixture, temporary, 'DescribeInstances')).Error, WRONG_TOKEN);
  });

  test('ends at once with the key or the user that made it', async () => {
    await using fixture = await open();
    const maker = await addUser(fixture, {});
    const temporary = await issue(fixture, maker.key);
    const now = async () => (await call(fixture, temporary, 'DescribeInstances')).Error?.Code ?? 'ok';
    const setStatus = (Status: string) =>
      callCam(fixture, 'UpdateAccessKey', { AccessKeyId: maker.key.secretId, Status, TargetUin: maker.uin });
    assert.equal(await now(), 'ok');
    await setStatus('Inactive');
    assert.equal(await now(), 'AuthFailure.TokenFailure');
    await setStatus('Active');
    assert.equal(await now(), 'ok');
    await callCam(fixture, 'DeleteUser', { Name: maker.name, Force: 1 });
    assert.equal(await now(), 'AuthFailure.TokenFailure');
  });

  test('loses at once what its user loses', async () => {
    await using fixture = await open();
    const maker = await addUser(fixture, {});
    const temporary = await issue(fixture, maker.key);
    await callCam(fixture, 'CreatePolicy', { PolicyName: 'stop', PolicyDocument: toDocument({ effect: 'deny', action: 'redis:*' }) });
    const { List } = (await callCam(fixture, 'ListPolicies', { Keyword: 'stop' })) as unknown as { List: Array<{ PolicyId: number }> };
    await callCam(fixture, 'AttachUserPolicy', { PolicyId: List[0]?.PolicyId, AttachUin: maker.uin });
    assert.equal(await backups(fixture, temporary), 'UnauthorizedOperation.NoCAMAuthed');
  });

  test('makes nothing that outlives it: no user, key, right or other temporary key', async () => {
    await using fixture = await open();
    const maker = await addUser(fixture, {});
    for (const temporary of [await issue(fixture, KEY), await issue(fixture, maker.key)]) {
      for (const [action, parameters, version] of [
        ['CreateAccessKey', { TargetUin: maker.uin }, CAM],
        ['AddUser', { Name: 'x' }, CAM],
        ['AttachUserPolicy', { PolicyId: 1, AttachUin: maker.uin }, CAM],
        ['GetFederationToken', { Name: 'x', Policy: toDocument({}) }, STS],
      ] as const) {
        const { Error: error } = await call(fixture, temporary, action, parameters, { version });
        assert.equal(error?.Code, 'AuthFailure.UnauthorizedOperation', action);
      }
      assert.equal((await call(fixture, temporary, 'ListUsers', {}, { version: CAM })).Error, undefined);
    }
  });

  test('changes tags only where its own policy and its maker’s both allow that on everything', async () => {
    await using fixture = await open();
    const Resource = `qcs::redis:ap-guangzhou:uin/:instance/${INSTANCE_ID}`;
    const outcome = async (key: Key, policy: string) => {
      const parameters = { Resource, ReplaceTags: [{ TagKey: 'team', TagValue: 'b' }] };
      const { Error: error } = await call(fixture, await issue(fixture, key, policy), 'ModifyResourceTags', parameters, { version: TAG });
      const kept = (await fixture.catalog.tags.ofInstances([INSTANCE_ID])).length;
      await fixture.catalog.tags.remove(INSTANCE_ID, 'team');
      return [error?.Code ?? 'ok', kept];
    };
    const tags = { action: 'tag:ModifyResourceTags' };
    const ofBackups = await addUser(fixture, { action: ['redis:*', 'sts:GetFederationToken'] });
    const refused = ['AuthFailure.UnauthorizedOperation', 0];
    assert.deepEqual(await outcome(KEY, toDocument(tags)), ['ok', 1]);
    assert.deepEqual(await outcome(KEY, toDocument({ action: 'redis:*' })), refused);
    assert.deepEqual(await outcome(KEY, toDocument({}, { effect: 'deny', ...tags })), refused);
    assert.deepEqual(await outcome(ofBackups.key, toDocument({})), refused);
    assert.deepEqual(await outcome((await addUser(fixture, {})).key, toDocument({})), ['ok', 1]);
  });
});
