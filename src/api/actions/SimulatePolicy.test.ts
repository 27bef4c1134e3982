import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, type ApiFixture, INSTANCE_ID, insertExample, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';

async function open(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  return fixture;
}

const VERSION = '2026-11-24';

async function simulate(fixture: ApiFixture, parameters: object): Promise<unknown[]> {
  const answer = await fixture.call('SimulatePolicy', parameters, { version: VERSION });
  return answer.Error === undefined
    ? [answer['Allowed'], answer['Outcome'], answer['PolicyName'], answer['Statement']]
    : [answer.Error.Code, answer.Error.Message];
}

test('says who may, and which statement of which policy decided', async () => {
  await using fixture = await open();
  const { name: UserName } = await addUser(
    fixture,
    { action: 'redis:Describe*' },
    {
      effect: 'deny',
      action: 'redis:*',
      resource: `qcs::redis:::instance/${INSTANCE_ID}`,
      condition: { ip_not_equal: { 'qcs:ip': '10.0.0.0/8' } },
    },
  );
  const policy = UserName.replace('user', 'policy');
  const ask = { UserName, PolicyAction: 'redis:DescribeInstanceBackups' };
  const resource = `qcs::redis:ap-guangzhou::instance/${INSTANCE_ID}`;
  assert.deepEqual(await simulate(fixture, ask), [true, 'allowed', policy, 1]);
  assert.deepEqual(await simulate(fixture, { ...ask, Resource: resource }), [false, 'denied', policy, 2]);
  assert.deepEqual(await simulate(fixture, { ...ask, Resource: INSTANCE_ID }), [false, 'denied', policy, 2]);
  assert.deepEqual(await simulate(fixture, { ...ask, Resource: resource, Ip: '10.1.1.1' }), [true, 'allowed', policy, 1]);
  const never = { ...ask, PolicyAction: 'redis:ManualBackupInstance', Resource: 'crs-00000000' };
  assert.deepEqual(await simulate(fixture, never), [false, 'never', '', 0]);
});

test('takes the time of the question, and says where an action is allowed only elsewhere', async () => {
  await using fixture = await open();
  const { name: UserName } = await addUser(fixture, { condition: { date_less_than: { 'qcs:current_time': '2027-01-01 00:00:00' } } });
  const ask = { UserName, PolicyAction: 'redis:DescribeInstances', Resource: INSTANCE_ID };
  assert.deepEqual((await simulate(fixture, ask)).slice(0, 2), [true, 'allowed']);
  assert.deepEqual((await simulate(fixture, { ...ask, Time: '2026-12-31 23:59:59' })).slice(0, 2), [true, 'allowed']);
  assert.deepEqual((await simulate(fixture, { ...ask, Time: '2026-12-31T16:00:00Z' })).slice(0, 2), [false, 'withheld']);
});

/** Calls and the questions about them. */
const CALLS: ReadonlyArray<readonly [action: string, parameters: object, version: string, ask: object]> = [
  ['DescribeInstanceBackups', { InstanceId: INSTANCE_ID }, '2018-04-12', { Resource: INSTANCE_ID }],
  ['DescribeInstanceBackups', { InstanceId: 'crs-00000000' }, '2018-04-12', { Resource: 'qcs::REDIS:gz::instance/crs-00000000' }],
  ['DescribeInstanceBackups', { InstanceName: 'orders' }, '2018-04-12', {}],
  ['DescribeInstances', {}, '2018-04-12', {}],
  ['DescribeInstances', {}, '2018-04-12', { Resource: 'qcs::redis:ap-guangzhou::instance/*' }],
  ['DescribeInstances', { InstanceId: INSTANCE_ID }, '2018-04-12', { Resource: INSTANCE_ID }],
  ['DescribeTaskInfo', { TaskId: 1 }, '2018-04-12', {}],
  ['DetachInstance', { InstanceId: 'crs-00000000' }, VERSION, { Resource: 'crs-00000000' }],
  ['AttachInstance', { InstanceName: 'x', Host: '10.0.0.9', Port: 0 }, VERSION, { Resource: 'qcs::redkeep:gz::*' }],
  ['ListUsers', {}, '2019-01-16', {}],
  ['GetCallerIdentity', {}, '2018-08-13', {}],
];
const PRODUCTS: Readonly<Record<string, string>> = {
  '2018-04-12': 'redis',
  [VERSION]: 'redkeep',
  '2019-01-16': 'cam',
  '2018-08-13': 'sts',
};
const DENIALS = ['InvalidParameter.PermissionDenied', 'UnauthorizedOperation.NoCAMAuthed', 'AuthFailure.UnauthorizedOperation'];

