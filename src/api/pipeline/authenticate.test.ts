import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ApiFixture, findCredential, KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { type SignOptions, signTc3Request, signV1Request, type V1Options } from '../../../test/harness/signed-request.ts';
import { UNSIGNED_PAYLOAD_HASH } from '../auth/tc3.ts';
import { dotted } from '../auth/v1.ts';

let fixture: ApiFixture;
let timestampS: number;

before(async () => {
  fixture = await openApiFixture();
  timestampS = fixture.clock.now() / 1000;
});
after(() => fixture[Symbol.asyncDispose]());

const SIGNATURE_MESSAGE = 'The provided credentials could not be validated. Please check your signature is correct.';

async function tc3(options: Partial<SignOptions> = {}): Promise<string> {
  const answer = await fixture.send(signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, ...options }));
  return answer.Error === undefined ? 'ok' : `${answer.Error.Code}: ${answer.Error.Message}`;
}

async function v1(options: Partial<V1Options> = {}): Promise<string> {
  const parameters = { Action: 'DescribeInstances', ...options.parameters };
  const answer = await fixture.send(signV1Request({ key: KEY, timestampS, ...options, parameters }));
  return answer.Error === undefined ? 'ok' : `${answer.Error.Code}: ${answer.Error.Message}`;
}

