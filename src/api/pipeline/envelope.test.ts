import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Answer, type ApiFixture, insertExample, KEY, openApiFixture, SUB_KEY } from '../../../test/harness/api-fixture.ts';
import { type SignOptions, signTc3Request, signV1Request } from '../../../test/harness/signed-request.ts';
import { hashPayload } from '../auth/tc3.ts';
import type { RawRequest } from '../http-message.ts';

let fixture: ApiFixture;
let timestampS: number;

before(async () => {
  fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  timestampS = fixture.clock.now() / 1000;
});
after(() => fixture[Symbol.asyncDispose]());

const EMPTY: RawRequest = { method: 'GET', path: '/', query: '', headers: {}, body: Buffer.alloc(0), isOversize: false };

function assertError(answer: Answer, code: string, message: string): void {
  assert.deepEqual(answer.Error, { Code: code, Message: message });
}

describe('common parameters', () => {
  test('a bare request misses Action', async () => {
    assertError(await fixture.send(EMPTY), 'MissingParameter', 'The request is missing a required parameter `Action`.');
  });

  test('a JSON request without X-TC-Action misses the header', async () => {
    const raw = { ...EMPTY, method: 'POST', headers: { 'content-type': 'application/json' } };
    assertError(await fixture.send(raw), 'MissingParameter', 'The request header is missing a required common parameter `X-TC-Action`.');
  });

  for (const header of ['X-TC-Version', 'X-TC-Timestamp', 'Authorization']) {
    test(`TC3 misses ${header}`, async () => {
      const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS });
      const headers = { ...raw.headers };
      delete headers[header.toLowerCase()];
      const message = `The request header is missing a required common parameter \`${header}\`.`;
      assertError(await fixture.send({ ...raw, headers }), 'MissingParameter', message);
    });
  }

  for (const name of ['Version', 'Timestamp', 'Nonce', 'SecretId', 'Signature']) {
    test(`v1 misses ${name}`, async () => {
      const raw = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances' } });
      const query = raw.query.replace(new RegExp(`(^|&)${name}=[^&]*`), '');
      assertError(await fixture.send({ ...raw, query }), 'MissingParameter', `The request is missing a required parameter \`${name}\`.`);
    });
  }

  test('a timestamp or nonce that is no integer is a type error', async () => {
    const tc3 = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, headers: { 'x-tc-timestamp': '2026-11-24' } });
    assertError(await fixture.send(tc3), 'InvalidParameter', 'Parameter `X-TC-Timestamp` type error.');
    for (const [name, value] of [
      ['Timestamp', '1.5'],
      ['Nonce', 'abc'],
      ['Nonce', '1.0'],
      ['Nonce', '--1'],
      ['Nonce', '-'],
      ['Nonce', '9223372036854775808'],
      ['Nonce', '-9223372036854775809'],
    ] as const) {
      const v1 = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances', [name]: value } });
      assertError(await fixture.send(v1), 'InvalidParameter', `Parameter \`${name}\` type error.`);
    }
  });

  test('a nonce is any integer of 64 bits with a sign, accepted as it is', async () => {
    for (const Nonce of ['9223372036854775807', '0', '-1', '-9223372036854775808']) {
      const answer = await fixture.send(signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances', Nonce } }));
      assert.equal(answer.Error, undefined);
    }
  });

  test('a parameter given twice is refused', async () => {
    const raw = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances' } });
    assertError(
      await fixture.send({ ...raw, query: `${raw.query}&Limit=1&Limit=2` }),
      'InvalidParameter',
      'Parameter `Limit` is given more than once.',
    );
  });

  test('more than 5000 parameters are refused', async () => {
    const raw = signV1Request({ key: KEY, timestampS, method: 'POST', parameters: { Action: 'DescribeInstances' } });
    const body = Buffer.from(Array.from({ length: 6000 }, (_, i) => `Status.${i}=2`).join('&'));
    assertError(await fixture.send({ ...raw, body }), 'InvalidParameter', 'The request has more than 5000 parameters.');
  });
});