test('agrees with what a call of the user meets, whatever its policies', async () => {
  await using fixture = await open();
  const all = { action: '*' };
  const users = [
    await addUser(fixture),
    await addUser(fixture, all),
    await addUser(fixture, { resource: 'qcs::redis:gz::instance/crs-5a*' }),
    await addUser(fixture, { resource: 'qcs::redis:bj::instance/*' }),
    await addUser(fixture, { resource: 'qcs::cos:::*' }),
    await addUser(fixture, { action: ['redis:Describe*', 'cam:List*'], resource: ['qcs::redis:::*', 'qcs::cam:::*'] }),
    await addUser(fixture, all, { effect: 'deny', resource: 'qcs::*:ap-guangzhou::*' }),
    await addUser(fixture, all, { effect: 'deny', action: 'redis:*', resource: 'qcs::redis:::instance/*' }),
    await addUser(fixture, all, { effect: 'deny', resource: `qcs::redis:::instance/${INSTANCE_ID}` }),
    await addUser(fixture, all, { effect: 'deny', condition: { ip_not_equal: { 'qcs:ip': '127.0.0.1' } } }),
    await addUser(fixture, { condition: { ip_equal: { 'qcs:ip': '10.0.0.0/8' } } }),
  ];
  const seen = new Set<unknown>();
  for (const user of users) {
    for (const [action, parameters, version, ask] of CALLS) {
      const { Error: error } = await fixture.call(action, parameters, { key: user.key, version });
      const question = { UserName: user.name, PolicyAction: `${PRODUCTS[version]}:${action}`, Ip: '127.0.0.1', ...ask };
      const [allowed, outcome] = await simulate(fixture, question);
      assert.equal(allowed, !DENIALS.includes(error?.Code ?? ''), `${JSON.stringify(question)}: ${error?.Code}`);
      if (error?.Code === 'InvalidParameter.PermissionDenied') {
        assert.equal(outcome, 'never', JSON.stringify(question));
      }
      seen.add(outcome);
    }
  }
  assert.deepEqual([...seen].sort(), ['allowed', 'denied', 'never', 'withheld']);
});

test('says where an answer is limited to some instances, and where no permission is needed', async () => {
  await using fixture = await open();
  const { name: UserName } = await addUser(fixture, { resource: `qcs::redis:gz::instance/${INSTANCE_ID}` });
  const reason = async (PolicyAction: string) => {
    const answer = await fixture.call('SimulatePolicy', { UserName, PolicyAction }, { version: VERSION });
    return [answer['Allowed'], answer['Outcome'], answer['Reason']];
  };
  const some = [true, 'allowed', 'It is allowed on some instances, and the answer holds only those.'];
  assert.deepEqual(await reason('redis:DescribeInstances'), some);
  assert.deepEqual(await reason('REDIS:describeinstances'), some);
  assert.deepEqual(await reason('sts:GetCallerIdentity'), [true, 'allowed', 'Everybody may call it: it needs no permission.']);
});

test('refuses what it cannot ask', async () => {
  await using fixture = await open();
  const ask = { UserName: 'reader', PolicyAction: 'redis:DescribeInstances' };
  const code = async (parameters: object) => (await simulate(fixture, { ...ask, ...parameters }))[0];
  assert.deepEqual(await simulate(fixture, { ...ask, UserName: 'nobody' }), [
    'ResourceNotFound.UserNotExist',
    'There is no user "nobody".',
  ]);
  for (const PolicyAction of ['DescribeInstances', 'redis:*', 'redis:DescribeBackups', 'cos:PutObject', 'redis:toString', '']) {
    const [refused, message] = await simulate(fixture, { ...ask, PolicyAction });
    assert.equal(refused, 'InvalidParameter.InvalidParameter', PolicyAction);
    assert.match(String(message), /; it must be an action, <service>:<Action>/);
  }
  assert.deepEqual(await simulate(fixture, { ...ask, PolicyAction: 'redis:RenewInstance' }), [
    'InvalidParameter.InvalidParameter',
    'PolicyAction is "redis:RenewInstance", which is known, but Redkeep does not offer it: nobody may call it.',
  ]);
  assert.match(
    String((await simulate(fixture, { ...ask, PolicyAction: 'redis:DescribeTaskInfo', Resource: INSTANCE_ID }))[1]),
    /names no instance; leave Resource out\.$/,
  );
  assert.match(
    String((await simulate(fixture, { ...ask, PolicyAction: 'redis:ManualBackupInstance' }))[1]),
    /always names an instance; say in Resource which one\.$/,
  );
  assert.equal(await code({ Ip: '10.0.0.0/8' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Time: 'tomorrow' }), 'InvalidParameter.InvalidParameter');
  for (const Resource of [
    'orders',
    'crs-5A4PY64P',
    'qcs::redis:mars::instance/*',
    'qcs::redis:::task/1',
    'qcs::cam:::*',
    'qcs::redis:::',
  ]) {
    assert.equal(await code({ Resource }), 'InvalidParameter.InvalidParameter', Resource);
  }
  assert.equal(await code({ Resource: 'qcs::redis:ap-guangzhou:uin/7:instance/crs-5a4py64p' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Resource: `qcs::redis:ap-guangzhou:uin/${ACCOUNT}:instance/crs-5a4py64p` }), false);
});

test('is itself decided by policies', async () => {
  await using fixture = await open();
  const user = await addUser(fixture, { action: 'redis:*' });
  const answer = await fixture.call(
    'SimulatePolicy',
    { UserName: 'reader', PolicyAction: 'redis:DescribeInstances' },
    { key: user.key, version: VERSION },
  );
  assert.equal(answer.Error?.Code, 'AuthFailure.UnauthorizedOperation');
});
