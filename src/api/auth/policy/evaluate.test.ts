import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parsePolicyDocument } from './document.ts';
import { type AccessRequest, decidesAlike, evaluate, type Policy } from './evaluate.ts';
import type { NamedResource } from './resource.ts';

const OWNER = '100000000001';
const INSTANCE: NamedResource = { service: 'redis', region: 'ap-guangzhou', accountId: OWNER, name: 'instance/crs-5a4py64p' };
const REQUEST: AccessRequest = {
  action: 'redis:DescribeInstanceBackups',
  resource: INSTANCE,
  ip: '10.1.2.3',
  atMs: Date.parse('2026-11-24T04:00:00.900Z'),
  tags: [],
};

interface Given {
  readonly effect?: 'allow' | 'deny';
  readonly action?: string | string[];
  readonly resource?: string | string[];
  readonly condition?: object;
}

function policy(...statements: Given[]): Policy {
  const full = statements.map((statement) => ({ effect: 'allow', action: '*', resource: '*', ...statement }));
  return { policyId: 7, name: 'p', document: parsePolicyDocument(JSON.stringify({ version: '2.0', statement: full }), OWNER) };
}

function outcome(statements: Given[], change: Partial<AccessRequest> = {}): string {
  return evaluate([policy(...statements)], { ...REQUEST, ...change }).outcome;
}

describe('evaluation', () => {
  test('allows what a statement allows, and says which', () => {
    const decision = evaluate([policy({ action: 'cam:*' }, { action: 'redis:*' })], REQUEST);
    assert.deepEqual([decision.outcome, decision.by?.policy.policyId, decision.by?.statement], ['allowed', 7, 2]);
  });

  test('a deny wins wherever it stands, and is the one that decides', () => {
    const allow = { action: 'redis:*' };
    const deny: Given = { effect: 'deny', action: 'redis:Describe*' };
    assert.equal(outcome([allow, deny]), 'denied');
    assert.equal(outcome([deny, allow]), 'denied');
    const decision = evaluate([policy(allow), policy(allow, deny)], REQUEST);
    assert.deepEqual([decision.outcome, decision.by?.statement], ['denied', 2]);
  });

  test('allows nothing by itself', () => {
    assert.deepEqual(evaluate([], REQUEST), { outcome: 'never' });
    assert.equal(outcome([{ effect: 'deny', action: 'redis:ManualBackupInstance' }]), 'never');
    assert.equal(outcome([{ action: 'redis:ManualBackupInstance' }]), 'never');
  });

  test('tells an action that is allowed elsewhere from one that is not', () => {
    assert.equal(outcome([{ resource: 'qcs::redis:::instance/crs-other000' }]), 'withheld');
    assert.equal(outcome([{ resource: '*', condition: { ip_equal: { 'qcs:ip': '192.168.0.0/16' } } }]), 'withheld');
  });

  test('compares actions without case and with * anywhere', () => {
    for (const action of [
      'redis:describeinstancebackups',
      'REDIS:*',
      '*:Describe*',
      'redis:*Backups',
      'name/redis:DescribeInstanceBackups',
      'r*:D*B*',
    ]) {
      assert.equal(outcome([{ action }]), 'allowed', action);
    }
    for (const action of ['redis:DescribeInstances', 'cam:*', 'redis:DescribeInstanceBackupsX', 'redkeep:*']) {
      assert.equal(outcome([{ action }]), 'never', action);
    }
  });

  test('matches resources segment by segment; empty means all regions and the owner', () => {
    for (const resource of [
      'qcs::redis:::instance/crs-5a4py64p',
      'qcs::redis:ap-guangzhou::instance/*',
      'qcs::redis:gz::instance/crs-5a4*',
      'qcs::*:ap-*:uin/*:*',
      `qcs::redis::uin/${OWNER}:instance/*64p`,
      'qcs:*:redis:*:*:*',
    ]) {
      assert.equal(outcome([{ resource }]), 'allowed', resource);
    }
    for (const resource of [
      'qcs::redis:bj::instance/*',
      'qcs::redis:::instance/crs-5a4py64',
      'qcs::redis:::Instance/crs-5a4py64p',
      'qcs::redis:ap-guangzhou::task/*',
    ]) {
      assert.equal(outcome([{ resource }]), 'withheld', resource);
    }
  });

  test('what is allowed on another service only is allowed on nothing', () => {
    for (const resource of ['qcs::cos:::*', 'qcs::cam:::*', 'qcs::redkeep:::*']) {
      assert.equal(outcome([{ resource }]), 'never', resource);
      assert.equal(outcome([{ resource: [resource, 'qcs::redis:::instance/crs-other000'] }]), 'withheld', resource);
    }
  });

  test('an account in a wildcard is compared with its prefix', () => {
    assert.equal(outcome([{ resource: 'qcs::redis::*:instance/*' }], { resource: { ...INSTANCE, accountId: '200000000002' } }), 'allowed');
    assert.equal(outcome([{ resource: 'qcs::redis:::instance/*' }], { resource: { ...INSTANCE, accountId: '200000000002' } }), 'withheld');
  });

  const everything = {
    action: 'redis:DescribeTaskInfo',
    resource: { service: 'redis', region: 'ap-guangzhou', accountId: OWNER, name: undefined },
  } as const;

  test('an action that names no instance needs all of the service', () => {
    for (const resource of ['*', 'qcs::redis:::*', 'qcs::redis:*:*:*', 'qcs::*:::*', 'qcs::REDIS:::*']) {
      assert.equal(outcome([{ resource }], everything), 'allowed', resource);
      assert.equal(outcome([{}, { effect: 'deny', resource }], everything), 'denied', resource);
    }
    for (const resource of ['qcs::redis:::instance/*', 'qcs::redis:ap-guangzhou::*', 'qcs::cam:::*']) {
      assert.equal(outcome([{ resource }], everything), 'never', resource);
    }
  });

  test('an action that names no instance is denied where all of the service in its region is', () => {
    for (const resource of ['qcs::redis:ap-guangzhou::*', 'qcs::redis:gz::*', 'qcs::*:ap-*::*', `qcs::redis:*zhou:uin/${OWNER}:*`]) {
      assert.equal(outcome([{}, { effect: 'deny', resource }], everything), 'denied', resource);
    }
    for (const resource of ['qcs::redis:ap-beijing::*', 'qcs::redis:ap-guangzhou::instance/*', 'qcs::cos:ap-guangzhou::*']) {
      assert.equal(outcome([{}, { effect: 'deny', resource }], everything), 'allowed', resource);
    }
    const nowhere = { action: 'cam:ListUsers', resource: { ...everything.resource, service: 'cam', region: '' } };
    assert.equal(outcome([{}, { effect: 'deny', resource: 'qcs::*:ap-guangzhou::*' }], nowhere), 'allowed');
    assert.equal(outcome([{}, { effect: 'deny', resource: 'qcs::*:::*' }], nowhere), 'denied');
  });
});