describe('TC3', () => {
  test('accepts POST with JSON and GET with a query, unsorted as Java sends it', async () => {
    assert.equal(await tc3(), 'ok');
    assert.equal(await tc3({ body: '{ "Offset":0,\n"Limit": 5 }' }), 'ok');
    assert.equal(await tc3({ contentType: 'application/json; charset=utf-8' }), 'ok');
    assert.equal(await tc3({ method: 'GET', query: 'SearchKey=a+b%2Ac*%7E&Limit=5' }), 'ok');
  });

  test('accepts the host with and without its port, lower-cased, and as a whole URL', async () => {
    assert.equal(await tc3({ host: '127.0.0.1:9530' }), 'ok');
    assert.equal(await tc3({ host: '127.0.0.1:9530', signedHost: '127.0.0.1', service: '127' }), 'ok');
    assert.equal(await tc3({ host: '[::1]:8080', signedHost: '[::1]' }), 'ok');
    assert.equal(await tc3({ host: 'LocalHost:80', signedHost: 'localhost' }), 'ok');
    assert.equal(await tc3({ host: 'http://tc.example.test:8080' }), 'ok');
    assert.equal(await tc3({ host: '127.0.0.1:9530', signedHost: '127.0.0.1:9531' }), `AuthFailure.SignatureFailure: ${SIGNATURE_MESSAGE}`);
  });

  test('accepts x-tc-action signed as sent and lower-cased, beside a content type that is not', async () => {
    const signedHeaders = 'content-type;host;x-tc-action';
    assert.equal(await tc3({ signedHeaders }), 'ok');
    const signedValues = { 'x-tc-action': 'describeinstances' };
    assert.equal(await tc3({ signedHeaders, signedValues }), 'ok');
    assert.equal(await tc3({ signedHeaders, signedValues, contentType: 'application/json; charset=UTF-8' }), 'ok');
    const allLower = { 'x-tc-action': 'describeinstances', 'content-type': 'application/json; charset=utf-8' };
    assert.equal(await tc3({ signedHeaders, signedValues: allLower, contentType: 'application/json; charset=UTF-8' }), 'ok');
    const other = await tc3({ signedHeaders, signedValues: { 'x-tc-action': 'describetaskinfo' } });
    assert.equal(other, `AuthFailure.SignatureFailure: ${SIGNATURE_MESSAGE}`);
  });

  test('accepts any further signed header and refuses one that was changed', async () => {
    const signedHeaders = 'content-type;host;x-tc-timestamp;x-tc-version';
    assert.equal(await tc3({ signedHeaders }), 'ok');
    assert.match(await tc3({ signedHeaders, signedValues: { 'x-tc-version': '2017-01-01' } }), /^AuthFailure\.SignatureFailure/);
  });

  test('takes the service of the scope as sent', async () => {
    for (const service of ['redis', 'localhost:18080', '127', 'cvm']) {
      assert.equal(await tc3({ service }), 'ok');
    }
  });

  test('signs / or the path of the request', async () => {
    assert.equal(await tc3({ path: '/proxy/redis' }), 'ok');
    assert.equal(await tc3({ path: '/proxy/redis', signedPath: '/proxy/redis' }), 'ok');
    assert.match(await tc3({ path: '/', signedPath: '/proxy' }), /^AuthFailure\.SignatureFailure/);
  });

  test('accepts UNSIGNED-PAYLOAD by its hash, only where the header says so', async () => {
    const unsigned = { payloadHash: UNSIGNED_PAYLOAD_HASH, body: '{"Limit":3}' };
    assert.equal(await tc3({ ...unsigned, headers: { 'x-tc-content-sha256': 'UNSIGNED-PAYLOAD' } }), 'ok');
    assert.match(await tc3(unsigned), /^AuthFailure\.SignatureFailure/);
  });

  test('refuses a body that was changed after signing', async () => {
    const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, body: '{"Limit":1}' });
    const answer = await fixture.send({ ...raw, body: Buffer.from('{"Limit":2}') });
    assert.deepEqual(answer.Error, { Code: 'AuthFailure.SignatureFailure', Message: SIGNATURE_MESSAGE });
  });

  test('refuses a wrong secret and an unknown key, each with its own code', async () => {
    assert.equal(await tc3({ key: { ...KEY, secretKey: 'wrong' } }), `AuthFailure.SignatureFailure: ${SIGNATURE_MESSAGE}`);
    assert.equal(
      await tc3({ key: { secretId: 'AKIDnobody', secretKey: 'x' } }),
      'AuthFailure.SecretIdNotFound: The SecretId is not found, please ensure that your SecretId is correct.',
    );
  });

  test('refuses a malformed Authorization and one that leaves content-type or host unsigned', async () => {
    for (const authorization of ['Bearer x', 'TC3-HMAC-SHA256 Credential=AKIDroot', 'SKIP']) {
      assert.match(await tc3({ headers: { authorization } }), /^AuthFailure\.InvalidAuthorization: /);
    }
    assert.match(await tc3({ signedHeaders: 'host' }), /^AuthFailure\.InvalidAuthorization: /);
    assert.match(await tc3({ signedHeaders: 'content-type' }), /^AuthFailure\.InvalidAuthorization: /);
  });

  test('refuses SignedHeaders that repeat a name or have more than 20, before anything is hashed', async () => {
    const numbered = (count: number) => Array.from({ length: count }, (_, i) => `;x-${i}`).join('');
    assert.equal(await tc3({ signedHeaders: `content-type;host${numbered(18)}` }), 'ok');
    assert.match(await tc3({ signedHeaders: `content-type;host${numbered(19)}` }), /^AuthFailure\.InvalidAuthorization: .*at most 20/);
    assert.match(await tc3({ signedHeaders: 'content-type;host;host' }), /^AuthFailure\.InvalidAuthorization: /);
    // 5,000 times a header of 30 KB would be 150 MB of text for each way to sign.
    const headers = { 'x-long': 'A'.repeat(30_000) };
    assert.match(
      await tc3({ headers, signedHeaders: `content-type;host${';x-long'.repeat(5_000)}` }),
      /^AuthFailure\.InvalidAuthorization: /,
    );
  });

  test('refuses a scope of another day than the timestamp', async () => {
    const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS });
    const headers = { ...raw.headers, authorization: raw.headers.authorization?.replace('2026-11-24', '2026-11-23') };
    assert.equal((await fixture.send({ ...raw, headers })).Error?.Code, 'AuthFailure.SignatureFailure');
  });

  test('accepts a timestamp of five minutes and rejects one a second older or newer', async () => {
    const expired = 'AuthFailure.SignatureExpire: The signature is expired, please request again.';
    assert.equal(await tc3({ timestampS: timestampS - 300 }), 'ok');
    assert.equal(await tc3({ timestampS: timestampS + 300 }), 'ok');
    assert.equal(await tc3({ timestampS: timestampS - 301 }), expired);
    assert.equal(await tc3({ timestampS: timestampS + 301 }), expired);
  });

  test('tells a wrong signature before a wrong clock', async () => {
    assert.match(await tc3({ timestampS: 1, key: { ...KEY, secretKey: 'wrong' } }), /^AuthFailure\.SignatureFailure/);
  });

  test('accepts the identical request again, as Go re-sends it', async () => {
    const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS });
    assert.equal((await fixture.send(raw)).Error, undefined);
    assert.equal((await fixture.send(raw)).Error, undefined);
  });
});

