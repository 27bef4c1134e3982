import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { ACCOUNT, type ApiFixture, insertExample, openApiFixture, USER_UIN } from '../../../../test/harness/api-fixture.ts';
import { addUser, callCam, toDocument } from '../../../../test/harness/users.ts';

const UIN = Number(USER_UIN);
const CUSTOM_ID = 10_000_001;

async function open(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  return fixture;
}

async function refusal(fixture: ApiFixture, action: string, parameters: object): Promise<string> {
  const { Error: error } = await fixture.call(action, parameters, { version: '2019-01-16', region: undefined });
  return error === undefined ? 'ok' : `${error.Code}: ${error.Message}`;
}

async function names(fixture: ApiFixture, action: string, parameters: object): Promise<unknown[]> {
  const answer = await callCam(fixture, action, parameters);
  const rows = (answer['List'] ?? answer['PolicyList']) as Array<{ PolicyName?: string; Name?: string }>;
  return [answer['TotalNum'], ...rows.map((row) => row.PolicyName ?? row.Name)];
}

describe('CreatePolicy', () => {
  test('keeps the document as it was given', async () => {
    await using fixture = await open();
    const document = ` ${toDocument({ action: 'redis:*' })}\n`;
    const { PolicyId } = await callCam(fixture, 'CreatePolicy', {
      PolicyName: 'a+=,.@_-Z9',
      PolicyDocument: document,
      Description: '描述',
    });
    const { RequestId: _, ...got } = await callCam(fixture, 'GetPolicy', { PolicyId });
    assert.deepEqual(got, {
      PolicyName: 'a+=,.@_-Z9',
      Description: '描述',
      Type: 1,
      AddTime: '2026-11-24 12:00:00',
      UpdateTime: '2026-11-24 12:00:00',
      PolicyDocument: document,
      PresetAlias: '',
      IsServiceLinkedRolePolicy: 0,
      Tags: [],
    });
  });

  test('refuses names, descriptions, tags and lengths that are wrong', async () => {
    await using fixture = await open();
    const attempt = (parameters: object) =>
      refusal(fixture, 'CreatePolicy', { PolicyName: 'p', PolicyDocument: toDocument({}), ...parameters });
    for (const PolicyName of ['', 'a b', 'x'.repeat(129), '订单']) {
      assert.match(await attempt({ PolicyName }), /^InvalidParameter\.PolicyNameError: PolicyName is /);
    }
    assert.equal(
      await attempt({ Description: '订'.repeat(101) }),
      'InvalidParameter.DescriptionLengthOverlimit: Description has 303 bytes; it must have at most 300.',
    );
    assert.match(await attempt({ Tags: [{ Key: 'a', Value: 'b' }] }), /^InvalidParameter\.ParamError: Tags/);
    assert.equal(await attempt({ Tags: [], PolicyName: 'x'.repeat(128), Description: 'x'.repeat(300) }), 'ok');
    const padded = (length: number) => toDocument({}).padEnd(length);
    assert.equal(await attempt({ PolicyName: 'long', PolicyDocument: padded(6144) }), 'ok');
    assert.match(await attempt({ PolicyDocument: padded(6145) }), /^InvalidParameter\.PolicyDocumentLengthOverLimit/);
  });

  test('refuses a name that is in use, a preset policy’s too, and of two at once one', async () => {
    await using fixture = await open();
    const attempt = (PolicyName: string) => refusal(fixture, 'CreatePolicy', { PolicyName, PolicyDocument: toDocument({}) });
    const inUse = (name: string) => `FailedOperation.PolicyNameInUse: There is a policy ${name} already.`;
    assert.equal(await attempt('backups-of-orders'), inUse('backups-of-orders'));
    assert.equal(await attempt('AdministratorAccess'), inUse('AdministratorAccess'));
    assert.deepEqual((await Promise.all([attempt('twin'), attempt('twin')])).sort(), [inUse('twin'), 'ok']);
  });

  test('answers the vendor’s code for each part of a document that is wrong', async () => {
    await using fixture = await open();
    const codeOf = async (document: unknown) => {
      const PolicyDocument = typeof document === 'string' ? document : JSON.stringify(document);
      return (await refusal(fixture, 'CreatePolicy', { PolicyName: 'p', PolicyDocument })).split(':')[0];
    };
    const statement = { effect: 'allow', action: 'redis:*', resource: '*' };
    const withChange = (change: object) => codeOf({ version: '2.0', statement: [{ ...statement, ...change }] });
    assert.equal(await codeOf('{'), 'InvalidParameter.PolicyDocumentError');
    assert.equal(await codeOf({ version: '1.0', statement }), 'InvalidParameter.VersionError');
    assert.equal(await codeOf({ version: '2.0', statement: [] }), 'InvalidParameter.StatementError');
    assert.equal(await withChange({ effect: 'permit' }), 'InvalidParameter.EffectError');
    assert.equal(await withChange({ action: 'redis' }), 'InvalidParameter.ActionError');
    assert.equal(await withChange({ principal: '*' }), 'InvalidParameter.PrincipalError');
    assert.equal(await withChange({ resource: [] }), 'InvalidParameter.ResourceError');
    assert.equal(await withChange({ resource: 'crs-5a4py64p' }), 'InvalidParameter.ResourceQcsError');
    assert.equal(await withChange({ resource: 'qcs:1:redis:::*' }), 'InvalidParameter.ResourceProjectError');
    assert.equal(await withChange({ resource: 'qcs::redis:mars::*' }), 'InvalidParameter.ResourceRegionError');
    assert.equal(await withChange({ resource: 'qcs::redis::uin/7:*' }), 'InvalidParameter.ResourceUinError');
    assert.equal(await withChange({ condition: { ip_equal: { x: '1' } } }), 'InvalidParameter.ConditionError');
    assert.equal(await withChange({ condition: { equals: { 'qcs:ip': '1' } } }), 'InvalidParameter.ConditionTypeError');
    assert.equal(await withChange({ condition: { ip_equal: { 'qcs:ip': '1' } } }), 'InvalidParameter.ConditionContentError');
  });

  test('refuses a document with what can match nothing, and so does UpdatePolicy; one that is kept still counts', async () => {
    await using fixture = await open();
    const cases: Array<[code: string, change: object]> = [
      ['InvalidParameter.ActionError', { action: 'redis:DescribeBackups' }],
      ['InvalidParameter.ResourceError', { resource: 'qcs::redis:::Instance/*' }],
      ['InvalidParameter.ResourceRegionError', { resource: 'qcs::redis:ap-guangzou*::*' }],
    ];
    for (const [code, change] of cases) {
      const PolicyDocument = toDocument(change);
      assert.match(await refusal(fixture, 'CreatePolicy', { PolicyName: 'p', PolicyDocument }), new RegExp(`^${code}: statement 1: `));
      assert.match(await refusal(fixture, 'UpdatePolicy', { PolicyId: CUSTOM_ID, PolicyDocument }), new RegExp(`^${code}: statement 1: `));
    }
    const document = toDocument({ action: ['redis:DescribeInstances', 'redis:GoneSince'] });
    await fixture.catalog.policies.update(ACCOUNT, CUSTOM_ID, { document, updatedAt: 0 });
    const { AccessKey } = await callCam(fixture, 'CreateAccessKey', { TargetUin: UIN });
    const { AccessKeyId: secretId, SecretAccessKey: secretKey } = AccessKey as { AccessKeyId: string; SecretAccessKey: string };
    assert.equal((await fixture.call('DescribeInstances', {}, { key: { secretId, secretKey } })).Error, undefined);
  });

  test('says in Chinese too what is wrong with a document', async () => {
    await using fixture = await open();
    const parameters = { PolicyName: 'p', PolicyDocument: toDocument({ condition: { ip_equal: { 'qcs:ip': 'x' } } }) };
    const { Error: error } = await fixture.call('CreatePolicy', parameters, {
      version: '2019-01-16',
      headers: { 'x-tc-language': 'zh-CN' },
    });
    assert.equal(error?.Message, 'statement 1: condition "ip_equal": 条件值为 "x"，必须是 IP 地址或 CIDR 网段。');
  });

  test('makes at most 1500', async () => {
    await using fixture = await open();
    await fixture.catalog.transaction(async (tables) => {
      for (let i = 0; i < 1499; i++) {
        const row = { policyId: 20_000_000 + i, accountId: ACCOUNT, name: `p${i}`, kind: 'custom', description: '' } as const;
        await tables.policies.insert({ ...row, document: '{}', createdAt: 0, updatedAt: 0 });
      }
    });
    const outcome = await refusal(fixture, 'CreatePolicy', { PolicyName: 'one-more', PolicyDocument: toDocument({}) });
    assert.match(outcome, /^FailedOperation\.PolicyFull: The account has 1500 custom policies/);
  });
});