describe('routing', () => {
  test('a v1 request is one although something put an Authorization header on it', async () => {
    const raw = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances' } });
    const answer = await fixture.send({ ...raw, headers: { ...raw.headers, authorization: 'Basic eA==' } });
    assert.equal(answer.Error, undefined);
  });

  test('a TC3 request that lost its action misses the header, not the parameter', async () => {
    const { headers, ...raw } = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, method: 'GET' });
    const { 'x-tc-action': _, ...rest } = headers;
    const message = 'The request header is missing a required common parameter `X-TC-Action`.';
    assertError(await fixture.send({ ...raw, headers: rest }), 'MissingParameter', message);
  });
});

test('what only informs is accepted in both forms: client, user, language, trace', async () => {
  const headers = { 'x-tc-requestclient': 'SDK_PYTHON_3.1.162; _CLI_3.1.155.1', 'x-qcloud-user-id': '1', 'x-tc-language': 'zh-CN' };
  assert.equal((await fixture.call('DescribeInstances', {}, { headers })).Error, undefined);
  const parameters = { Action: 'DescribeInstances', RequestClient: 'SDK_NODEJS_INTL_EN3.0.1335', Language: 'en-US' };
  assert.equal((await fixture.send(signV1Request({ key: KEY, timestampS, parameters }))).Error, undefined);
});

test('checks come in their order: mend one fault after the other', async () => {
  const faults = {
    method: 'POST',
    action: 'DescribeInstance',
    version: '2017-03-12',
    key: { secretId: 'AKIDnobody', secretKey: 'wrong' },
    timestampS: timestampS - 1000,
    region: 'ap-atlantis',
    host: '127.0.0.1',
    body: '{"InstanceId":5,"Limit":0}',
  };
  const steps: ReadonlyArray<readonly [code: string, mend: Partial<SignOptions>]> = [
    ['NoSuchVersion', { version: '2018-04-12' }],
    ['InvalidAction', { action: 'DescribeInstanceBackups' }],
    ['AuthFailure.SecretIdNotFound', { key: { ...SUB_KEY, secretKey: 'wrong' } }],
    ['AuthFailure.SignatureFailure', { key: SUB_KEY }],
    ['AuthFailure.SignatureExpire', { timestampS }],
    ['InvalidParameterValue', { region: 'ap-shanghai-fsi', host: 'redis.tencentcloudapi.com' }],
    ['UnsupportedRegion', { region: 'ap-guangzhou' }],
    ['InvalidParameter', { body: '{"InstanceId":"crs-5a4py64p","Limit":0}' }],
    ['InvalidParameter.PermissionDenied', { key: KEY }],
    ['InvalidParameter.InvalidParameter', { body: '{"InstanceId":"crs-5a4py64p"}' }],
  ];
  let options: Partial<SignOptions> = faults;
  for (const [code, mend] of steps) {
    const raw = signTc3Request({ key: KEY, action: '', timestampS, ...options });
    assert.equal((await fixture.send(raw)).Error?.Code, code);
    options = { ...options, ...mend };
  }
  assert.equal((await fixture.send(signTc3Request({ key: KEY, action: '', timestampS, ...options }))).Error, undefined);
});

