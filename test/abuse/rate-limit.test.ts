import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnyAction } from '../../src/api/action.ts';
import { actions } from '../../src/api/registry.ts';
import { PRODUCT_VERSIONS } from '../../src/api/versions.ts';
import { type ApiFixture, insertExample, KEY, OTHER_KEY, openApiFixture, SUB_KEY } from '../harness/api-fixture.ts';
import { type SignOptions, signTc3Request, signV1Request } from '../harness/signed-request.ts';

const REQUESTS = 200;
const USERS = [KEY, SUB_KEY, OTHER_KEY];
const REGIONS = ['ap-guangzhou', 'ap-beijing'];

interface Caller {
  readonly action: AnyAction;
  readonly key: SignOptions['key'];
  readonly region: string;
}

/** Every second request in each form: both count together. */
function sign({ clock }: ApiFixture, { action, key, region }: Caller, number: number) {
  const common = { key, timestampS: Math.floor(clock.now() / 1000) };
  const version = PRODUCT_VERSIONS[action.product];
  return number % 2 === 0
    ? signTc3Request({ ...common, action: action.name, version, region })
    : signV1Request({ ...common, parameters: { Action: action.name, Version: version, Region: region } });
}

/** How many of 200 requests of each caller, mixed with those of the others within one second, were not over the limit. */
async function countPassed(fixture: ApiFixture, callers: readonly Caller[], meanwhile: (number: number) => Promise<void>) {
  const start = Math.ceil(fixture.clock.now() / 1000) * 1000;
  const passed = new Map<Caller, number>(callers.map((caller) => [caller, 0]));
  for (let number = 0; number < REQUESTS; number++) {
    fixture.clock.set(start + Math.floor((number * 999) / (REQUESTS - 1)));
    await meanwhile(number);
    for (const caller of callers) {
      const { Error: error } = await fixture.send(sign(fixture, caller, number));
      if (error?.Code !== 'RequestLimitExceeded') {
        passed.set(caller, (passed.get(caller) ?? 0) + 1);
      }
    }
  }
  // The next second has a quota of its own, and starts on its first millisecond.
  fixture.clock.set(start + 1000);
  for (const caller of callers) {
    assert.notEqual((await fixture.send(sign(fixture, caller, 0))).Error?.Code, 'RequestLimitExceeded');
  }
  return passed;
}

const nothing = async () => {};

describe('of 200 requests in one second exactly as many pass as the action allows', () => {
  test('for each user and region', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    const action = actions.find(({ name }) => name === 'DescribeInstanceBackups');
    assert.ok(action?.ratePerSecond === 20);
    const callers = USERS.flatMap((key) => REGIONS.map((region) => ({ action, key, region })));
    const passed = await countPassed(fixture, callers, nothing);
    assert.deepEqual([...passed.values()], Array(USERS.length * REGIONS.length).fill(20));
  });

  test('for each action', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    const callers = actions.map((action) => ({ action, key: KEY, region: 'ap-guangzhou' }));
    const passed = await countPassed(fixture, callers, nothing);
    for (const [{ action }, count] of passed) {
      assert.equal(count, action.ratePerSecond, action.name);
    }
  });

  test('while strangers forge requests of the same user, which use up nothing', async () => {
    await using fixture = await openApiFixture({ rateLimit: 'on' });
    await insertExample(fixture.catalog);
    const [action] = actions;
    assert.ok(action !== undefined);
    const caller = { action, key: KEY, region: 'ap-guangzhou' };
    const forged = { ...caller, key: { ...KEY, secretKey: 'guessed' } };
    const passed = await countPassed(fixture, [caller], async (number) => {
      for (let i = 0; i < 5; i++) {
        assert.equal((await fixture.send(sign(fixture, forged, i))).Error?.Code, 'AuthFailure.SignatureFailure');
      }
      const late = await fixture.call(action.name, {}, { timestampS: Math.floor(fixture.clock.now() / 1000) - 301 });
      assert.equal(late.Error?.Code, 'AuthFailure.SignatureExpire', `${number}`);
    });
    assert.equal(passed.get(caller), action.ratePerSecond);
  });
});