test('a conflict about anything but the name is not told as a name in use', async () => {
  await using fixture = await open();
  using database = new DatabaseSync(fixture.catalogPath);
  database.exec('create table once (id integer primary key); insert into once values (1)');
  for (const [table, change] of [
    ['policies', 'insert'],
    ['policies', 'update'],
    ['users', 'insert'],
    ['access_keys', 'insert'],
  ]) {
    database.exec(`create trigger conflict_${table}_${change} before ${change} on ${table} begin insert into once values (1); end`);
    const outcomes = [
      await refusal(fixture, 'CreatePolicy', { PolicyName: `p-${table}-${change}`, PolicyDocument: toDocument({}) }),
      await refusal(fixture, 'UpdatePolicy', { PolicyId: CUSTOM_ID, PolicyName: `renamed-${table}-${change}` }),
      await refusal(fixture, 'AddUser', { Name: `u-${table}-${change}`, UseApi: 1 }),
    ];
    database.exec(`drop trigger conflict_${table}_${change}`);
    const failing = outcomes.filter((outcome) => outcome !== 'ok');
    assert.equal(failing.length, 1, outcomes.join('\n'));
    assert.match(failing.join(), /^InternalError\.InternalError: /);
  }
});

describe('UpdatePolicy', () => {
  test('finds by id or name, renames with both, and keeps what is absent', async () => {
    await using fixture = await open();
    fixture.clock.set(fixture.clock.now() + 60_000);
    assert.equal((await callCam(fixture, 'UpdatePolicy', { PolicyName: 'backups-of-orders', Description: 'two' }))['PolicyId'], CUSTOM_ID);
    await callCam(fixture, 'UpdatePolicy', { PolicyId: CUSTOM_ID, PolicyName: 'renamed' });
    const policy = await callCam(fixture, 'GetPolicy', { PolicyId: CUSTOM_ID });
    assert.deepEqual(
      [policy['PolicyName'], policy['Description'], policy['AddTime'], policy['UpdateTime']],
      ['renamed', 'two', '2018-09-01 10:00:00', '2026-11-24 12:01:00'],
    );
    assert.deepEqual(await names(fixture, 'ListPolicies', { Keyword: 'RENAM' }), [1, 'renamed']);
    assert.equal(await refusal(fixture, 'UpdatePolicy', { PolicyId: CUSTOM_ID, PolicyName: 'renamed' }), 'ok');
  });

  test('refuses what is not there, in use, preset or malformed', async () => {
    await using fixture = await open();
    await callCam(fixture, 'CreatePolicy', { PolicyName: 'other', PolicyDocument: toDocument({}) });
    const attempt = (parameters: object) => refusal(fixture, 'UpdatePolicy', parameters);
    assert.equal(await attempt({ PolicyId: 99 }), 'ResourceNotFound.PolicyIdNotFound: There is no policy 99.');
    assert.equal(await attempt({ PolicyName: 'nowhere' }), 'ResourceNotFound.NotFound: There is no policy nowhere.');
    assert.equal(await attempt({ Description: 'x' }), 'InvalidParameter.ParamError: One of PolicyId and PolicyName is required.');
    assert.match(await attempt({ PolicyId: CUSTOM_ID, PolicyName: 'other' }), /^FailedOperation\.PolicyNameInUse/);
    assert.match(await attempt({ PolicyId: CUSTOM_ID, PolicyDocument: '{}' }), /^InvalidParameter\.VersionError/);
    assert.match(await attempt({ PolicyId: 1, Alias: 'x' }), /^InvalidParameter\.ParamError: Alias/);
    assert.equal(
      await attempt({ PolicyId: 1, PolicyDocument: toDocument({}) }),
      'InvalidParameter.ParamError: AdministratorAccess is a preset policy; it cannot be changed or deleted.',
    );
  });
});