describe('conditions', () => {
  const met = (condition: object, change: Partial<AccessRequest> = {}) => outcome([{ condition }], change) === 'allowed';

  test('ip_equal and ip_not_equal take addresses and ranges of both families', () => {
    const at = (ip: string, value: string | string[]) => met({ ip_equal: { 'qcs:ip': value } }, { ip });
    const cases: Array<[ip: string, value: string | string[], expected: boolean]> = [
      ['10.1.2.3', '10.0.0.0/8', true],
      ['11.1.2.3', '10.0.0.0/8', false],
      ['10.1.2.3', '10.1.2.3', true],
      ['10.1.2.4', '10.1.2.3', false],
      ['10.9.9.9', '10.1.2.3/8', true],
      ['10.1.2.3', ['192.168.0.0/16', '10.1.0.0/16'], true],
      ['::ffff:10.1.2.3', '10.0.0.0/8', true],
      ['::ffff:0a01:0203', '10.0.0.0/8', true],
      ['10.1.2.3', '::ffff:10.0.0.0/104', true],
      ['11.1.2.3', '::ffff:10.0.0.0/104', false],
      ['10.1.2.3', '0.0.0.0/0', true],
      ['::1', '0.0.0.0/0', false],
      ['10.1.2.3', '::/0', false],
      ['::ffff:10.1.2.3', '::/0', false],
      ['2001:db8::1', '2001:db8::/32', true],
      ['2001:db9::1', '2001:db8::/32', false],
      ['2001:db8:8000::1', '2001:db8::/33', false],
      ['fe80::1%eth0', 'fe80::/10', true],
      ['not an address', '0.0.0.0/0', false],
    ];
    for (const [ip, value, expected] of cases) {
      assert.equal(at(ip, value), expected, `${ip} in ${value}`);
      assert.equal(met({ ip_not_equal: { 'qcs:ip': value } }, { ip }), !expected, `${ip} not in ${value}`);
    }
  });

  test('a key without a value meets only a negated operator and _if_exist', () => {
    const ip = '';
    assert.equal(met({ ip_equal: { 'qcs:ip': '10.0.0.0/8' } }, { ip }), false);
    assert.equal(met({ ip_not_equal: { 'qcs:ip': '10.0.0.0/8' } }, { ip }), true);
    assert.equal(met({ ip_equal_if_exist: { 'qcs:ip': '10.0.0.0/8' } }, { ip }), true);
    assert.equal(met({ ip_equal_if_exist: { 'qcs:ip': '192.168.0.0/16' } }), false);
    assert.equal(met({ string_equal: { 'qcs:resource_tag': 'team&a' } }), false);
    assert.equal(met({ 'for_any_value:string_not_equal': { 'qcs:resource_tag': 'team&a' } }), false);
    assert.equal(met({ 'for_any_value:string_equal_if_exist': { 'qcs:resource_tag': 'team&a' } }), true);
  });

  test('dates compare by the second, UTC+8 without a zone', () => {
    const at = (operator: string, value: string | string[]) => met({ [operator]: { 'qcs:current_time': value } });
    const [before, now, after] = ['2026-11-24 11:59:59', '2026-11-24 12:00:00', '2026-11-24T04:00:01Z'];
    const expected: Array<[operator: string, before: boolean, now: boolean, after: boolean]> = [
      ['date_equal', false, true, false],
      ['date_not_equal', true, false, true],
      ['date_less_than', false, false, true],
      ['date_less_than_equal', false, true, true],
      ['date_greater_than', true, false, false],
      ['date_greater_than_equal', true, true, false],
    ];
    for (const [operator, ...results] of expected) {
      assert.deepEqual([at(operator, before), at(operator, now), at(operator, after)], results, operator);
    }
    assert.equal(at('date_equal', '2026-11-24T05:00:00+01:00'), true);
    assert.equal(at('date_equal', [before, now]), true);
    assert.equal(at('date_not_equal', [before, now]), false);
  });

  test('tags compare as key&value', () => {
    const tags = ['team&a', 'Stage&Prod'];
    const at = (operator: string, value: string | string[]) => met({ [operator]: { 'qcs:resource_tag': value } }, { tags });
    assert.equal(at('string_equal', ['team&b', 'team&a']), true);
    assert.equal(at('string_equal', 'stage&prod'), false);
    assert.equal(at('string_equal_ignore_case', 'stage&prod'), true);
    assert.equal(at('string_not_equal_ignore_case', 'stage&prod'), false);
    assert.equal(at('string_like', 'Stage&*'), true);
    assert.equal(at('string_like', 'stage&*'), false);
    assert.equal(at('string_not_like', 'Stage&*'), false);
    assert.equal(at('string_not_equal', 'team&b'), true);
    assert.equal(at('for_any_value:string_equal', 'team&a'), true);
    assert.equal(at('for_any_value:string_not_equal', 'team&a'), true);
    assert.equal(at('for_any_value:string_not_equal', tags), false);
  });

  test('a not operator is met where no tag fits; with for_any_value where one tag fits none of the values', () => {
    const cases: Array<[tags: readonly string[], values: string[], plain: boolean, forAny: boolean]> = [
      [[], ['team&a'], true, false],
      [['team&a'], ['team&a'], false, false],
      [['team&b'], ['team&a'], true, true],
      [['team&a', 'stage&x'], ['team&a'], false, true],
      [['team&a', 'stage&x'], ['team&a', 'stage&x'], false, false],
      [['team&b', 'stage&x'], ['team&a'], true, true],
    ];
    for (const [tags, values, plain, forAny] of cases) {
      for (const operator of ['string_not_equal', 'string_not_equal_ignore_case', 'string_not_like']) {
        const at = (name: string) => met({ [name]: { 'qcs:resource_tag': values } }, { tags });
        const shown = `${operator} ${values} of ${tags}`;
        assert.equal(at(operator), plain, shown);
        assert.equal(at(`for_any_value:${operator}`), forAny, shown);
        assert.equal(at(`for_any_value:${operator}_if_exist`), forAny || tags.length === 0, shown);
      }
    }
  });

  test('keys and operators must all be met', () => {
    const ip = { ip_equal: { 'qcs:ip': '10.0.0.0/8' } };
    assert.equal(met({ ...ip, date_less_than: { 'qcs:current_time': '2026-11-25 00:00:00' } }), true);
    assert.equal(met({ ...ip, date_less_than: { 'qcs:current_time': '2026-11-24 00:00:00' } }), false);
    assert.equal(met({ ...ip, ip_not_equal: { 'qcs:ip': '10.1.0.0/16' } }), false);
  });

  test('a deny whose condition is not met denies nothing', () => {
    const deny: Given = { effect: 'deny', condition: { ip_equal: { 'qcs:ip': '192.168.0.0/16' } } };
    assert.equal(outcome([{}, deny]), 'allowed');
    assert.equal(outcome([{}, deny], { ip: '192.168.1.1' }), 'denied');
  });
});