describe('v1', () => {
  for (const signatureMethod of [undefined, 'HmacSHA1', 'HmacSHA256'] as const) {
    for (const method of ['GET', 'POST'] as const) {
      test(`${method} with SignatureMethod ${signatureMethod ?? 'absent'}`, async () => {
        assert.equal(await v1({ method, ...(signatureMethod === undefined ? {} : { signatureMethod }) }), 'ok');
      });
    }
  }

  test('signs decoded values: plus is a space', async () => {
    assert.equal(await v1({ parameters: { SearchKey: 'a b+c&d=订单' } }), 'ok');
  });

  test('accepts the host with and without its port and the path sent', async () => {
    assert.equal(await v1({ host: '127.0.0.1:9530' }), 'ok');
    assert.equal(await v1({ host: '127.0.0.1:9530', signedHost: '127.0.0.1' }), 'ok');
    assert.equal(await v1({ path: '/x', signedPath: '/x' }), 'ok');
    assert.equal(await v1({ path: '/x' }), 'ok');
  });

  test('accepts names signed with dots for underscores', async () => {
    const name = 'Search_Key';
    const answer = await fixture.send(
      signV1Request({ key: KEY, timestampS, rename: dotted, parameters: { Action: 'DescribeInstances', [name]: 'x' } }),
    );
    assert.deepEqual(answer.Error, { Code: 'UnknownParameter', Message: 'The parameter `Search_Key` is not recognized.' });
  });

  test('signs an empty Region as such, and then misses it', async () => {
    assert.equal(await v1({ parameters: { Region: '' } }), 'MissingParameter: The request is missing a required parameter `Region`.');
  });

  test('refuses any other signature method', async () => {
    assert.equal(
      await v1({ parameters: { SignatureMethod: 'HmacMD5' } }),
      'InvalidParameterValue: The value `HmacMD5` specified in the parameter `SignatureMethod` is not valid',
    );
  });

  test('refuses a wrong secret, an unknown key, a changed parameter and an old timestamp', async () => {
    assert.equal(await v1({ key: { ...KEY, secretKey: 'wrong' } }), `AuthFailure.SignatureFailure: ${SIGNATURE_MESSAGE}`);
    assert.match(await v1({ key: { secretId: 'AKIDnobody', secretKey: 'x' } }), /^AuthFailure\.SecretIdNotFound/);
    assert.match(await v1({ timestampS: timestampS - 301 }), /^AuthFailure\.SignatureExpire/);
    const raw = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances', Limit: '1' } });
    const answer = await fixture.send({ ...raw, query: raw.query.replace('Limit=1', 'Limit=2') });
    assert.equal(answer.Error?.Code, 'AuthFailure.SignatureFailure');
  });
});

test('a credential may come from a store that answers later', async () => {
  await using slow = await openApiFixture({ credentials: async (secretId) => findCredential(secretId) });
  assert.equal((await slow.call('DescribeInstances')).Error, undefined);
  assert.equal(
    (await slow.call('DescribeInstances', {}, { key: { secretId: 'x', secretKey: 'y' } })).Error?.Code,
    'AuthFailure.SecretIdNotFound',
  );
});

test('a key whose secret was changed no longer opens with the old one', async () => {
  let secretKey = 'first';
  await using changing = await openApiFixture({ credentials: () => ({ secretKey, accountId: '1', uin: '1' }) });
  const old = { secretId: 'AKIDx', secretKey: 'first' };
  assert.equal((await changing.call('DescribeInstances', {}, { key: old })).Error, undefined);
  secretKey = 'second';
  assert.equal((await changing.call('DescribeInstances', {}, { key: old })).Error?.Code, 'AuthFailure.SignatureFailure');
  assert.equal((await changing.call('DescribeInstances', {}, { key: { secretId: 'AKIDx', secretKey } })).Error, undefined);
});
