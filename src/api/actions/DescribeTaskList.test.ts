import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ACCOUNT,
  type ApiFixture,
  at,
  backupRow,
  INSTANCE_ID,
  instanceRow,
  OTHER_KEY,
  openApiFixture,
} from '../../../test/harness/api-fixture.ts';
import type { NewTask, TaskKind } from '../../catalog/catalog.ts';
import { TaskInfoDetail } from './DescribeTaskList.ts';

const ACTION = 'DescribeTaskList';
const OTHER_ID = 'crs-aaaaaaaa';

interface Listed {
  readonly TotalCount: number;
  readonly Tasks: ReadonlyArray<Record<string, unknown>>;
}

/** Five tasks: failed create, clear that runs, a backup by hand that is done, one by schedule that waits, and an isolation of another. */
async function openSite(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  fixture.clock.set(at('2026-11-24 12:00:00'));
  const { catalog } = fixture;
  await catalog.instances.insert(instanceRow());
  await catalog.instances.insert(instanceRow({ instanceId: OTHER_ID, name: 'other' }));
  await catalog.backups.insert(backupRow({ backupId: 'by-hand' }));
  await catalog.backups.insert(backupRow({ backupId: 'by-schedule', type: 'automatic' }));
  const enqueue = (kind: TaskKind, createdAt: string, more: Partial<NewTask> = {}) =>
    catalog.tasks.enqueue({
      accountId: ACCOUNT,
      region: 'ap-guangzhou',
      instanceId: INSTANCE_ID,
      kind,
      subject: '',
      payload: '{}',
      createdAt: at(createdAt),
      ...more,
    });
  const claim = async (kind: TaskKind) => {
    const claimed = await catalog.tasks.claim('test', [kind], 60_000);
    assert.ok(claimed);
    return claimed.lease;
  };
  await enqueue('create-instance', '2026-11-01 00:00:00', { requestedBy: ACCOUNT });
  await catalog.tasks.fail(await claim('create-instance'), 'no');
  await enqueue('clear-instance', '2026-11-02 00:00:00', { requestedBy: '100000000003' });
  await claim('clear-instance');
  await enqueue('take-backup', '2026-11-03 00:00:00', { subject: 'by-hand' });
  await catalog.tasks.succeed(await claim('take-backup'));
  await enqueue('take-backup', '2026-11-04 00:00:00', { subject: 'by-schedule' });
  await enqueue('isolate-instance', '2026-11-05 00:00:00', { instanceId: OTHER_ID });
  // None of these is listed: too old, another account's, another region's.
  await enqueue('clear-instance', '2026-10-25 11:59:59');
  await enqueue('clear-instance', '2026-11-06 00:00:00', { accountId: '200000000001' });
  await enqueue('clear-instance', '2026-11-06 00:00:00', { region: 'ap-beijing' });
  return fixture;
}

async function list(fixture: ApiFixture, parameters: object, options: object = {}): Promise<Listed> {
  const answer = await fixture.call(ACTION, parameters, options);
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  return answer as unknown as Listed;
}

test('lists every task of the account and region of the last 30 days, newest first, with every field', async () => {
  await using fixture = await openSite();
  const { TotalCount, Tasks } = await list(fixture, {});
  assert.equal(TotalCount, 5);
  assert.deepEqual(
    Tasks.map((task) => [task['TaskType'], task['Result'], task['Progress'], task['StartTime'], task['InstanceName'], task['InstanceId']]),
    [
      ['003', 0, 0, '2026-11-05 00:00:00', 'other', OTHER_ID],
      ['017', 0, 0, '2026-11-04 00:00:00', 'orders', INSTANCE_ID],
      ['012', 2, 1, '2026-11-03 00:00:00', 'orders', INSTANCE_ID],
      ['004', 1, 0, '2026-11-02 00:00:00', 'orders', INSTANCE_ID],
      ['001', 4, 0, '2026-11-01 00:00:00', 'orders', INSTANCE_ID],
    ],
  );
  for (const task of Tasks) {
    assert.deepEqual(Object.keys(task).sort(), Object.keys(TaskInfoDetail.properties).sort());
    assert.equal(task['ProjectId'], 0);
    assert.match(String(task['EndTime']), task['Result'] === 2 || task['Result'] === 4 ? /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/ : /^$/);
  }
  assert.equal((await list(fixture, {}, { key: OTHER_KEY })).TotalCount, 1);
  assert.equal((await list(fixture, {}, { region: 'ap-beijing' })).TotalCount, 1);
});

