import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT, type ApiFixture, at, INSTANCE_ID, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import type { SignOptions } from '../../../test/harness/signed-request.ts';
import { addUser } from '../../../test/harness/users.ts';
import type { NewEvent } from '../../catalog/events.ts';

const OTHER_ID = 'crs-aaaaaaaa';

/** Four events, told by their keys: of an instance, of another, of the first again in the same second, of the whole service; and those of others. */
async function openSite(): Promise<ApiFixture> {
  const fixture = await openApiFixture();
  const { catalog } = fixture;
  await catalog.instances.insert(instanceRow());
  await catalog.instances.insert(instanceRow({ instanceId: OTHER_ID, name: 'other' }));
  const record = (key: string, time: string, changes: Partial<NewEvent> = {}) =>
    catalog.events.record({
      kind: 'schedule-failed',
      key,
      at: at(time),
      accountId: ACCOUNT,
      region: 'ap-guangzhou',
      instanceId: INSTANCE_ID,
      message: `message of ${key}`,
      ...changes,
    });
  await record('failed', '2026-11-20 10:00:00');
  await record('missed', '2026-11-21 10:00:00', { kind: 'schedule-missed', instanceId: OTHER_ID });
  await record('proof', '2026-11-21 10:00:00', { kind: 'proof-failed', at: at('2026-11-21 10:00:00') + 999 });
  await record('clock', '2026-11-22 10:00:00', { kind: 'expiry-stopped', region: '', instanceId: '' });
  await record('beijing', '2026-11-22 10:00:00', { region: 'ap-beijing' });
  await record('stranger', '2026-11-22 10:00:00', { accountId: '200000000001' });
  return fixture;
}

async function list(fixture: ApiFixture, parameters: object = {}, options: Partial<SignOptions> = {}) {
  const answer = await fixture.call('DescribeEvents', parameters, { version: '2026-11-24', ...options });
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  const { TotalCount, Events } = answer as unknown as { TotalCount: number; Events: Array<{ Key: string }> };
  return { total: TotalCount, events: Events, keys: Events.map(({ Key }) => Key) };
}

test('events: of the account and region and of the whole service, newest first, with what the webhook sends', async () => {
  await using fixture = await openSite();
  const { total, events, keys } = await list(fixture);
  assert.deepEqual([total, keys], [4, ['clock', 'proof', 'missed', 'failed']]);
  const { EventId, ...rest } = events[3] as unknown as Record<string, unknown>;
  assert.ok(Number(EventId) > 0);
  const failed = {
    Kind: 'schedule-failed',
    Key: 'failed',
    Time: '2026-11-20 10:00:00',
    InstanceId: INSTANCE_ID,
    Message: 'message of failed',
    DeliveredTime: '',
  };
  assert.deepEqual(rest, failed);
  await fixture.catalog.events.markDelivered(Number(EventId), at('2026-11-20 10:00:05'));
  assert.deepEqual((await list(fixture)).events[3], { EventId, ...failed, DeliveredTime: '2026-11-20 10:00:05' });
  assert.deepEqual((await list(fixture, {}, { region: 'ap-beijing' })).keys.sort(), ['beijing', 'clock']);
  assert.deepEqual((await list(fixture, {}, { key: OTHER_KEY })).keys, ['stranger']);
});

describe('filters', () => {
  const cases: Array<[name: string, parameters: object, keys: string[], total?: number]> = [
    ['InstanceId', { InstanceId: INSTANCE_ID }, ['proof', 'failed']],
    ['an instance that does not exist', { InstanceId: 'crs-00000000' }, []],
    ['Kinds', { Kinds: ['schedule-failed', 'expiry-stopped', 'schedule-failed'] }, ['clock', 'failed']],
    ['BeginTime, inclusive', { BeginTime: '2026-11-21 10:00:00' }, ['clock', 'proof', 'missed']],
    ['EndTime, its whole second', { EndTime: '2026-11-21 10:00:00' }, ['proof', 'missed', 'failed']],
    ['empty list', { Kinds: [] }, ['clock', 'proof', 'missed', 'failed']],
    ['several together', { InstanceId: INSTANCE_ID, Kinds: ['proof-failed', 'schedule-missed'] }, ['proof']],
    ['a page', { Limit: 1, Offset: 1 }, ['proof'], 4],
    ['past the end', { Limit: 2, Offset: 4 }, [], 4],
  ];
  for (const [name, parameters, keys, total = keys.length] of cases) {
    test(name, async () => {
      await using fixture = await openSite();
      const listed = await list(fixture, parameters);
      assert.deepEqual([listed.keys, listed.total], [keys, total]);
    });
  }
});

test('a user sees the events of the instances that it may see, and none about the whole service', async () => {
  await using fixture = await openSite();
  const { key } = await addUser(fixture, {
    action: 'redkeep:DescribeEvents',
    resource: `qcs::redis:ap-guangzhou::instance/${INSTANCE_ID}`,
  });
  assert.deepEqual((await list(fixture, {}, { key })).keys, ['proof', 'failed']);
  const denied = await fixture.call('DescribeEvents', { InstanceId: OTHER_ID }, { version: '2026-11-24', key });
  assert.equal(denied.Error?.Code, 'AuthFailure.UnauthorizedOperation');
  const { key: everywhere } = await addUser(fixture, { action: 'redkeep:Describe*' });
  assert.equal((await list(fixture, {}, { key: everywhere })).total, 4);
});

test('what says nothing clear is refused, in both languages', async () => {
  await using fixture = await openSite();
  for (const [parameters, message] of [
    [
      { Kinds: ['alarm'] },
      'Kinds.0 is "alarm"; it must be one of schedule-failed, schedule-missed, expiry-stopped, proof-failed, snapshot-failed.',
    ],
    [{ InstanceId: '' }, 'InstanceId is ""; it must be crs- and eight lower-case letters or digits.'],
    [{ Limit: 0 }, 'Limit is 0; it must be 1 to 100.'],
    [{ Limit: 101 }, 'Limit is 101; it must be 1 to 100.'],
    [{ Limit: 10, Offset: 5 }, 'Offset is 5; it must be a multiple of Limit, 10.'],
    [{ Offset: -20 }, 'Offset is -20; it must be a multiple of Limit, 20.'],
    [{ BeginTime: '2026-02-30 00:00:00' }, 'BeginTime is "2026-02-30 00:00:00"; it must be a real time, yyyy-MM-dd HH:mm:ss.'],
    [
      { BeginTime: '2026-11-21 00:00:00', EndTime: '2026-11-20 00:00:00' },
      'BeginTime 2026-11-21 00:00:00 is later than EndTime 2026-11-20 00:00:00.',
    ],
  ] as const) {
    const refused = await fixture.call('DescribeEvents', parameters, { version: '2026-11-24' });
    assert.deepEqual(refused.Error, { Code: 'InvalidParameter.InvalidParameter', Message: message });
    const chinese = await fixture.call('DescribeEvents', parameters, {
      version: '2026-11-24',
      headers: { 'x-tc-language': 'zh-CN' },
    });
    assert.match(chinese.Error?.Message ?? '', /必须|晚于/);
  }
});
