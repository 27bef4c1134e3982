import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawRequest } from '../../src/api/http-message.ts';
import { createSeededRandom } from '../../src/managed/seeded-random.ts';
import { ACCOUNT, type ApiFixture, KEY, openApiFixture } from '../harness/api-fixture.ts';
import { pickSeed } from '../harness/random-seed.ts';
import { type SignOptions, signTc3Request, signV1Request, type V1Options } from '../harness/signed-request.ts';
import { TC3_MUTATIONS } from './mutate-tc3.ts';
import { meaningOf, V1_MUTATIONS } from './mutate-v1.ts';
import type { Mutation } from './mutation.ts';

const EACH = 5_000;
const HOST = 'redis.example.test:9530';
const PATH = '/proxy/redis';

let fixture: ApiFixture;
/** Who the last request was from, as the log has it; `` where nobody was authenticated. */
let uin: unknown;

before(async () => {
  const note = (fields: object) => {
    uin = (fields as { uin?: unknown }).uin;
  };
  fixture = await openApiFixture({ log: { debug: note, info: note, warn: note, error: note } });
});
after(() => fixture[Symbol.asyncDispose]());

function tc3(options: Partial<SignOptions>): RawRequest {
  const timestampS = fixture.clock.now() / 1000;
  const signedHeaders = 'content-type;host;x-tc-action;x-tc-version;x-tc-timestamp;x-tc-region';
  return signTc3Request({
    key: KEY,
    action: 'DescribeInstances',
    timestampS,
    host: HOST,
    path: PATH,
    signedPath: PATH,
    signedHeaders,
    ...options,
  });
}

function v1(options: Partial<V1Options>): RawRequest {
  const timestampS = fixture.clock.now() / 1000;
  return signV1Request({ key: KEY, timestampS, host: HOST, path: PATH, signedPath: PATH, parameters: {}, ...options });
}

/**
 * What the verifier rightly takes as the same request is not made, because every mutation starts from a request that signs all of it:
 * - headers that are not in SignedHeaders, the query of a POST and the body of a GET, which TC3 does not cover;
 * - another path where `/` was signed, another port where the host was signed without one, an upper-case host or header value;
 * - blanks around the commas of Authorization; the order and percent-encoding of v1 parameters, `.` and `_` in their names, and an `&`
 *   in a v1 value, which v1 signs like the next parameter.
 */
describe('no mutated request is taken for its caller', () => {
  async function mutate(seed: number, bases: readonly RawRequest[], mutations: Readonly<Record<string, Mutation>>, same: typeof meaningOf) {
    const random = createSeededRandom(seed);
    const names = Object.keys(mutations);
    const made = new Map<string, number>();
    for (const base of bases) {
      await fixture.send(base);
      assert.equal(uin, ACCOUNT, 'the request before its mutation is accepted');
    }
    for (let count = 0; count < EACH; ) {
      const base = bases[random.below(bases.length)];
      const name = names[random.below(names.length)] ?? '';
      const mutation = mutations[name];
      assert.ok(base !== undefined && mutation !== undefined);
      const mutated = mutation(base, random);
      if (same(mutated) === same(base)) {
        continue;
      }
      const { Error: error } = await fixture.send(mutated);
      assert.equal(uin, '', `${name}: ${JSON.stringify(mutated)} → ${JSON.stringify(error)}`);
      assert.ok(error !== undefined && !error.Code.startsWith('InternalError'), `${name}: ${error?.Code}`);
      made.set(name, (made.get(name) ?? 0) + 1);
      count++;
    }
    for (const name of names) {
      assert.ok((made.get(name) ?? 0) > EACH / names.length / 10, `${name} was tried ${made.get(name) ?? 0} times`);
    }
  }

  test('5,000 of TC3', async (t) => {
    const bases = [
      tc3({ body: '{"Limit":5,"SearchKey":"a b"}' }),
      tc3({ action: 'DescribeTaskInfo', body: '{"TaskId":1}' }),
      tc3({ method: 'GET', query: 'Limit=5&SearchKey=a+b' }),
    ];
    await mutate(pickSeed(t), bases, TC3_MUTATIONS, ({ headers, ...rest }) => JSON.stringify([Object.entries(headers).sort(), rest]));
  });

  test('5,000 of v1', async (t) => {
    const parameters = { Action: 'DescribeInstances', Limit: '5', SearchKey: 'a b' };
    const bases = [
      v1({ parameters }),
      v1({ method: 'POST', parameters }),
      v1({ method: 'POST', signatureMethod: 'HmacSHA256', parameters }),
      v1({ signatureMethod: 'HmacSHA1', parameters: { Action: 'DescribeTaskInfo', TaskId: '1' } }),
    ];
    await mutate(pickSeed(t), bases, V1_MUTATIONS, meaningOf);
  });
});

test('the very same request is accepted again and again inside its window, as Go re-sends it, and not after', async () => {
  const start = fixture.clock.now();
  const requests = [tc3({}), tc3({ method: 'GET' }), v1({ parameters: { Action: 'DescribeInstances' } })];
  for (const offsetS of [-300, -299, 0, 0, 0, 1, 299, 300]) {
    fixture.clock.set(start + offsetS * 1000);
    for (const request of requests) {
      assert.equal((await fixture.send(request)).Error, undefined, `${offsetS} s`);
    }
  }
  for (const offsetS of [-301, 301, 86_400]) {
    fixture.clock.set(start + offsetS * 1000);
    for (const request of requests) {
      assert.equal((await fixture.send(request)).Error?.Code, 'AuthFailure.SignatureExpire', `${offsetS} s`);
    }
  }
  fixture.clock.set(start);
});
