import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, type ApiFixture, KEY, OTHER_KEY, openApiFixture, SUB_KEY } from '../../../test/harness/api-fixture.ts';
import { signV1Request } from '../../../test/harness/signed-request.ts';
import { PRODUCT_VERSIONS } from '../versions.ts';

describe('region', () => {
  async function ask(fixture: ApiFixture, region: string | undefined, host = '127.0.0.1:9530'): Promise<string> {
    const answer = await fixture.call('DescribeInstances', {}, { region, host });
    return answer.Error === undefined ? 'ok' : `${answer.Error.Code}: ${answer.Error.Message}`;
  }

  test('absent: MissingParameter, by header or parameter', async () => {
    await using fixture = await openApiFixture();
    assert.equal(
      await ask(fixture, undefined),
      'MissingParameter: The request header is missing a required common parameter `X-TC-Region`.',
    );
  });

  test('unknown, or the literal null of the intl Node SDK: InvalidParameterValue', async () => {
    await using fixture = await openApiFixture();
    const message = 'A value specified in `X-TC-Region` is not valid, is unsupported, or cannot be used.';
    for (const region of ['null', 'ap-atlantis', 'AP-GUANGZHOU']) {
      assert.equal(await ask(fixture, region), `InvalidParameterValue: ${message}`);
    }
    const timestampS = fixture.clock.now() / 1000;
    const v1 = await fixture.send(signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances', Region: 'x' } }));
    assert.deepEqual(v1.Error, { Code: 'InvalidParameterValue', Message: message.replace('X-TC-Region', 'Region') });
  });

  test('a finance region must be named by the host, and a finance host serves no other', async () => {
    await using fixture = await openApiFixture();
    const unsupported = 'UnsupportedRegion: The action not support this region.';
    const cases: Array<[region: string, host: string, expected: string]> = [
      ['ap-shanghai-fsi', 'redis.ap-shanghai-fsi.tencentcloudapi.com', 'ok'],
      ['ap-shanghai-fsi', 'https://redis.ap-shanghai-fsi.tencentcloudapi.com:443', 'ok'],
      ['ap-shanghai-fsi', 'REDIS.ap-shanghai-fsi.TencentCloudAPI.com', 'ok'],
      ['ap-shanghai-fsi', 'redis.tencentcloudapi.com', unsupported],
      ['ap-shanghai-fsi', 'redis.ap-shanghai.tencentcloudapi.com', unsupported],
      ['ap-shanghai-fsi', 'redis.ap-shenzhen-fsi.tencentcloudapi.com', unsupported],
      ['ap-guangzhou', 'redis.ap-shanghai-fsi.tencentcloudapi.com', unsupported],
      ['ap-guangzhou', 'redis.tencentcloudapi.com', 'ok'],
      ['ap-guangzhou', 'redis.ap-beijing.tencentcloudapi.com', 'ok'],
      ['ap-guangzhou', 'redis.intl.tencentcloudapi.com', 'ok'],
      ['ap-shanghai-fsi', 'redis.intl.tencentcloudapi.com', unsupported],
      ['ap-shanghai-fsi', 'redis.ap-shanghai-fsi.internal.tencentcloudapi.com', 'ok'],
      ['ap-shanghai-fsi', '127.0.0.1:9530', 'ok'],
      ['ap-shanghai-fsi', 'localhost', 'ok'],
      ['ap-shanghai-fsi', 'redis.tencentcloudapi.com.evil.example', 'ok'],
    ];
    for (const [region, host, expected] of cases) {
      assert.equal(await ask(fixture, region, host), expected, `${region} at ${host}`);
    }
  });

  test('the roots can be changed', async () => {
    await using fixture = await openApiFixture({ roots: ['Example.Test'] });
    assert.match(await ask(fixture, 'ap-shanghai-fsi', 'redis.example.test'), /^UnsupportedRegion/);
    assert.equal(await ask(fixture, 'ap-shanghai-fsi', 'redis.ap-shanghai-fsi.example.test'), 'ok');
    assert.equal(await ask(fixture, 'ap-shanghai-fsi', 'redis.tencentcloudapi.com'), 'ok');
  });
});

describe('rate limit', () => {
  const MESSAGE =
    'Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second. Please reduce the frequency of calls.';

  test('of 200 requests in one second exactly 20 pass, and 20 more in the next', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    for (let second = 0; second < 2; second++) {
      fixture.clock.set(fixture.clock.now() + 1000);
      const answers = await Promise.all(Array.from({ length: 200 }, () => fixture.call('DescribeInstances')));
      const refused = answers.filter((answer) => answer.Error !== undefined);
      assert.equal(refused.length, 180);
      assert.deepEqual(refused[0]?.Error, { Code: 'RequestLimitExceeded', Message: MESSAGE });
    }
  });

  test('counts each action, access region and user apart', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    const use = (action: string, options: object = {}) =>
      Promise.all(Array.from({ length: 20 }, () => fixture.call(action, action === 'DescribeTaskInfo' ? { TaskId: 1 } : {}, options)));
    await use('DescribeInstances');
    assert.equal((await fixture.call('DescribeInstances')).Error?.Code, 'RequestLimitExceeded');
    assert.equal((await fixture.call('DescribeTaskInfo', { TaskId: 1 })).Error?.Code, 'InvalidParameter.InvalidParameter');
    assert.equal((await fixture.call('DescribeInstances', {}, { region: 'ap-beijing' })).Error, undefined);
    assert.equal((await fixture.call('DescribeInstances', {}, { key: OTHER_KEY })).Error, undefined);
    assert.equal((await fixture.call('DescribeInstances', {}, { key: SUB_KEY })).Error?.Code, 'InvalidParameter.PermissionDenied');
    // The host names the access region, whatever Region says.
    const host = 'redis.ap-beijing.tencentcloudapi.com';
    await use('DescribeInstances', { host });
    assert.equal((await fixture.call('DescribeInstances', {}, { host, region: 'ap-shanghai' })).Error?.Code, 'RequestLimitExceeded');
  });

  test('an action that needs no region has one counter, whatever region its caller names', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    const ask = async (region: string | undefined, host?: string) =>
      (
        await fixture.call(
          'GetUser',
          { Name: 'nobody' },
          { version: PRODUCT_VERSIONS.cam, region, ...(host === undefined ? {} : { host }) },
        )
      ).Error?.Code;
    const places = [[undefined], ['ap-guangzhou'], ['ap-beijing'], ['ap-guangzhou', 'cam.ap-shanghai.tencentcloudapi.com']] as const;
    for (let i = 0; i < 20; i++) {
      const [region, host] = places[i % places.length] ?? [undefined];
      assert.equal(await ask(region, host), 'ResourceNotFound.UserNotExist');
    }
    for (const [region, host] of places) {
      assert.equal(await ask(region, host), 'RequestLimitExceeded');
    }
  });

  test('forged requests do not use up the quota', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    for (let i = 0; i < 30; i++) {
      const answer = await fixture.call('DescribeInstances', {}, { key: { ...KEY, secretKey: 'forged' } });
      assert.equal(answer.Error?.Code, 'AuthFailure.SignatureFailure');
    }
    assert.equal((await fixture.call('DescribeInstances')).Error, undefined);
  });
});

