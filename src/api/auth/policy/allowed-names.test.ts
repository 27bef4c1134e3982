import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countPolicy } from '../../../../test/harness/counted-policy.ts';
import { allowedNames } from './allowed-names.ts';
import { parsePolicyDocument } from './document.ts';
import { evaluate, type Policy } from './evaluate.ts';

const ACCOUNT = '100000000001';
const SCOPE = { service: 'redis', region: 'ap-guangzhou', accountId: ACCOUNT } as const;
const CALL = { action: 'redis:DescribeInstances', ip: '10.0.0.1', atMs: 0, tags: [] } as const;

function policyOf(statement: readonly object[]): Policy {
  return { policyId: 1, name: 'made', document: parsePolicyDocument(JSON.stringify({ version: '2.0', statement }), ACCOUNT) };
}

const statement = fc.record({
  effect: fc.constantFrom('allow', 'deny'),
  action: fc.constantFrom('*', 'redis:*', 'REDIS:Describe*', 'redis:DescribeInstances', 'redis:ManualBackupInstance', 'cam:*'),
  resource: fc.array(
    fc.constantFrom(
      ...['*', 'qcs::redis:::instance/*', 'qcs::redis:::*', 'qcs::redis:ap-guangzhou::instance/crs-1', 'qcs::redis:gz::instance/*2'],
      ...['qcs::redis:ap-beijing::instance/*', `qcs::*::uin/${ACCOUNT}:instance/crs-*`, 'qcs::cam:::*'],
    ),
    { minLength: 1, maxLength: 3 },
  ),
  condition: fc.constantFrom(
    undefined,
    { ip_equal: { 'qcs:ip': '10.0.0.0/8' } },
    { ip_not_equal: { 'qcs:ip': '10.0.0.0/8' } },
    { string_not_equal: { 'qcs:resource_tag': 'a&b' } },
    { string_equal: { 'qcs:resource_tag': 'a&b' } },
  ),
});

test('allows exactly the names that evaluate allows', () => {
  fc.assert(
    fc.property(fc.array(fc.array(statement, { minLength: 1, maxLength: 3 }), { maxLength: 3 }), (documents) => {
      const policies = documents.map(policyOf);
      const isAllowed = allowedNames(policies, { ...CALL, scope: SCOPE });
      for (const name of ['instance/crs-1', 'instance/crs-2', 'instance/crs-12', 'instance/*', 'instance/', '*', '']) {
        assert.equal(isAllowed(name), evaluate(policies, { ...CALL, resource: { ...SCOPE, name } }).outcome === 'allowed', name);
      }
    }),
    { numRuns: 3000 },
  );
});

test('what does not depend on the name is asked once, however many names there are', () => {
  const condition = { ip_equal: { 'qcs:ip': '10.0.0.0/8' } };
  const resource = ['qcs::redis:::instance/crs-1', 'qcs::redis:ap-beijing::instance/*'];
  const { policy, asked } = countPolicy(
    policyOf([
      { effect: 'allow', action: 'redis:*', resource, condition },
      { effect: 'deny', action: 'cam:*', resource: '*', condition },
    ]),
  );
  const isAllowed = allowedNames([policy], { ...CALL, scope: SCOPE });
  const names = Array.from({ length: 1000 }, (_, index) => `instance/crs-${index}`);
  assert.deepEqual(names.filter(isAllowed), ['instance/crs-1']);
  assert.deepEqual(asked, { action: 2, condition: 1, resource: 2 });
});
