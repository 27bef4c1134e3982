import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { type Answer, type ApiFixture, KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { signTc3Request, signV1Request } from '../../../test/harness/signed-request.ts';
import { knownProducts } from '../known-actions.ts';
import { actions } from '../registry.ts';

const require = createRequire(import.meta.url);

let fixture: ApiFixture;
let timestampS: number;
const facts: string[] = [];

before(async () => {
  fixture = await openApiFixture({ onRequest: ({ action, code }) => void facts.push(`${action} ${code}`) });
  timestampS = fixture.clock.now() / 1000;
});
after(() => fixture[Symbol.asyncDispose]());

describe('actions that are known and not built', () => {
  test('each of an official client is UnsupportedOperation, whatever else the request has', async () => {
    for (const { product, version } of knownProducts) {
      const path = `tencentcloud-sdk-nodejs/tencentcloud/services/${product}/v${version.replaceAll('-', '')}/${product}_client.js`;
      const { Client } = require(path) as { Client: { prototype: object } };
      const built = new Set<string>(actions.filter((action) => action.product === product).map(({ name }) => name));
      const unbuilt = Object.getOwnPropertyNames(Client.prototype).filter((name) => name !== 'constructor' && !built.has(name));
      assert.ok(unbuilt.length > 0);
      for (const name of unbuilt) {
        const answer = await fixture.call(name, { Whatever: 1 }, { version, region: 'ap-atlantis' });
        assert.deepEqual(answer.Error, {
          Code: 'UnsupportedOperation',
          Message: `The action \`${name}\` is known, but Redkeep does not offer it.`,
        });
      }
    }
  });

  test('an action that is not built is told only after authentication', async () => {
    const answer = await fixture.call('RenewInstance', {}, { key: { ...KEY, secretKey: 'wrong' } });
    assert.equal(answer.Error?.Code, 'AuthFailure.SignatureFailure');
    const v1 = await fixture.send(signV1Request({ key: KEY, timestampS, parameters: { Action: 'RenewInstance', Language: 'zh-CN' } }));
    assert.deepEqual(v1.Error, { Code: 'UnsupportedOperation', Message: '接口 `RenewInstance` 存在，但 Redkeep 不提供该接口。' });
  });

  test('are counted by their name, and what does not exist as unknown', async () => {
    facts.length = 0;
    await fixture.call('ModfiyInstancePassword');
    await fixture.call('ModifyInstancePasswords');
    assert.deepEqual(facts, ['ModfiyInstancePassword UnsupportedOperation', 'unknown InvalidAction']);
  });

  test('names are exact, and those of an object’s prototype are none', async () => {
    for (const name of [
      'describeslowlog',
      'DescribeInstance',
      'DescribeBackups',
      'toString',
      '__proto__',
      'constructor',
      'RenewInstance ',
    ]) {
      assert.equal((await fixture.call(name.trim() === name ? name : `x${name}`)).Error?.Code, 'InvalidAction', name);
    }
  });
});

describe('versions and products', () => {
  const ask = async (version: string, host: string) => (await fixture.call('DescribeInstances', {}, { version, host })).Error;

  test('a known action under a wrong version is NoSuchVersion', async () => {
    for (const version of ['2018-04-13', '2017-03-12', '2018-4-12', 'latest', '__proto__']) {
      assert.deepEqual(await ask(version, '127.0.0.1:9530'), {
        Code: 'NoSuchVersion',
        Message: 'The request `Version` is invalid or not found.',
      });
      assert.equal((await ask(version, 'redis.tencentcloudapi.com'))?.Code, 'NoSuchVersion');
      assert.equal((await ask(version, 'redis.ap-beijing.intl.tencentcloudapi.com'))?.Code, 'NoSuchVersion');
      assert.equal((await ask(version, 'tencentcloudapi.com'))?.Code, 'NoSuchVersion');
    }
  });

  test('an unknown version where the host names a product that is not served is NoSuchProduct', async () => {
    for (const host of ['cvm.tencentcloudapi.com', 'CVM.ap-guangzhou.tencentcloudapi.com', 'http://cvm.tencentcloudapi.com:80']) {
      assert.deepEqual(await ask('2017-03-12', host), { Code: 'NoSuchProduct', Message: 'The product `cvm` is not served here.' });
    }
  });

  test('a version that is served counts, whatever the host names', async () => {
    assert.equal(await ask('2018-04-12', 'cvm.tencentcloudapi.com'), undefined);
  });
});

describe('calls without a key', () => {
  const sts = { version: '2018-08-13', key: KEY };
  const tc3 = (action: string, authorization: string): Promise<Answer> => {
    const raw = signTc3Request({ ...sts, action, timestampS, headers: { authorization } });
    const { authorization: _, ...headers } = raw.headers;
    return fixture.send(authorization === '' ? { ...raw, headers } : raw);
  };
  const v1 = (action: string): Promise<Answer> => {
    const raw = signV1Request({ key: KEY, timestampS, parameters: { Action: action, Version: sts.version } });
    return fixture.send({ ...raw, query: raw.query.replace(/&(SecretId|Signature)=[^&]*/g, '') });
  };

  for (const action of ['AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity']) {
    test(`${action} needs no signature: SKIP, no Authorization and v1 without one come as far as the action`, async () => {
      for (const answer of [await tc3(action, 'SKIP'), await tc3(action, ''), await v1(action)]) {
        assert.equal(answer.Error?.Code, 'UnsupportedOperation');
      }
    });

    test(`${action} with a wrong signature is refused all the same`, async () => {
      const raw = signTc3Request({ ...sts, key: { ...KEY, secretKey: 'wrong' }, action, timestampS });
      assert.equal((await fixture.send(raw)).Error?.Code, 'AuthFailure.SignatureFailure');
      const half = signV1Request({ key: KEY, timestampS, parameters: { Action: action, Version: sts.version } });
      const answer = await fixture.send({ ...half, query: half.query.replace(/&Signature=[^&]*/, '') });
      assert.equal(answer.Error?.Message, 'The request is missing a required parameter `Signature`.');
    });
  }

  test('any action that is not called without a key must be signed: SKIP is refused', async () => {
    const message = (name: string) =>
      `The action \`${name}\` must be signed; \`Authorization: SKIP\` is only for actions that are called without a key.`;
    assert.deepEqual((await tc3('AssumeRole', 'SKIP')).Error, { Code: 'AuthFailure.InvalidAuthorization', Message: message('AssumeRole') });
    const redis = await fixture.call('DescribeInstances', {}, { headers: { authorization: 'SKIP' } });
    assert.deepEqual(redis.Error, { Code: 'AuthFailure.InvalidAuthorization', Message: message('DescribeInstances') });
    assert.equal((await tc3('AssumeRole', '')).Error?.Code, 'MissingParameter');
    assert.equal((await v1('AssumeRole')).Error?.Message, 'The request is missing a required parameter `SecretId`.');
    // The name alone does not open it: the version has to be that of sts.
    const borrowed = await fixture.call('AssumeRoleWithSAML', {}, { headers: { authorization: 'SKIP' } });
    assert.equal(borrowed.Error?.Code, 'InvalidAction');
  });
});