describe('faults', () => {
  test('a catalog that fails is InternalError.DbOperationFailed, told to the log and not to the caller', async () => {
    const logged: object[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void logged.push(fields) };
    await using fixture = await openApiFixture({ log });
    await fixture.catalog.close();
    const answer = await fixture.call('DescribeInstances');
    assert.deepEqual(answer.Error, {
      Code: 'InternalError.DbOperationFailed',
      Message: 'The database operation failed. Please try again later.',
    });
    assert.equal(logged.length, 1);
    assert.equal((logged[0] as { requestId: string }).requestId, answer.RequestId);
  });

  test('any other fault is InternalError.InternalError without its text', async () => {
    const logged: object[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void logged.push(fields) };
    await using fixture = await openApiFixture({
      log,
      credentials: () => {
        throw new TypeError('secret internals');
      },
    });
    const answer = await fixture.call('DescribeInstances');
    assert.deepEqual(answer.Error, {
      Code: 'InternalError.InternalError',
      Message: 'An internal error has occurred. Please try again later.',
    });
    assert.match(JSON.stringify(logged), /secret internals/);
  });
});

test('each answered request is reported once, by action and code, and a failing observer changes nothing', async () => {
  const facts: string[] = [];
  await using fixture = await openApiFixture({
    onRequest: ({ action, code, durationMs }) => {
      assert.ok(durationMs >= 0);
      facts.push(`${action} ${code}`);
      throw new Error('observer');
    },
  });
  assert.equal((await fixture.call('DescribeInstances')).Error, undefined);
  await fixture.call('DescribeInstances', { Nope: 1 });
  await fixture.call('WhateverACallerLikes');
  assert.deepEqual(facts, ['DescribeInstances ok', 'DescribeInstances UnknownParameter', 'unknown InvalidAction']);
});

test('the root account is known by its uin', async () => {
  await using fixture = await openApiFixture({ credentials: () => ({ secretKey: KEY.secretKey, accountId: '', uin: '' }) });
  assert.equal((await fixture.call('DescribeInstances')).Error?.Code, 'InvalidParameter.PermissionDenied');
  assert.notEqual(ACCOUNT, '');
});