describe('filters', () => {
  const cases: Array<[name: string, parameters: object, types: string[]]> = [
    ['InstanceId', { InstanceId: OTHER_ID }, ['003']],
    ['an instance that does not exist', { InstanceId: 'crs-00000000' }, []],
    ['InstanceName, whole', { InstanceName: 'orders' }, ['017', '012', '004', '001']],
    ['InstanceName, part', { InstanceName: 'order' }, []],
    ['TaskTypes', { TaskTypes: ['012', '003'] }, ['003', '012']],
    ['TaskTypes: a backup by schedule', { TaskTypes: ['017'] }, ['017']],
    ['TaskTypes that nothing here has', { TaskTypes: ['070'] }, []],
    ['Result', { Result: [0, 4] }, ['003', '017', '001']],
    ['Result running and done', { Result: [1, 2] }, ['012', '004']],
    ['OperateUin', { OperateUin: [ACCOUNT, '100000000003'] }, ['004', '001']],
    ['OperatorUin, deprecated', { OperatorUin: [100000000003] }, ['004']],
    ['BeginTime, inclusive', { BeginTime: '2026-11-04 00:00:00' }, ['003', '017']],
    ['EndTime, inclusive', { EndTime: '2026-11-02 00:00:00' }, ['004', '001']],
    ['a BeginTime of more than 30 days ago', { BeginTime: '2026-01-01 00:00:00' }, ['003', '017', '012', '004', '001']],
    ['an EndTime of more than 30 days ago', { EndTime: '2026-01-01 00:00:00' }, []],
    ['empty lists', { TaskTypes: [], Result: [], OperateUin: [] }, ['003', '017', '012', '004', '001']],
    ['a page', { Limit: 2, Offset: 2 }, ['012', '004']],
    ['past the end', { Limit: 2, Offset: 6 }, []],
    ['several together', { TaskTypes: ['012', '017'], Result: [2] }, ['012']],
    ['those without effect', { ProjectIds: [9], TaskStatus: [1], Limit: 1 }, ['003']],
  ];
  for (const [name, parameters, types] of cases) {
    test(name, async () => {
      await using fixture = await openSite();
      assert.deepEqual(
        (await list(fixture, parameters)).Tasks.map((task) => task['TaskType']),
        types,
      );
    });
  }
});

test('a user sees the tasks of the instances that it may see', async () => {
  await using fixture = await openSite();
  const { catalog } = fixture;
  await catalog.users.insert({
    accountId: ACCOUNT,
    uin: '100000000002',
    name: 'sub',
    remark: '',
    phone: '',
    countryCode: '',
    email: '',
    createdAt: 1,
  });
  const document = JSON.stringify({
    version: '2.0',
    statement: { effect: 'allow', action: 'redis:DescribeTaskList', resource: `qcs::redis:ap-guangzhou::instance/${OTHER_ID}` },
  });
  const times = { createdAt: 1, updatedAt: 1 };
  await catalog.policies.insert({
    policyId: 10_000_009,
    accountId: ACCOUNT,
    name: 'p',
    kind: 'custom',
    description: '',
    document,
    ...times,
  });
  await catalog.policies.attach({ accountId: ACCOUNT, uin: '100000000002', policyId: 10_000_009, attachedAt: 1, attachedBy: ACCOUNT });
  const key = { secretId: 'AKIDsub', secretKey: 'sub-secret-key' };
  assert.deepEqual(
    (await list(fixture, {}, { key })).Tasks.map((task) => task['InstanceId']),
    [OTHER_ID],
  );
  assert.equal((await fixture.call(ACTION, { InstanceId: INSTANCE_ID }, { key })).Error?.Code, 'UnauthorizedOperation.NoCAMAuthed');
});

test('refuses values outside the rules', async () => {
  await using fixture = await openSite();
  for (const [parameters, message] of [
    [{ Limit: 0 }, 'Limit is 0; it must be 1 to 100.'],
    [{ Limit: 101 }, 'Limit is 101; it must be 1 to 100.'],
    [{ Offset: 5 }, 'Offset is 5; it must be a multiple of Limit, 20.'],
    [{ Offset: -20 }, 'Offset is -20; it must be a multiple of Limit, 20.'],
    [{ InstanceId: '' }, 'InstanceId is ""; it must be crs- and eight lower-case letters or digits.'],
    [{ TaskTypes: ['12'] }, 'TaskTypes.0 is "12"; it must be three digits, such as 012.'],
    [{ TaskTypes: Array(101).fill('012') }, 'TaskTypes has 101 elements; it must have at most 100.'],
    [{ Result: [3] }, 'Result holds 3; it must be 0, 1, 2 or 4.'],
    [{ BeginTime: '2026-02-30 00:00:00' }, 'BeginTime is "2026-02-30 00:00:00"; it must be a real time, yyyy-MM-dd HH:mm:ss.'],
    [
      { BeginTime: '2026-11-02 00:00:00', EndTime: '2026-11-01 00:00:00' },
      'BeginTime 2026-11-02 00:00:00 is later than EndTime 2026-11-01 00:00:00.',
    ],
  ] as const) {
    assert.deepEqual((await fixture.call(ACTION, parameters)).Error, { Code: 'InvalidParameter.InvalidParameter', Message: message });
  }
});
