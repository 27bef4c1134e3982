import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { ClientProfile } from 'tencentcloud-sdk-nodejs/tencentcloud/common/interface.js';
import type { Client as CamSdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/cam/v20190116/cam_client.js';
import type { Client as RedisSdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js';
import type { Client as StsSdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/sts/v20180813/sts_client.js';
import { INSTANCE_ID, KEY } from '../harness/api-fixture.ts';
import { type LiveApi, openLiveApi } from '../harness/live-api.ts';

const require = createRequire(import.meta.url);
const SERVICES = 'tencentcloud-sdk-nodejs/tencentcloud/services';
const cam = require(`${SERVICES}/cam/v20190116/cam_client.js`) as { Client: typeof CamSdkClient };
const sts = require(`${SERVICES}/sts/v20180813/sts_client.js`) as { Client: typeof StsSdkClient };
const redis = require(`${SERVICES}/redis/v20180412/redis_client.js`) as { Client: typeof RedisSdkClient };

let live: LiveApi;
before(async () => {
  live = await openLiveApi();
});
after(() => live[Symbol.asyncDispose]());

type Credential = { secretId: string; secretKey: string; token?: string };

/** Products cam and sts are called without a region, as their pages say. */
function settings(credential: Credential, signMethod?: NonNullable<ClientProfile['signMethod']>) {
  const httpProfile = { endpoint: `127.0.0.1:${live.port}`, protocol: 'http://' };
  return { credential, profile: { ...(signMethod === undefined ? {} : { signMethod }), httpProfile } };
}

function camClient(credential: Credential = KEY, signMethod?: NonNullable<ClientProfile['signMethod']>) {
  return new cam.Client(settings(credential, signMethod));
}

function redisClient(credential: Credential, signMethod?: NonNullable<ClientProfile['signMethod']>) {
  return new redis.Client({ ...settings(credential, signMethod), region: 'ap-guangzhou' });
}

function documentOf(...statement: object[]): string {
  return JSON.stringify({ version: '2.0', statement });
}

describe('Node SDK, product cam', () => {
  test('makes a user, its keys and its rights, and takes them away again', async () => {
    const root = camClient();
    const user = await root.AddUser({ Name: 'sdk-user', Remark: '<订单 & co>', UseApi: 1 });
    assert.deepEqual([user.Name, typeof user.Uin, typeof user.Uid], ['sdk-user', 'number', 'number']);
    const uin = user.Uin ?? 0;
    const own = { secretId: user.SecretId ?? '', secretKey: user.SecretKey ?? '' };
    const asUser = () => redisClient(own).DescribeInstanceBackups({ InstanceId: INSTANCE_ID });
    await assert.rejects(asUser(), { code: 'InvalidParameter.PermissionDenied' });

    assert.equal((await root.GetUser({ Name: 'sdk-user' })).Remark, '<订单 & co>');
    await root.UpdateUser({ Name: 'sdk-user', Remark: 'changed', ConsoleLogin: 0 });
    // The SDK declares requests without members as null, and sends none.
    const { Data = [] } = await root.ListUsers(null);
    assert.equal(Data.find((one) => one.Uin === uin)?.Remark, 'changed');

    const PolicyDocument = documentOf({
      effect: 'allow',
      action: ['name/redis:Describe*'],
      resource: [`qcs::redis:gz::instance/${INSTANCE_ID}`],
      condition: { ip_equal: { 'qcs:ip': ['127.0.0.0/8'] } },
    });
    const { PolicyId = 0 } = await root.CreatePolicy({ PolicyName: 'sdk-policy', PolicyDocument, Description: 'of the test' });
    await root.AttachUserPolicy({ PolicyId, AttachUin: uin });
    assert.equal((await asUser()).TotalCount, 2);
    await assert.rejects(redisClient(own).DescribeInstanceBackups({ InstanceId: 'crs-00000000' }), {
      code: 'UnauthorizedOperation.NoCAMAuthed',
    });

    assert.equal((await root.GetPolicy({ PolicyId })).PolicyDocument, PolicyDocument);
    assert.equal((await root.ListPolicies({ Scope: 'Local', Keyword: 'SDK-' })).List?.[0]?.Attachments, 1);
    assert.equal((await root.ListAttachedUserPolicies({ TargetUin: uin })).List?.[0]?.PolicyId, PolicyId);
    const all = await root.ListAttachedUserAllPolicies({ TargetUin: uin, Rp: 20, Page: 1, AttachType: 0 });
    assert.equal(all.PolicyList?.[0]?.PolicyId, String(PolicyId));
    assert.equal((await root.ListEntitiesForPolicy({ PolicyId })).List?.[0]?.Name, 'sdk-user');

    await root.UpdatePolicy({ PolicyId, PolicyDocument: documentOf({ effect: 'deny', action: '*', resource: '*' }) });
    await assert.rejects(asUser(), { code: 'UnauthorizedOperation.NoCAMAuthed' });
    await root.DetachUserPolicy({ PolicyId, DetachUin: uin });
    await root.DeletePolicy({ PolicyId: [PolicyId] });
    await assert.rejects(root.GetPolicy({ PolicyId }), { code: 'ResourceNotFound.PolicyIdNotFound' });

    const { AccessKey } = await root.CreateAccessKey({ TargetUin: uin, Description: 'second' });
    const second = { secretId: AccessKey?.AccessKeyId ?? '', secretKey: AccessKey?.SecretAccessKey ?? '' };
    await assert.rejects(root.CreateAccessKey({ TargetUin: uin }), { code: 'OperationDenied.AccessKeyOverLimit' });
    assert.equal((await root.ListAccessKeys({ TargetUin: uin })).AccessKeys?.length, 2);
    await root.UpdateAccessKey({ AccessKeyId: second.secretId, Status: 'Inactive', TargetUin: uin });
    await assert.rejects(redisClient(second).DescribeInstances({}), { code: 'AuthFailure.SecretIdNotFound' });
    await root.DeleteAccessKey({ AccessKeyId: second.secretId, TargetUin: uin });
    await assert.rejects(root.DeleteUser({ Name: 'sdk-user' }), { code: 'OperationDenied.HaveKeys' });
    await root.DeleteUser({ Name: 'sdk-user', Force: 1 });
    await assert.rejects(asUser(), { code: 'AuthFailure.SecretIdNotFound' });
  });

  for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA1', 'HmacSHA256'] as const) {
    test(`calls with ${signMethod}`, async () => {
      const { TotalNum, List } = await camClient(KEY, signMethod).ListPolicies({ Scope: 'QCS', Rp: 2, Page: 2 });
      assert.deepEqual([TotalNum, List?.map((policy) => policy.PolicyName)], [4, ['QcloudRedisFullAccess', 'QcloudRedisReadOnlyAccess']]);
    });
  }

  test('is told what is wrong with a policy', async () => {
    const PolicyDocument = documentOf({ effect: 'allow', action: 'redis:*', resource: '*', condition: { ip_equals: { 'qcs:ip': '::1' } } });
    await assert.rejects(camClient().CreatePolicy({ PolicyName: 'x', PolicyDocument }), (error: unknown) => {
      const { code, message } = error as { code: string; message: string };
      assert.equal(code, 'InvalidParameter.ConditionTypeError');
      assert.match(message, /^statement 1: condition "ip_equals": the operator is not known; operators are ip_equal, /);
      return true;
    });
  });
});

describe('Node SDK, product sts', () => {
  const stsClient = (credential: Credential = KEY) => new sts.Client(settings(credential));

  test('tells who calls', async () => {
    const identity = await stsClient().GetCallerIdentity(null);
    assert.deepEqual([identity.AccountId, identity.Type], ['100000000001', 'CAMUser']);
  });

  for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA1', 'HmacSHA256'] as const) {
    test(`a temporary key works in the redis client with ${signMethod}, within its policy`, async () => {
      const Policy = encodeURIComponent(documentOf({ effect: 'allow', action: 'redis:Describe*', resource: '*' }));
      const {
        Credentials,
        ExpiredTime = 0,
        Expiration,
      } = await stsClient().GetFederationToken({ Name: 'sdk', Policy, DurationSeconds: 60 });
      assert.equal(new Date(Expiration ?? '').getTime(), ExpiredTime * 1000);
      const temporary = {
        secretId: Credentials?.TmpSecretId ?? '',
        secretKey: Credentials?.TmpSecretKey ?? '',
        token: Credentials?.Token ?? '',
      };
      const client = redisClient(temporary, signMethod);
      assert.equal((await client.DescribeInstanceBackups({ InstanceId: INSTANCE_ID })).TotalCount, 2);
      await assert.rejects(client.ManualBackupInstance({ InstanceId: INSTANCE_ID }), { code: 'InvalidParameter.PermissionDenied' });
      const { token: _, ...bare } = temporary;
      await assert.rejects(redisClient(bare, signMethod).DescribeInstances({}), { code: 'AuthFailure.TokenFailure' });
      await assert.rejects(redisClient({ ...KEY, token: temporary.token }, signMethod).DescribeInstances({}), {
        code: 'AuthFailure.TokenFailure',
      });
      assert.equal((await stsClient(temporary).GetCallerIdentity(null)).UserId, '100000000001:sdk');
    });
  }
});
