import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { allowedNames } from './allowed-names.ts';
import { parsePolicyDocument, type Statement } from './document.ts';
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

describe('what does not depend on the name', () => {
  /** The policy, and how often its parts have been asked. */
  function counted(policy: Policy): { policy: Policy; asked: { action: number; condition: number; scope: number } } {
    const asked = { action: 0, condition: 0, scope: 0 };
    const count = (given: Statement): Statement => ({
      ...given,
      matchesAction(action) {
        asked.action++;
        return given.matchesAction(action);
      },
      resources: given.resources.map((pattern) => ({
        ...pattern,
        matches: () => assert.fail('a scope was compared for one name'),
        namesIn(scope) {
          asked.scope++;
          return pattern.namesIn(scope);
        },
      })),
      conditions: given.conditions.map((condition) => ({
        ...condition,
        isMet(circumstances) {
          asked.condition++;
          return condition.isMet(circumstances);
        },
      })),
    });
    return { policy: { ...policy, document: { statements: policy.document.statements.map(count) } }, asked };
  }

  test('is asked once, however many names there are', () => {
    const condition = { ip_equal: { 'qcs:ip': '10.0.0.0/8' } };
    const resource = ['qcs::redis:::instance/crs-1', 'qcs::redis:ap-beijing::instance/*'];
    const { policy, asked } = counted(
      policyOf([
        { effect: 'allow', action: 'redis:*', resource, condition },
        { effect: 'deny', action: 'cam:*', resource: '*', condition },
      ]),
    );
    const isAllowed = allowedNames([policy], { ...CALL, scope: SCOPE });
    const names = Array.from({ length: 1000 }, (_, index) => `instance/crs-${index}`);
    assert.deepEqual(names.filter(isAllowed), ['instance/crs-1']);
    assert.deepEqual(asked, { action: 2, condition: 1, scope: 2 });
  });
});