describe('language', () => {
  const en = 'The parameter `Nope` is not recognized.';
  const zh = '参数 `Nope` 未定义。';

  test('X-TC-Language of TC3 and Language of v1 choose the language, English where none is named', async () => {
    for (const [language, message] of [
      ['zh-CN', zh],
      ['zh-cn', zh],
      ['en-US', en],
      ['', en],
      ['fr-FR', en],
      ['zh', en],
    ] as const) {
      const tc3 = await fixture.call('DescribeInstances', { Nope: 1 }, { headers: { 'x-tc-language': language } });
      assertError(tc3, 'UnknownParameter', message);
      const v1 = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances', Nope: '1', Language: language } });
      assertError(await fixture.send(v1), 'UnknownParameter', message);
    }
  });

  test('errors before the action is known have it too', async () => {
    const headers = { 'x-tc-language': 'zh-CN', 'content-type': 'application/json' };
    assertError(await fixture.send({ ...EMPTY, method: 'PUT', headers }), 'UnsupportedProtocol', '不支持该请求方法，仅支持 GET 和 POST。');
    const missing = '请求头部缺少必需的公共参数 `X-TC-Action`。';
    assertError(await fixture.send({ ...EMPTY, method: 'POST', headers }), 'MissingParameter', missing);
    assertError(await fixture.send({ ...EMPTY, query: 'Language=zh-CN' }), 'MissingParameter', '请求缺少必需的参数 `Action`。');
    const post = { ...EMPTY, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    assertError(await fixture.send({ ...post, body: Buffer.from('Language=zh-CN') }), 'MissingParameter', '请求缺少必需的参数 `Action`。');
  });

  test('messages of actions have it too', async () => {
    const headers = { 'x-tc-language': 'zh-CN' };
    const answer = await fixture.call('DescribeInstanceBackups', { InstanceId: 'crs-00000000' }, { headers });
    assertError(answer, 'ResourceNotFound.InstanceNotExists', '地域 ap-guangzhou 中不存在实例 crs-00000000。');
    const limit = await fixture.call('DescribeInstances', { Limit: 0 }, { headers });
    assertError(limit, 'InvalidParameter.InvalidParameter', 'Limit 为 0，必须是 1 到 1000。');
  });
});

describe('action and version', () => {
  test('an unknown action, and the slip DescribeInstance, are InvalidAction', async () => {
    for (const action of ['DescribeInstance', 'describeinstances', 'constructor']) {
      const answer = await fixture.call(action);
      assertError(answer, 'InvalidAction', 'The request `Action` is invalid or not found.');
    }
  });

  test('an action is not found under another product’s version', async () => {
    assert.equal((await fixture.call('DescribeInstances', {}, { version: '2026-11-24' })).Error?.Code, 'InvalidAction');
  });

  test('an unknown version is NoSuchVersion', async () => {
    const answer = await fixture.call('DescribeInstances', {}, { version: '2017-03-12' });
    assertError(answer, 'NoSuchVersion', 'The request `Version` is invalid or not found.');
  });
});

describe('methods and sizes', () => {
  for (const method of ['PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']) {
    test(`${method} is UnsupportedProtocol`, async () => {
      assert.equal((await fixture.send({ ...EMPTY, method })).Error?.Code, 'UnsupportedProtocol');
    });
  }

  const v1TooLarge =
    'The provided credentials could not be validated because of exceeding request size limit, please use new signature method `TC3-HMAC-SHA256`.';
  const v1TooLargeZh = '请求大小超过限制，无法验证请求签名，请使用新的签名方法 `TC3-HMAC-SHA256`。';

  test('a v1 query over 32 KB has the code and message of its own', async () => {
    const raw = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances', SearchKey: 'x'.repeat(33_000) } });
    assertError(await fixture.send(raw), 'AuthFailure.SignatureFailure', v1TooLarge);
    const zh = { ...raw, query: `${raw.query}&Language=zh-CN` };
    assertError(await fixture.send(zh), 'AuthFailure.SignatureFailure', v1TooLargeZh);
    // Neither a broken escape nor a parameter that comes twice hides the language.
    const broken = { ...raw, query: `Language=zh-CN&Language=en-US&x=%zz&${raw.query}` };
    assertError(await fixture.send(broken), 'AuthFailure.SignatureFailure', v1TooLargeZh);
  });

  test('an oversize v1 form has the code and message of its own', async () => {
    const raw = signV1Request({ key: KEY, timestampS, method: 'POST', parameters: { Action: 'DescribeInstances' } });
    assertError(await fixture.send({ ...raw, body: Buffer.alloc(0), isOversize: true }), 'AuthFailure.SignatureFailure', v1TooLarge);
  });

  test('a TC3 query over 32 KB and an oversize JSON body are RequestSizeLimitExceeded', async () => {
    const get = signTc3Request({
      key: KEY,
      action: 'DescribeInstances',
      timestampS,
      method: 'GET',
      query: `SearchKey=${'x'.repeat(33_000)}`,
    });
    assert.equal((await fixture.send(get)).Error?.Code, 'RequestSizeLimitExceeded');
    const post = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS });
    assert.equal((await fixture.send({ ...post, isOversize: true })).Error?.Code, 'RequestSizeLimitExceeded');
  });
});

