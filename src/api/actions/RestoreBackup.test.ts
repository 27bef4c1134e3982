import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, INSTANCE_ID, insertExample, instanceRow, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';
import type { RestorePayload } from '../../catalog/restores.ts';

const ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const OTHER = 'crs-other000';
const REDKEEP = { version: '2026-11-24' };

async function openFixture() {
  const fixture = await openApiFixture();
  const { catalog, call } = fixture;
  await insertExample(catalog);
  await catalog.instances.insert(instanceRow({ instanceId: OTHER, name: 'other', state: 'detached' }));
  await catalog.backups.insert(backupRow({ backupId: 'of-the-other', instanceId: OTHER, sizeBytes: 777 }));
  const restore = (parameters: object = {}, options: object = {}) =>
    call('RestoreBackup', { InstanceId: INSTANCE_ID, BackupId: ID, ...parameters }, { ...REDKEEP, ...options });
  const payloadOf = async (answer: { [name: string]: unknown }) =>
    JSON.parse((await catalog.tasks.get(answer['TaskId'] as number))?.payload ?? 'null') as RestorePayload;
  return { ...fixture, restore, payloadOf, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

test('a backup of a detached instance goes to another one, as it is told', async () => {
  await using fixture = await openFixture();
  const of = { BackupId: 'of-the-other', BackupInstanceId: OTHER };
  const answer = await fixture.restore({
    ...of,
    ...{ KeyPattern: 'a*', Databases: [3, 3, 0], Types: ['hash'], Replace: true, TtlPolicy: 'shift', TtlShift: -60, SafetyBackup: false },
  });
  assert.deepEqual(await fixture.payloadOf(answer), {
    filter: { pattern: 'a*', databases: [3, 0], types: ['hash'] },
    replaceExisting: true,
    ttl: { kind: 'shift', byMs: -60_000 },
    dryRun: false,
    backupId: 'of-the-other',
    safety: null,
  });
  const seen = await fixture.call('DescribeRestore', { TaskId: answer['TaskId'] }, REDKEEP);
  assert.deepEqual(
    [seen['Status'], seen['InstanceId'], seen['BackupId'], seen['BackupSize'], seen['SafetyBackupId'], seen['Way']],
    ['preparing', INSTANCE_ID, 'of-the-other', 777, '', ''],
  );
});

test('a dry run takes no safety backup, and the instance serves on', async () => {
  await using fixture = await openFixture();
  const answer = await fixture.restore({ DryRun: true });
  const { safety, dryRun, filter } = await fixture.payloadOf(answer);
  assert.deepEqual([safety, dryRun, filter], [null, true, undefined]);
  assert.equal((await fixture.catalog.instances.get(INSTANCE_ID))?.state, 'online');
});

test('values that make no sense are refused by name', async () => {
  await using fixture = await openFixture();
  for (const [parameters, message] of [
    [{ KeyPattern: '' }, /KeyPattern has 0 characters/],
    [{ KeyPattern: 'x'.repeat(1025) }, /KeyPattern has 1025 characters; it must have 1 to 1024/],
    [{ Databases: [-1] }, /Databases holds -1/],
    [{ Databases: Array(1025).fill(0) }, /Databases has 1025 elements/],
    [{ Types: ['strings'] }, /Types holds "strings"; it must hold some of string, list, set, zset, hash, stream, module/],
    [{ Replace: true }, /Replace needs KeyPattern, Databases or Types/],
    [{ TtlPolicy: 'never' }, /TtlPolicy is "never"; it must be keep, drop or shift/],
    [{ TtlPolicy: 'shift' }, /go together/],
    [{ TtlShift: 5 }, /go together/],
    [{ TtlPolicy: 'shift', TtlShift: 32_000_000_001 }, /TtlShift is 32000000001/],
    [{ BackupInstanceId: 'nonsense' }, /must be crs-/],
  ] as const) {
    const { Error: error } = await fixture.restore(parameters);
    assert.equal(error?.Code, 'InvalidParameter.InvalidParameter');
    assert.match(error?.Message ?? '', message);
  }
  assert.equal((await fixture.restore({ BackupId: 'of-the-other' })).Error?.Code, 'InvalidParameterValue.BackupNotExists');
  assert.equal(fixture.wakes(), 0);
});

test('who may restore to one instance and not read the other gets nothing of it', async () => {
  await using fixture = await openFixture();
  const { key } = await addUser(fixture, {
    action: 'redkeep:RestoreBackup',
    resource: `qcs::redis:ap-guangzhou::instance/${INSTANCE_ID}`,
  });
  assert.equal(
    (await fixture.restore({ BackupId: 'of-the-other', BackupInstanceId: OTHER }, { key })).Error?.Code,
    'AuthFailure.UnauthorizedOperation',
  );
  assert.equal((await fixture.restore({}, { key })).Error, undefined);
});

test('DescribeRestore tells of restores only, and of those alone that the caller may see', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.restore();
  await fixture.catalog.restores.setOutcome(TaskId as number, {
    way: 'replication',
    counts: { keys: 3, byDatabase: { 0: 2, 5: 1 }, byType: { string: 3 } },
    existing: 0,
    report: ['odd'],
  });
  const seen = await fixture.call('DescribeRestore', { TaskId }, REDKEEP);
  assert.deepEqual(
    [seen['Way'], seen['Keys'], seen['ByDatabase'], seen['ByType'], seen['Report']],
    [
      'replication',
      3,
      [
        { Name: '0', Keys: 2 },
        { Name: '5', Keys: 1 },
      ],
      [{ Name: 'string', Keys: 3 }],
      ['odd'],
    ],
  );
  const backupTask = (await fixture.call('VerifyBackup', { InstanceId: INSTANCE_ID, BackupId: ID }, REDKEEP))['TaskId'];
  for (const unknown of [backupTask, 999]) {
    const { Error: error } = await fixture.call('DescribeRestore', { TaskId: unknown }, REDKEEP);
    assert.deepEqual(error, {
      Code: 'InvalidParameter.InvalidParameter',
      Message: `TaskId ${unknown} is not the task of a restore in region ap-guangzhou.`,
    });
  }
});

test('DescribeRestore tells the phase and its bytes while the restore runs, and neither before nor after', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.restore();
  const read = async () => {
    const { Status, Phase, DoneBytes, TotalBytes } = await fixture.call('DescribeRestore', { TaskId }, REDKEEP);
    return [Status, Phase, DoneBytes, TotalBytes];
  };
  assert.deepEqual(await read(), ['preparing', '', 0, 0]);
  const { lease } = (await fixture.catalog.tasks.claim('worker', ['restore-instance'], 60_000)) ?? {};
  assert.ok(lease !== undefined);
  assert.deepEqual(await read(), ['running', '', 0, 0]);
  await fixture.catalog.tasks.heartbeat(lease, 60_000, 0.5, { name: 'transferring', doneBytes: 3, totalBytes: 9 });
  assert.deepEqual(await read(), ['running', 'transferring', 3, 9]);
  await fixture.catalog.tasks.retryLater(lease, 'the server is gone', 0);
  assert.deepEqual(await read(), ['preparing', '', 0, 0]);
  const again = await fixture.catalog.tasks.claim('worker', ['restore-instance'], 60_000);
  assert.deepEqual(await read(), ['running', '', 0, 0]);
  await fixture.catalog.tasks.succeed(again?.lease ?? lease);
  assert.deepEqual(await read(), ['succeed', '', 0, 0]);
});

test('DescribeRestore is denied to who may not see the instance that the backup is of', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.restore({ BackupId: 'of-the-other', BackupInstanceId: OTHER });
  const outcome = async (...denied: string[]) => {
    const statements = denied.map((id) => ({ effect: 'deny' as const, resource: `qcs::redis:ap-guangzhou::instance/${id}` }));
    const { key } = await addUser(fixture, {}, ...statements);
    return (await fixture.call('DescribeRestore', { TaskId }, { ...REDKEEP, key })).Error?.Code;
  };
  assert.equal(await outcome(), undefined);
  assert.equal(await outcome(INSTANCE_ID), 'InvalidParameter.InvalidParameter');
  assert.equal(await outcome(OTHER), 'InvalidParameter.InvalidParameter');
});
