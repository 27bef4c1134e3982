import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, type Answer, type ApiFixture, insertExample, KEY, openApiFixture, SUB_KEY } from '../../../test/harness/api-fixture.ts';
import { type SignOptions, signTc3Request, signV1Request } from '../../../test/harness/signed-request.ts';
import type { ApiOptions } from '../api.ts';
import type { RawRequest } from '../http-message.ts';
import type { ApiError } from './api-error.ts';
import { commonErrors } from './common-errors.ts';
import { type Language, translate } from './message.ts';

interface Case {
  readonly error: ApiError | ((answer: Answer) => ApiError);
  readonly send: (fixture: ApiFixture, language: Language) => Promise<Answer>;
  readonly options?: Partial<ApiOptions>;
}

const now = ({ clock }: ApiFixture) => Math.floor(clock.now() / 1000);

/** A call of DescribeInstances that names its language in a header. `change` has the last word on the request. */
function tc3(options: Partial<SignOptions> = {}, change: (raw: RawRequest) => RawRequest = (raw) => raw): Case['send'] {
  return (fixture, language) => {
    const headers = { 'x-tc-language': language, ...options.headers };
    return fixture.send(change(signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS: now(fixture), ...options, headers })));
  };
}

/** The same of the v1 form, with the language among the parameters. */
function v1(parameters: Readonly<Record<string, string>>, method: 'GET' | 'POST' = 'GET', more = ''): Case['send'] {
  return (fixture, language) => {
    const named = { Action: 'DescribeInstances', Language: language, ...parameters };
    const raw = signV1Request({ key: KEY, method, timestampS: now(fixture), parameters: named });
    return fixture.send(method === 'GET' ? { ...raw, query: raw.query + more } : { ...raw, body: Buffer.from(raw.body.toString() + more) });
  };
}

