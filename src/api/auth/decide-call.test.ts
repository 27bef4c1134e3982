import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countPolicy } from '../../../test/harness/counted-policy.ts';
import { DescribeInstances } from '../actions/DescribeInstances.ts';
import { type Caller, decideCall } from './decide-call.ts';
import { parsePolicyDocument } from './policy/document.ts';
import type { Policy } from './policy/evaluate.ts';

const ACCOUNT = '100000000001';
const IDS = Array.from({ length: 1000 }, (_, index) => `crs-${String(index).padStart(8, '0')}`);

function policyOf(...statement: object[]): Policy {
  return { policyId: 1, name: 'made', document: parsePolicyDocument(JSON.stringify({ version: '2.0', statement }), ACCOUNT) };
}

function callerWith(...policies: Policy[]): Caller {
  return { grants: [policies], accountId: ACCOUNT, region: 'ap-guangzhou', ip: '10.0.0.1', atMs: 0, tags: new Map() };
}

const instances = (...ids: string[]) => ids.map((id) => `qcs::redis:::instance/${id}`);
const ALL = { effect: 'allow', action: 'redis:*', resource: '*' };

test('of several instances the first that is not allowed decides, else the last', () => {
  const denying = callerWith(policyOf(ALL, { effect: 'deny', action: '*', resource: instances(...IDS.slice(3, 5)) }));
  const decide = (caller: Caller, ...ids: string[]) => {
    const { outcome, resource, canSee } = decideCall(caller, DescribeInstances, ids);
    assert.equal(canSee, undefined);
    return [outcome, resource.name];
  };
  assert.deepEqual(decide(denying, ...IDS), ['denied', `instance/${IDS[3]}`]);
  assert.deepEqual(decide(denying, ...IDS.toReversed()), ['denied', `instance/${IDS[4]}`]);
  assert.deepEqual(decide(denying, ...IDS.slice(0, 3)), ['allowed', `instance/${IDS[2]}`]);
  const limited = callerWith(policyOf({ ...ALL, resource: instances(...IDS.slice(0, 2)) }));
  assert.deepEqual(decide(limited, ...IDS), ['withheld', `instance/${IDS[2]}`]);
  assert.deepEqual(decide({ ...limited, ip: undefined }, ...IDS), ['denied', `instance/${IDS[0]}`]);
  assert.deepEqual(decide(callerWith(), ...IDS), ['never', `instance/${IDS[0]}`]);
});

test('a thousand instances cost no more questions to the policies than two', () => {
  const questions = (ids: readonly string[]) => {
    const counted = Array.from({ length: 20 }, () => countPolicy(policyOf({ ...ALL, resource: instances(...IDS.slice(0, 20), '*') })));
    const { outcome } = decideCall(callerWith(...counted.map(({ policy }) => policy)), DescribeInstances, ids);
    assert.equal(outcome, 'allowed');
    return counted.map(({ asked }) => asked);
  };
  assert.deepEqual(questions(IDS), questions(IDS.slice(-2)));
});

test('a list asks the policies once, however many instances it shows', () => {
  const { policy, asked } = countPolicy(policyOf(ALL, { effect: 'deny', action: '*', resource: instances(IDS[1] ?? '') }));
  const { canSee } = decideCall(callerWith(policy), DescribeInstances, []);
  const before = { ...asked };
  assert.ok(canSee !== undefined);
  assert.equal(IDS.filter(canSee).length, IDS.length - 1);
  assert.deepEqual(asked, before);
});
