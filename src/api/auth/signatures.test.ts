import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  deriveKeys,
  EMPTY_PAYLOAD_HASH,
  formatTc3Authorization,
  hashCanonicalRequest,
  hashPayload,
  parseTc3Authorization,
  signTc3,
  UNSIGNED_PAYLOAD_HASH,
  utcDay,
} from './tc3.ts';
import { dotted, joinV1Parameters, signV1, type V1Method } from './v1.ts';
import { verifyTc3 } from './verify.ts';

interface Tc3Vector {
  readonly id: string;
  readonly secretKey: string;
  readonly signedHeaders: string;
  readonly payload: string;
  readonly payloadHash: string;
  readonly canonicalHash: string;
  readonly signature: string;
  readonly action: string;
  readonly method: string;
  readonly host: string;
  readonly contentType: string;
  readonly timestamp: number;
  readonly date: string;
  readonly service: string;
  readonly query: string;
}

interface V1Vector {
  readonly id: string;
  readonly method: V1Method;
  readonly secretKey: string;
  readonly parameters: Record<string, string>;
  readonly signature: string;
}

const vectors = JSON.parse(readFileSync(new URL('../../../test/fixtures/signature-vectors.json', import.meta.url), 'utf8')) as {
  tc3: Tc3Vector[];
  v1: { host: string; vectors: V1Vector[] };
  unsignedPayloadHash: string;
  derivedKeys: { secretKey: string; date: string; service: string; dateKey: string; serviceKey: string; signingKey: string };
};

describe('TC3 vectors', () => {
  for (const vector of vectors.tc3) {
    test(`vector ${vector.id}: payload, canonical request and signature`, () => {
      const { method, query, payloadHash, signedHeaders } = vector;
      const values: Record<string, string> = { host: vector.host, 'content-type': vector.contentType, 'x-tc-action': vector.action };
      const headerLines = signedHeaders
        .split(';')
        .map((name) => `${name}:${values[name]}\n`)
        .join('');
      assert.equal(hashPayload(vector.payload), payloadHash);
      assert.equal(utcDay(vector.timestamp), vector.date);
      const canonicalHash = hashCanonicalRequest({ method, path: '/', query, headerLines, signedHeaders, payloadHash });
      assert.equal(canonicalHash, vector.canonicalHash);
      const { signingKey } = deriveKeys(vector.secretKey, vector);
      assert.equal(signTc3(signingKey, String(vector.timestamp), vector, canonicalHash), vector.signature);
    });

    test(`vector ${vector.id}: verified, and refused with any part changed`, () => {
      const { method, query, host, payloadHash } = vector;
      const values: Record<string, string> = { 'content-type': vector.contentType, 'x-tc-action': 'DescribeInstances' };
      const authorization = parseTc3Authorization(formatTc3Authorization({ ...vector, secretId: 'AKIDxEXAMPLE' }));
      assert.ok(authorization !== undefined);
      const claim = {
        method,
        path: '/',
        query,
        host,
        headerValue: (name: string) => values[name] ?? '',
        payloadHash,
        timestamp: String(vector.timestamp),
        authorization,
      };
      const { signingKey } = deriveKeys(vector.secretKey, vector);
      assert.equal(verifyTc3(claim, signingKey), true);
      const changes = [
        { method: 'PUT' },
        { query: `${query}&x=1` },
        { host: `x${host}` },
        { payloadHash: UNSIGNED_PAYLOAD_HASH },
        { timestamp: String(vector.timestamp + 1) },
        { authorization: { ...authorization, service: 'other' } },
        { authorization: { ...authorization, signature: vector.signature.toUpperCase() } },
        { authorization: { ...authorization, signature: vector.signature.slice(1) } },
      ];
      for (const change of changes) {
        assert.equal(verifyTc3({ ...claim, ...change }, signingKey), false, JSON.stringify(change));
      }
    });
  }

  test('the intermediate keys are those that the vendor prints', () => {
    const { secretKey, dateKey, serviceKey, signingKey, ...scope } = vectors.derivedKeys;
    const keys = deriveKeys(secretKey, scope);
    assert.equal(keys.dateKey.toString('hex'), dateKey);
    assert.equal(keys.serviceKey.toString('hex'), serviceKey);
    assert.equal(keys.signingKey.toString('hex'), signingKey);
  });

  test('the constant payload hashes are what they stand for', () => {
    assert.equal(hashPayload(''), EMPTY_PAYLOAD_HASH);
    assert.equal(hashPayload('UNSIGNED-PAYLOAD'), UNSIGNED_PAYLOAD_HASH);
    assert.equal(vectors.unsignedPayloadHash, UNSIGNED_PAYLOAD_HASH);
  });
});

describe('v1 vectors', () => {
  for (const { id, method, secretKey, parameters, signature } of vectors.v1.vectors) {
    test(`vector ${id}`, () => {
      const joined = joinV1Parameters({ ...parameters, Signature: 'not signed' });
      assert.equal(signV1(secretKey, method, { method: 'GET', host: vectors.v1.host, path: '/', joined }), signature);
    });
  }

  test('names are sorted as sent and then written with dots, as Python and Java do', () => {
    assert.equal(joinV1Parameters({ A_b: '1', Aa: '2', 'A.c': '3' }, dotted), 'A.c=3&A.b=1&Aa=2');
  });
});

describe('Authorization header', () => {
  const good = 'TC3-HMAC-SHA256 Credential=AKIDx/2019-02-25/localhost:18080/tc3_request, SignedHeaders=content-type;host, Signature=ab12';

  test('is parsed with and without blanks after the commas, and with any service', () => {
    const parsed = {
      secretId: 'AKIDx',
      date: '2019-02-25',
      service: 'localhost:18080',
      signedHeaders: 'content-type;host',
      signature: 'ab12',
    };
    assert.deepEqual(parseTc3Authorization(good), parsed);
    assert.deepEqual(parseTc3Authorization(good.replaceAll(', ', ',')), parsed);
    assert.deepEqual(parseTc3Authorization(good.replaceAll(', ', ' ,   ')), parsed);
  });

  test('is refused in any other form', () => {
    const bad = [
      '',
      'SKIP',
      good.replace('TC3-HMAC-SHA256', 'AWS4-HMAC-SHA256'),
      good.replace('tc3_request', 'aws4_request'),
      good.replace('/2019-02-25', ''),
      good.replace('2019-02-25', '20190225'),
      good.replace(', Signature=ab12', ''),
      good.replace('SignedHeaders=content-type;host, ', ''),
      `${good} trailing`,
    ];
    for (const text of bad) {
      assert.equal(parseTc3Authorization(text), undefined, text);
    }
  });
});