describe('DeletePolicy', () => {
  test('deletes all that are named, or none', async () => {
    await using fixture = await open();
    const { PolicyId } = await callCam(fixture, 'CreatePolicy', { PolicyName: 'other', PolicyDocument: toDocument({}) });
    assert.match(
      await refusal(fixture, 'DeletePolicy', { PolicyId: [PolicyId, 4] }),
      /^InvalidParameter\.ParamError: QcloudRedisReadOnlyAccess/,
    );
    assert.match(await refusal(fixture, 'DeletePolicy', { PolicyId: [PolicyId, 99] }), /^ResourceNotFound\.PolicyIdNotFound/);
    assert.equal(await refusal(fixture, 'GetPolicy', { PolicyId }), 'ok');
    assert.equal(await refusal(fixture, 'DeletePolicy', { PolicyId: [PolicyId, CUSTOM_ID, PolicyId] }), 'ok');
    assert.equal(
      await refusal(fixture, 'GetPolicy', { PolicyId: CUSTOM_ID }),
      'ResourceNotFound.PolicyIdNotFound: There is no policy 10000001.',
    );
    assert.deepEqual(await names(fixture, 'ListAttachedUserPolicies', { TargetUin: UIN }), [0]);
  });

  test('names 1 to 200', async () => {
    await using fixture = await open();
    assert.match(await refusal(fixture, 'DeletePolicy', { PolicyId: [] }), /^MissingParameter: /);
    const PolicyId = Array.from({ length: 201 }, (_, i) => i + 1);
    assert.match(await refusal(fixture, 'DeletePolicy', { PolicyId }), /^InvalidParameter\.OperatePoliciesOverLimit/);
    const most = PolicyId.slice(1).map((id) => 50_000_000 + id);
    assert.match(await refusal(fixture, 'DeletePolicy', { PolicyId: most }), /^ResourceNotFound\.PolicyIdNotFound/);
  });
});

