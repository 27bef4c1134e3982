import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePolicyDocument } from './document.ts';
import { PolicyError } from './policy-error.ts';

const OWNER = '100000000001';
const STATEMENT = { effect: 'allow', action: 'redis:*', resource: '*' };

function refusal(document: unknown): [part: string, message: string] {
  try {
    parsePolicyDocument(typeof document === 'string' ? document : JSON.stringify(document), OWNER);
  } catch (error) {
    assert.ok(error instanceof PolicyError);
    return [error.part, error.message];
  }
  throw new Error(`${JSON.stringify(document)} was accepted`);
}

function refusalOf(statement: object): [part: string, message: string] {
  return refusal({ version: '2.0', statement: [{ ...STATEMENT, ...statement }] });
}

describe('a policy document', () => {
  test('has one statement or a list of them', () => {
    assert.equal(parsePolicyDocument(JSON.stringify({ version: '2.0', statement: STATEMENT }), OWNER).statements.length, 1);
    const two = { version: '2.0', statement: [STATEMENT, { ...STATEMENT, effect: 'deny', action: ['redis:A', 'name/redis:B'] }] };
    assert.deepEqual(
      parsePolicyDocument(JSON.stringify(two), OWNER).statements.map(({ effect }) => effect),
      ['allow', 'deny'],
    );
    assert.equal(refusal({ version: '2.0', statement: [] })[0], 'statement');
    assert.deepEqual(refusal({ version: '2.0' }), ['statement', 'statement 1 is absent; it must be an object.']);
  });

  test('is refused where it is not JSON, not an object, or of another version', () => {
    assert.deepEqual(refusal('{"version"'), ['document', 'The policy document is not JSON.']);
    assert.equal(refusal('[]')[0], 'document');
    assert.equal(refusal('null')[0], 'document');
    assert.deepEqual(refusal({ version: '3.0', statement: [] }), ['version', 'version is "3.0"; it must be "2.0".']);
    assert.equal(refusal({ version: 2, statement: [] })[0], 'version');
    assert.equal(refusal({ statement: [STATEMENT] })[0], 'version');
  });

  test('is refused with any member that is not known, since it would be silently without effect', () => {
    assert.deepEqual(refusal({ version: '2.0', statement: [STATEMENT], Statement: [] }), [
      'document',
      'The document has the member "Statement"; members are version, statement.',
    ]);
    assert.equal(refusalOf({ notaction: 'redis:*' })[0], 'statement');
    assert.equal(refusal('{"version":"2.0","statement":{"effect":"allow","action":"*","resource":"*","__proto__":{}}}')[0], 'statement');
  });

  test('is refused with a member that stands twice, since only the last would count', () => {
    for (const second of ['effect', '\\u0065ffect']) {
      const document = `{"version":"2.0","statement":{"effect":"deny","action":"*","resource":"*","${second}":"allow"}}`;
      assert.deepEqual(refusal(document), [
        'document',
        'The policy document has the member "effect" twice in one object; each may stand once.',
      ]);
    }
    assert.equal(refusal('{"version":"1.0","version":"2.0","statement":{"effect":"allow","action":"*","resource":"*"}}')[0], 'document');
    const twice = '{"ip_equal":{"qcs:ip":"10.0.0.1"},"ip_equal":{"qcs:ip":"0.0.0.0/0"}}';
    const conditional = `{"version":"2.0","statement":{"effect":"allow","action":"*","resource":"*","condition":${twice}}}`;
    assert.equal(refusal(conditional)[0], 'document');
  });

  test('names the statement that is wrong', () => {
    const document = { version: '2.0', statement: [STATEMENT, { ...STATEMENT, effect: 'Allow' }] };
    assert.deepEqual(refusal(document), ['effect', 'statement 2: effect is "Allow"; it must be "allow" or "deny".']);
  });

  test('takes actions of any service, with and without the old prefix', () => {
    for (const action of ['*', 'name/*', 'redis:*', 'name/redis:Describe*', 'cos:PutObject', '*:Describe*', ['redis:A', 'cam:B']]) {
      parsePolicyDocument(JSON.stringify({ version: '2.0', statement: { ...STATEMENT, action } }), OWNER);
    }
    for (const action of ['', 'redis', 'redis:', ':A', 'permid/5', 'redis:A B', 'redis:A?', 'a:b:c', [], [1], 5, null, {}]) {
      assert.equal(refusalOf({ action })[0], 'action', JSON.stringify(action));
    }
  });

  test('refuses principal, which only trust policies have', () => {
    assert.equal(refusalOf({ principal: { qcs: ['*'] } })[0], 'principal');
  });

  test('takes six segments or * for a resource', () => {
    for (const resource of [
      '*',
      'qcs::redis:::instance/*',
      'qcs::redis:*:*:*',
      'qcs::redis:bj:uin/100000000001:instance/crs-5a4py64p',
      'qcs::redis:ap-*:uin/*:instance/crs-*',
      'qcs::cos:ap-beijing-1:uid/1250000000:prefix//1250000000/bucket/a:b',
      ['*', 'qcs:*:redis:::*'],
    ]) {
      parsePolicyDocument(JSON.stringify({ version: '2.0', statement: { ...STATEMENT, resource } }), OWNER);
    }
    const cases: Array<[resource: unknown, part: string]> = [
      [undefined, 'resource'],
      [[], 'resource'],
      [[7], 'resource'],
      ['', 'resource-form'],
      ['instance/crs-5a4py64p', 'resource-form'],
      ['qcs::redis:::', 'resource-form'],
      ['qcs:::::x', 'resource-form'],
      ['arn::redis:::instance/*', 'resource-form'],
      ['qcs::redkeep:::instance/*', 'resource-form'],
      ['qcs:id/7:redis:::instance/*', 'resource-project'],
      ['qcs::redis:ap-guangzou::instance/*', 'resource-region'],
      ['qcs::redis::uin/999:instance/*', 'resource-account'],
      ['qcs::redis::100000000001:instance/*', 'resource-account'],
    ];
    for (const [resource, part] of cases) {
      assert.equal(refusalOf({ resource })[0], part, String(resource));
    }
  });

  test('takes the documented conditions and refuses every other operator, key, prefix and value', () => {
    for (const condition of [
      { ip_equal: { 'qcs:ip': ['10.0.0.0/8', '2001:db8::/32', '::1'] }, date_less_than: { 'qcs:current_time': '2022-05-31 00:00:00' } },
      { ip_not_equal_if_exist: { 'qcs:ip': '10.1.2.3' } },
      { date_greater_than_equal: { 'qcs:current_time': ['2022-05-31T00:00:00Z', '2022-05-31T08:00:00.5+08:00'] } },
      { 'for_any_value:string_equal': { 'qcs:resource_tag': ['team&a', 'team&b'] } },
      { 'for_any_value:string_not_like_if_exist': { 'qcs:resource_tag': 'team*' } },
      { string_equal_ignore_case: { 'qcs:resource_tag': 'team&A' } },
    ]) {
      parsePolicyDocument(JSON.stringify({ version: '2.0', statement: { ...STATEMENT, condition } }), OWNER);
    }
    const cases: Array<[condition: unknown, part: string]> = [
      [{}, 'condition'],
      [[], 'condition'],
      ['x', 'condition'],
      [null, 'condition'],
      [{ ip_equal: {} }, 'condition'],
      [{ ip_equal: '10.0.0.0/8' }, 'condition'],
      [{ ip_equal: { 'qcs:uin': '1' } }, 'condition'],
      [{ ip_equal: { ip: '10.0.0.0/8' } }, 'condition'],
      [{ ip_equals: { 'qcs:ip': '10.0.0.0/8' } }, 'condition-operator'],
      [{ IP_EQUAL: { 'qcs:ip': '10.0.0.0/8' } }, 'condition-operator'],
      [{ constructor: { 'qcs:ip': '10.0.0.0/8' } }, 'condition-operator'],
      [{ numeric_equal: { 'qcs:ip': '1' } }, 'condition-operator'],
      [{ null_equal: { 'qcs:ip': 'true' } }, 'condition-operator'],
      [{ string_equal: { 'qcs:ip': '10.0.0.1' } }, 'condition-operator'],
      [{ ip_equal: { 'qcs:current_time': '10.0.0.1' } }, 'condition-operator'],
      [{ 'for_any_value:ip_equal': { 'qcs:ip': '10.0.0.1' } }, 'condition-operator'],
      [{ 'for_any_value:ip_not_equal': { 'qcs:ip': '10.0.0.1' } }, 'condition-operator'],
      [{ 'for_any_value:date_not_equal': { 'qcs:current_time': '2022-05-31 00:00:00' } }, 'condition-operator'],
      [{ 'for_all_value:ip_not_equal': { 'qcs:ip': '10.0.0.1' } }, 'condition-operator'],
      [{ 'for_all_value:string_equal': { 'qcs:resource_tag': 'a&b' } }, 'condition-operator'],
      [{ ip_equal_if_exist_if_exist: { 'qcs:ip': '10.0.0.1' } }, 'condition-operator'],
      [{ ip_equal: { 'qcs:ip': [] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': 7 } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['10.0.0.0/33'] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['10.0.0/8'] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['10.0.0.0/8/8'] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['10.0.0.0/'] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['10.0.0.0/-1'] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['2001:db8::/129'] } }, 'condition-value'],
      [{ ip_equal: { 'qcs:ip': ['fe80::1%eth0'] } }, 'condition-value'],
      [{ date_equal: { 'qcs:current_time': '2022-02-30 00:00:00' } }, 'condition-value'],
      [{ date_equal: { 'qcs:current_time': '2022-02-30T00:00:00Z' } }, 'condition-value'],
      [{ date_equal: { 'qcs:current_time': '2022-05-31' } }, 'condition-value'],
      [{ date_equal: { 'qcs:current_time': '2022-05-31T00:00:00' } }, 'condition-value'],
      [{ string_equal: { 'qcs:resource_tag': 'team' } }, 'condition-value'],
    ];
    for (const [condition, part] of cases) {
      assert.equal(refusalOf({ condition })[0], part, JSON.stringify(condition));
    }
  });

  test('says what to write instead of for_all_value', () => {
    assert.match(
      refusalOf({ condition: { 'for_all_value:string_not_equal': { 'qcs:resource_tag': 'a&b' } } })[1],
      /for_all_value: is not offered, since tags take for_any_value: only/,
    );
  });

  test('cuts what a message shows', () => {
    assert.ok(refusalOf({ effect: 'x'.repeat(5000) })[1].length < 200);
  });
});