const CASES: Readonly<Record<keyof typeof commonErrors, readonly Case[]>> = {
  missingHeader: [{ error: commonErrors.missingHeader('X-TC-Version'), send: tc3({ headers: { 'x-tc-version': '' } }) }],
  missingParameter: [{ error: commonErrors.missingParameter('Nonce'), send: v1({ Nonce: '' }) }],
  malformedParameter: [
    { error: commonErrors.malformedParameter('X-TC-Timestamp'), send: tc3({ headers: { 'x-tc-timestamp': 'x' } }) },
    { error: commonErrors.malformedParameter('Nonce'), send: v1({ Nonce: 'x' }) },
  ],
  wrongType: [
    { error: commonErrors.wrongType('Limit', 'uint64'), send: tc3({ body: '{"Limit":"x"}' }) },
    { error: commonErrors.wrongType('Limit', 'uint64'), send: v1({ Limit: 'x' }) },
  ],
  repeatedParameter: [
    { error: commonErrors.repeatedParameter('Limit'), send: tc3({ method: 'GET', query: 'Limit=1&Limit=1' }) },
    { error: commonErrors.repeatedParameter('Limit'), send: v1({}, 'GET', '&Limit=1&Limit=1') },
    { error: commonErrors.repeatedParameter('Limit'), send: v1({}, 'POST', '&Limit=1&Limit=1') },
  ],
  tooManyParameters: [{ error: commonErrors.tooManyParameters(5000), send: v1({}, 'POST', manyParameters(5000)) }],
  malformedJson: [{ error: commonErrors.malformedJson(), send: tc3({ body: '[' }) }],
  malformedText: [
    { error: commonErrors.malformedText(), send: tc3({ method: 'GET', query: 'SearchKey=%zz' }) },
    { error: commonErrors.malformedText(), send: v1({}, 'GET', '&SearchKey=%zz') },
    { error: commonErrors.malformedText(), send: v1({}, 'POST', '&SearchKey=%ff') },
  ],
  malformedMultipart: [{ error: commonErrors.malformedMultipart(), send: tc3({ contentType: 'multipart/form-data' }) }],
  unsupportedContentType: [{ error: commonErrors.unsupportedContentType('text/plain'), send: tc3({ contentType: 'text/plain' }) }],
  unsupportedContentEncoding: [
    { error: commonErrors.unsupportedContentEncoding('gzip'), send: tc3({ headers: { 'content-encoding': 'gzip' } }) },
  ],
  unknownParameter: [
    { error: commonErrors.unknownParameter('Nope'), send: tc3({ body: '{"Nope":1}' }) },
    { error: commonErrors.unknownParameter('Nope'), send: v1({ Nope: '1' }) },
  ],
  invalidAction: [
    { error: commonErrors.invalidAction(), send: tc3({ action: 'DescribeInstance' }) },
    { error: commonErrors.invalidAction(), send: v1({ Action: 'DescribeInstance' }) },
  ],
  noSuchVersion: [{ error: commonErrors.noSuchVersion(), send: tc3({ version: '2017-03-12' }) }],
  noSuchProduct: [{ error: commonErrors.noSuchProduct('cvm'), send: tc3({ version: '2017-03-12', host: 'cvm.tencentcloudapi.com' }) }],
  unbuiltAction: [{ error: commonErrors.unbuiltAction('AllocateWanAddress'), send: tc3({ action: 'AllocateWanAddress' }) }],
  unsupportedProtocol: [{ error: commonErrors.unsupportedProtocol(), send: tc3({}, (raw) => ({ ...raw, method: 'PUT' })) }],
  invalidValue: [{ error: commonErrors.invalidValue('SignatureMethod', 'HmacMD5'), send: v1({ SignatureMethod: 'HmacMD5' }) }],
  invalidRegion: [
    { error: commonErrors.invalidRegion('X-TC-Region'), send: tc3({ region: 'ap-atlantis' }) },
    { error: commonErrors.invalidRegion('Region'), send: v1({ Region: 'ap-atlantis' }) },
  ],
  unsupportedRegion: [{ error: commonErrors.unsupportedRegion(), send: tc3({ region: 'ap-shanghai-fsi' }) }],
  invalidAuthorization: [{ error: commonErrors.invalidAuthorization(), send: tc3({ headers: { authorization: 'Bearer x' } }) }],
  skipNotAllowed: [{ error: commonErrors.skipNotAllowed('DescribeInstances'), send: tc3({ headers: { authorization: 'SKIP' } }) }],
  secretIdNotFound: [
    { error: commonErrors.secretIdNotFound(), send: tc3({ key: { secretId: 'AKIDnobody', secretKey: 'x' } }) },
    { error: commonErrors.secretIdNotFound(), send: v1({ SecretId: 'AKIDnobody' }) },
  ],
  signatureFailure: [
    { error: commonErrors.signatureFailure(), send: tc3({ key: { ...KEY, secretKey: 'wrong' } }) },
    { error: commonErrors.signatureFailure(), send: v1({}, 'GET', '&Offset=0') },
  ],
  tokenFailure: [
    { error: commonErrors.tokenFailure(), send: tc3({ headers: { 'x-tc-token': 'of-nobody' } }) },
    { error: commonErrors.tokenFailure(), send: v1({ Token: 'of-nobody' }) },
  ],
  signatureExpire: [{ error: commonErrors.signatureExpire(), send: v1({ Timestamp: '1000000000' }) }],
  oversizeV1: [{ error: commonErrors.oversizeV1(), send: v1({ SearchKey: 'x'.repeat(33_000) }) }],
  oversize: [{ error: commonErrors.oversize(), send: tc3({}, (raw) => ({ ...raw, isOversize: true })) }],
  requestLimit: [
    {
      error: commonErrors.requestLimit(21, 20),
      options: { rateLimit: 'on' },
      async send(fixture, language) {
        fixture.clock.set(fixture.clock.now() + 1000);
        await Promise.all(Array.from({ length: 20 }, () => fixture.call('DescribeInstances')));
        return tc3()(fixture, language);
      },
    },
  ],
  denied: [
    {
      error: ({ RequestId }) => commonErrors.denied('InvalidParameter.PermissionDenied', RequestId, 'redis:DescribeInstances', RESOURCE),
      send: tc3({ key: SUB_KEY }),
    },
  ],
  dbOperationFailed: [
    {
      error: commonErrors.dbOperationFailed(undefined),
      async send(fixture, language) {
        await fixture.catalog.close();
        return tc3()(fixture, language);
      },
    },
  ],
  internal: [
    {
      error: commonErrors.internal(undefined),
      options: {
        credentials() {
          throw new TypeError('a fault of ours');
        },
      },
      send: tc3(),
    },
  ],
};

const RESOURCE = `qcs::redis:ap-guangzhou:uin/${ACCOUNT}:instance/*`;

function manyParameters(count: number): string {
  return Array.from({ length: count }, (_, index) => `&Status.${index}=2`).join('');
}

describe('each common error is answered to a request, in the language that it names', () => {
  for (const [name, cases] of Object.entries(CASES)) {
    test(name, async () => {
      for (const { error, send, options } of cases) {
        for (const language of ['en-US', 'zh-CN'] as const) {
          await using fixture = await openApiFixture(options);
          if (options === undefined) {
            await insertExample(fixture.catalog);
          }
          const answer = await send(fixture, language);
          const { code, text } = typeof error === 'function' ? error(answer) : error;
          assert.deepEqual(answer.Error, { Code: code, Message: translate(text, language) });
        }
      }
    });
  }
});