describe('ListPolicies', () => {
  test('lists preset ones first, by scope, name and page', async () => {
    await using fixture = await open();
    const presets = ['AdministratorAccess', 'ReadOnlyAccess', 'QcloudRedisFullAccess', 'QcloudRedisReadOnlyAccess'];
    assert.deepEqual(await names(fixture, 'ListPolicies', {}), [5, ...presets, 'backups-of-orders']);
    assert.deepEqual(await names(fixture, 'ListPolicies', { Scope: 'QCS' }), [4, ...presets]);
    assert.deepEqual(await names(fixture, 'ListPolicies', { Scope: 'All', Keyword: 'readonly' }), [2, presets[1], presets[3]]);
    assert.deepEqual(await names(fixture, 'ListPolicies', { Keyword: '%' }), [0]);
    assert.deepEqual(await names(fixture, 'ListPolicies', { Rp: 2, Page: 3 }), [5, 'backups-of-orders']);
    assert.deepEqual(await names(fixture, 'ListPolicies', { Rp: 2, Page: 4 }), [5]);
  });

  test('refuses pages and scopes that are out of range', async () => {
    await using fixture = await open();
    for (const parameters of [{ Rp: 0 }, { Rp: 201 }, { Page: 0 }, { Page: 201 }]) {
      assert.match(await refusal(fixture, 'ListPolicies', parameters), /^InvalidParameter\.ParamError/);
    }
    assert.equal(
      await refusal(fixture, 'ListPolicies', { Scope: 'local' }),
      'InvalidParameter.ScopeError: Scope is "local"; it must be All, QCS or Local.',
    );
  });
});