describe('properties', () => {
  const actions = fc.constantFrom(
    '*',
    'redis:*',
    'redis:Describe*',
    'redis:DescribeInstanceBackups',
    'redis:ManualBackupInstance',
    'cam:*',
  );
  const names = fc.constantFrom('*', 'instance/*', 'instance/crs-1', 'instance/crs-2', 'instance/crs-*', 'task/*');
  const resources = fc.oneof(
    fc.constant('*'),
    fc
      .tuple(fc.constantFrom('redis', 'cos', '*'), fc.constantFrom('', 'ap-guangzhou', 'ap-beijing', '*'), names)
      .map(([service, region, name]) => `qcs::${service}:${service === 'cos' ? '' : region}::${name}`),
  );
  const conditions = fc.constantFrom(
    undefined,
    { ip_equal: { 'qcs:ip': '10.0.0.0/8' } },
    { ip_not_equal: { 'qcs:ip': '10.0.0.0/8' } },
    { string_equal: { 'qcs:resource_tag': 'team&a' } },
  );
  const statement = fc.record({
    effect: fc.constantFrom('allow' as const, 'deny' as const),
    action: fc.array(actions, { minLength: 1, maxLength: 2 }),
    resource: fc.array(resources, { minLength: 1, maxLength: 2 }),
    condition: conditions,
  });
  const statements = fc.array(statement, { minLength: 1, maxLength: 6 });
  const requests = fc.record({
    action: fc.constantFrom('redis:DescribeInstanceBackups', 'redis:ManualBackupInstance', 'cam:ListUsers'),
    id: fc.constantFrom('crs-1', 'crs-2', 'crs-3'),
    region: fc.constantFrom('ap-guangzhou', 'ap-beijing'),
    ip: fc.constantFrom('10.1.1.1', '172.16.0.1', ''),
    tags: fc.constantFrom<readonly string[]>([], ['team&a'], ['team&b']),
  });
  type Statement = { effect: 'allow' | 'deny'; action: string[]; resource: string[]; condition: object | undefined };
  type Call = { action: string; id: string; region: string; ip: string; tags: readonly string[] };

  const toRegExp = (pattern: string) => new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\/]/g, '\\$&').replaceAll('*', '.*')}$`, 'i');

  /** The rules as the documents tell them, one after the other. */
  function applies({ action, resource, condition }: Statement, call: Call): boolean {
    const isIn = call.ip.startsWith('10.');
    const isTagged = call.tags.includes('team&a');
    const words = JSON.stringify(condition ?? {});
    const holds = words === '{}' || (words.includes('ip_equal') ? isIn : words.includes('ip_not_equal') ? !isIn : isTagged);
    const fits = resource.some((text) => {
      const [, , service = '', region = '', , name = ''] = text === '*' ? ['', '', '*', '*', '', '*'] : text.split(':');
      return toRegExp(service).test('redis') && toRegExp(region || '*').test(call.region) && toRegExp(name).test(`instance/${call.id}`);
    });
    return holds && fits && action.some((pattern) => toRegExp(pattern).test(call.action));
  }

  function toRequest(call: Call): AccessRequest {
    const resource = { ...INSTANCE, region: call.region, name: `instance/${call.id}` };
    return { action: call.action, resource, ip: call.ip, atMs: 0, tags: call.tags };
  }

  test('decides as the rules say, read literally: deny, then allow, then not', () => {
    fc.assert(
      fc.property(statements, requests, (given, call) => {
        const denies = given.some((one) => one.effect === 'deny' && applies(one, call));
        const allows = given.some((one) => one.effect === 'allow' && applies(one, call));
        const { outcome: decided, by } = evaluate([policy(...(given as Given[]))], toRequest(call));
        assert.equal(decided === 'denied', denies);
        assert.equal(decided === 'allowed', allows && !denies);
        if (by !== undefined) {
          const deciding = given[by.statement - 1];
          assert.ok(deciding !== undefined && applies(deciding, call));
          assert.equal(deciding.effect, decided === 'denied' ? 'deny' : 'allow');
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('more statements never undo a deny, and the order of policies does not matter', () => {
    fc.assert(
      fc.property(statements, statements, requests, (first, second, call) => {
        const [a, b] = [policy(...(first as Given[])), policy(...(second as Given[]))];
        const both = evaluate([a, b], toRequest(call)).outcome;
        assert.equal(evaluate([b, a], toRequest(call)).outcome, both);
        if (evaluate([a], toRequest(call)).outcome === 'denied') {
          assert.equal(both, 'denied');
        }
      }),
    );
  });

  test('where instances are said to be decided alike, each of them is', () => {
    fc.assert(
      fc.property(statements, requests, (given, call) => {
        const policies = [policy(...(given as Given[]))];
        if (decidesAlike(policies, call.action, { ...INSTANCE, region: call.region })) {
          const outcomes = ['crs-1', 'crs-2', 'crs-3', '*'].map((id) => evaluate(policies, toRequest({ ...call, id })).outcome);
          assert.equal(new Set(outcomes).size, 1, outcomes.join(' '));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