describe('body', () => {
  test('a body that is no JSON object is refused', async () => {
    for (const body of ['', '[]', '"x"', '1', 'null', '{', '{"a":1}x']) {
      const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, body });
      assertError(await fixture.send(raw), 'InvalidParameter', 'The request body is not a JSON object.');
    }
  });

  test('TC3 with another content type is refused by name', async () => {
    for (const contentType of ['application/x-www-form-urlencoded', 'text/plain', 'Text/HTML; charset=x']) {
      const answer = await fixture.call('DescribeInstances', {}, { contentType });
      const type = contentType.split(';')[0]?.toLowerCase();
      assertError(answer, 'UnsupportedProtocol', `this action does not support Content-Type=\`${type}\``);
    }
  });

  test('a common parameter inside a TC3 body or query is unknown', async () => {
    assertError(await fixture.call('DescribeInstances', { Action: 'x' }), 'UnknownParameter', 'The parameter `Action` is not recognized.');
    const get = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, method: 'GET', query: 'Version=2018-04-12' });
    assertError(await fixture.send(get), 'UnknownParameter', 'The parameter `Version` is not recognized.');
  });

  test('escaped and raw text beyond ASCII mean the same', async () => {
    for (const body of ['{"SearchKey":"\\u8ba2\\u5355"}', '{"SearchKey":"订单"}', '{"SearchKey":"a\\u0026b\\u003c"}']) {
      const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, body });
      assert.equal((await fixture.send(raw)).Error, undefined);
    }
  });
});

describe('text', () => {
  const malformed = 'The request is not text in UTF-8, or has a percent sign or a \\u that is no escape of it.';

  test('a body that is not UTF-8 is refused, not repaired', async () => {
    const body = Buffer.from('{"SearchKey":"\xff"}', 'latin1');
    const payloadHash = hashPayload(body);
    const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, payloadHash });
    assertError(await fixture.send({ ...raw, body }), 'InvalidParameter', malformed);
    const form = { ...EMPTY, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body };
    assertError(await fixture.send(form), 'InvalidParameter', malformed);
  });

  test('a query with a broken escape is refused', async () => {
    const tc3 = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, method: 'GET', query: 'SearchKey=%c3%28' });
    assertError(await fixture.send(tc3), 'InvalidParameter', malformed);
    assertError(await fixture.send({ ...EMPTY, query: 'Action=%zz' }), 'InvalidParameter', malformed);
  });

  test('a compressed body is refused by name', async () => {
    const answer = await fixture.call('DescribeInstances', {}, { headers: { 'content-encoding': 'gzip' } });
    assertError(answer, 'UnsupportedProtocol', 'this action does not support Content-Encoding=`gzip`');
    assert.equal((await fixture.call('DescribeInstances', {}, { headers: { 'content-encoding': 'Identity' } })).Error, undefined);
  });
});

describe('answers', () => {
  test('carry a lower-case version-4 UUID as RequestId, a new one each', async () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const [good, bad] = [await fixture.call('DescribeInstances'), await fixture.send(EMPTY)];
    assert.match(good.RequestId, uuid);
    assert.match(bad.RequestId, uuid);
    assert.notEqual(good.RequestId, bad.RequestId);
  });

  test('an error has no member beside Error and RequestId', async () => {
    const answer = await fixture.call('DescribeInstances', { Limit: 0 });
    assert.deepEqual(Object.keys(answer), ['Error', 'RequestId']);
  });

  test('X-TC-TraceId comes back where it is plain and short', async () => {
    for (const [sent, back] of [
      ['0b6e1c1e-9c0e-4b0a-9f0a-1f1d2c3b4a59', '0b6e1c1e-9c0e-4b0a-9f0a-1f1d2c3b4a59'],
      ['a b', undefined],
      ['x'.repeat(200), undefined],
      ['a\r\nSet-Cookie: b', undefined],
      ['a\nb', undefined],
      ['订', undefined],
    ]) {
      const raw = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, headers: { 'x-tc-traceid': sent ?? '' } });
      assert.equal((await fixture.api.handle(raw)).headers['X-TC-TraceId'], back);
    }
  });
});