describe('attachments', () => {
  test('are made once, listed from both sides, and taken away', async () => {
    await using fixture = await open();
    const admin = await addUser(fixture, { action: 'cam:*' });
    await callCam(fixture, 'AttachUserPolicy', { PolicyId: 4, AttachUin: UIN }, { key: admin.key });
    await callCam(fixture, 'AttachUserPolicy', { PolicyId: 4, AttachUin: UIN });
    assert.deepEqual(await names(fixture, 'ListAttachedUserPolicies', { TargetUin: UIN }), [
      2,
      'QcloudRedisReadOnlyAccess',
      'backups-of-orders',
    ]);
    const { List } = (await callCam(fixture, 'ListAttachedUserPolicies', { TargetUin: UIN, Rp: 1, Page: 1 })) as unknown as {
      List: Array<Record<string, unknown>>;
    };
    assert.deepEqual([List[0]?.['PolicyType'], List[0]?.['OperateUin'], List.length], ['QCS', String(admin.uin), 1]);
    assert.deepEqual(await names(fixture, 'ListEntitiesForPolicy', { PolicyId: 4 }), [1, 'reader']);
    assert.deepEqual(await names(fixture, 'ListEntitiesForPolicy', { PolicyId: 4, EntityFilter: 'Role' }), [0]);
    assert.deepEqual(await names(fixture, 'ListEntitiesForPolicy', { PolicyId: 4, Page: 2 }), [1]);
    await callCam(fixture, 'DetachUserPolicy', { PolicyId: 4, DetachUin: UIN });
    await callCam(fixture, 'DetachUserPolicy', { PolicyId: 4, DetachUin: UIN });
    assert.deepEqual(await names(fixture, 'ListAttachedUserPolicies', { TargetUin: UIN }), [1, 'backups-of-orders']);
  });

  test('are filtered by kind, name and way', async () => {
    await using fixture = await open();
    await callCam(fixture, 'AttachUserPolicy', { PolicyId: 4, AttachUin: UIN });
    const all = { TargetUin: UIN, Rp: 20, Page: 1 };
    const list = (parameters: object) => names(fixture, 'ListAttachedUserAllPolicies', { ...all, ...parameters });
    assert.deepEqual(await list({ AttachType: 0 }), [2, 'QcloudRedisReadOnlyAccess', 'backups-of-orders']);
    assert.deepEqual(await list({ AttachType: 1, StrategyType: 2 }), [1, 'QcloudRedisReadOnlyAccess']);
    assert.deepEqual(await list({ AttachType: 1, StrategyType: 1 }), [1, 'backups-of-orders']);
    assert.deepEqual(await list({ AttachType: 0, Keyword: 'ORDERS' }), [1, 'backups-of-orders']);
    assert.deepEqual(await list({ AttachType: 2 }), [0]);
    assert.match(await refusal(fixture, 'ListAttachedUserAllPolicies', { ...all, AttachType: 3 }), /^InvalidParameter\.ParamError/);
    assert.match(
      await refusal(fixture, 'ListAttachedUserAllPolicies', { ...all, AttachType: 0, StrategyType: 3 }),
      /^InvalidParameter\.ParamError/,
    );
  });

  test('need a user and a policy of the account', async () => {
    await using fixture = await open();
    const noPolicy = 'ResourceNotFound.PolicyIdNotFound: There is no policy 99.';
    const noUser = 'ResourceNotFound.UserNotExist: There is no user with uin 7.';
    assert.equal(await refusal(fixture, 'AttachUserPolicy', { PolicyId: 99, AttachUin: UIN }), noPolicy);
    assert.equal(await refusal(fixture, 'AttachUserPolicy', { PolicyId: 4, AttachUin: 7 }), noUser);
    assert.match(
      await refusal(fixture, 'AttachUserPolicy', { PolicyId: 4, AttachUin: Number(ACCOUNT) }),
      /^ResourceNotFound\.UserNotExist/,
    );
    assert.equal(await refusal(fixture, 'DetachUserPolicy', { PolicyId: 99, DetachUin: UIN }), noPolicy);
    assert.equal(await refusal(fixture, 'DetachUserPolicy', { PolicyId: 4, DetachUin: 7 }), noUser);
    assert.equal(await refusal(fixture, 'ListAttachedUserPolicies', { TargetUin: 7 }), noUser);
    assert.equal(await refusal(fixture, 'ListEntitiesForPolicy', { PolicyId: 99 }), noPolicy);
    assert.match(
      await refusal(fixture, 'ListEntitiesForPolicy', { PolicyId: 4, EntityFilter: 'x' }),
      /^InvalidParameter\.EntityFilterError/,
    );
  });

  test('are 200 at most for each user', async () => {
    await using fixture = await open();
    await fixture.catalog.transaction(async (tables) => {
      for (let i = 0; i < 199; i++) {
        const policyId = 20_000_000 + i;
        const row = { policyId, accountId: ACCOUNT, name: `p${i}`, kind: 'custom', description: '' } as const;
        await tables.policies.insert({ ...row, document: toDocument({}), createdAt: 0, updatedAt: 0 });
        await tables.policies.attach({ accountId: ACCOUNT, uin: USER_UIN, policyId, attachedAt: 0, attachedBy: ACCOUNT });
      }
    });
    assert.match(
      await refusal(fixture, 'AttachUserPolicy', { PolicyId: 4, AttachUin: UIN }),
      /^FailedOperation\.PolicyFull: User 100000000003 has 200 policies/,
    );
    assert.equal(await refusal(fixture, 'AttachUserPolicy', { PolicyId: CUSTOM_ID, AttachUin: UIN }), 'ok');
  });
});
