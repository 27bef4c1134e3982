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
  assert.deepEqual(await simulate(fixture, { ...ask, PolicyAction: 'redis:ManualBackupInstance' }), [false, 'never', '', 0]);
});

test('takes the time of the question, and says where an action is allowed only elsewhere', async () => {
  await using fixture = await open();
  const { name: UserName } = await addUser(fixture, { condition: { date_less_than: { 'qcs:current_time': '2027-01-01 00:00:00' } } });
  const ask = { UserName, PolicyAction: 'redis:DescribeInstances', Resource: INSTANCE_ID };
  assert.deepEqual((await simulate(fixture, ask)).slice(0, 2), [true, 'allowed']);
  assert.deepEqual((await simulate(fixture, { ...ask, Time: '2026-12-31 23:59:59' })).slice(0, 2), [true, 'allowed']);
  assert.deepEqual((await simulate(fixture, { ...ask, Time: '2026-12-31T16:00:00Z' })).slice(0, 2), [false, 'withheld']);
});

test('agrees with what a call of the user meets', async () => {
  await using fixture = await open();
  const user = await addUser(fixture, { action: 'redis:*', resource: 'qcs::redis:gz::instance/crs-5a*' });
  for (const InstanceId of [INSTANCE_ID, 'crs-00000000']) {
    const call = await fixture.call('DescribeInstanceBackups', { InstanceId }, { key: user.key });
    const [allowed] = await simulate(fixture, { UserName: user.name, PolicyAction: 'redis:DescribeInstanceBackups', Resource: InstanceId });
    assert.equal(call.Error === undefined, allowed);
  }
});

test('refuses what it cannot ask', async () => {
  await using fixture = await open();
  const ask = { UserName: 'reader', PolicyAction: 'redis:DescribeInstances' };
  const code = async (parameters: object) => (await simulate(fixture, { ...ask, ...parameters }))[0];
  assert.deepEqual(await simulate(fixture, { ...ask, UserName: 'nobody' }), [
    'ResourceNotFound.UserNotExist',
    'There is no user "nobody".',
  ]);
  assert.equal(await code({ PolicyAction: 'DescribeInstances' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ PolicyAction: 'redis:*' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Ip: '10.0.0.0/8' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Time: 'tomorrow' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Resource: 'orders' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Resource: 'qcs::redis:ap-guangzhou:uin/7:instance/crs-5a4py64p' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await code({ Resource: `qcs::redis:ap-guangzhou:uin/${ACCOUNT}:instance/crs-5a4py64p` }), false);
});

test('is itself decided by policies', async () => {
  await using fixture = await open();
  const user = await addUser(fixture, { action: 'redis:*' });
  const answer = await fixture.call('SimulatePolicy', { UserName: 'reader', PolicyAction: 'redis:A' }, { key: user.key, version: VERSION });
  assert.equal(answer.Error?.Code, 'AuthFailure.UnauthorizedOperation');
});
