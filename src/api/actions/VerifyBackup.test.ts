import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, INSTANCE_ID, insertExample, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { BACKUP_STATES } from '../../catalog/backup-state.ts';
import { ensureProofTask } from '../../catalog/proof-task.ts';

const ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const REDKEEP = { version: '2026-11-24' };

async function openFixture() {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  const verify = (ids: object = {}, options: object = {}) =>
    fixture.call('VerifyBackup', { InstanceId: INSTANCE_ID, BackupId: ID, ...ids }, { ...REDKEEP, ...options });
  return { ...fixture, verify, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

test('asks for a proof by hand, which leaves the instance free for backups', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.verify();
  const task = await fixture.catalog.tasks.get(TaskId as number);
  assert.deepEqual([task?.kind, task?.subject, task?.payload], ['prove-backup', '', JSON.stringify({ backupId: ID, byHand: true })]);
  assert.equal(fixture.wakes(), 1);
  const info = await fixture.call('DescribeTaskInfo', { TaskId });
  assert.equal(info['TaskType'], 'Verify backup');
  assert.equal((await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID })).Error, undefined);
});

test('while a verification is under way its task is returned; one by policy is not one', async () => {
  await using fixture = await openFixture();
  const backup = await fixture.catalog.backups.get(ID);
  assert.ok(backup !== undefined);
  const byPolicy = await fixture.catalog.transaction((tables) => ensureProofTask(tables, backup, { byHand: false, at: 1 }));
  const first = await fixture.verify();
  assert.notEqual(first['TaskId'], byPolicy);
  assert.equal((await fixture.verify())['TaskId'], first['TaskId']);
});

test('takes backups that have bytes and refuses all others', async () => {
  await using fixture = await openFixture();
  for (const state of BACKUP_STATES) {
    const BackupId = `in-state-${state}`;
    await fixture.catalog.backups.insert(backupRow({ backupId: BackupId, state }));
    const refused = (await fixture.verify({ BackupId })).Error;
    const expected = ['available', 'converting', 'converted'].includes(state)
      ? undefined
      : state === 'failed'
        ? 'InvalidParameterValue.BackupNotExists'
        : 'ResourceUnavailable.BackupStatusAbnormal';
    assert.equal(refused?.Code, expected, state);
  }
  assert.equal(
    (await fixture.verify({ BackupId: 'in-state-expired' })).Error?.Message,
    'Backup in-state-expired is expired; it must be normal, converting or converted.',
  );
});

test('an unknown backup or instance, a malformed id and another account are refused', async () => {
  await using fixture = await openFixture();
  for (const [ids, options, code] of [
    [{ BackupId: 'none' }, {}, 'InvalidParameterValue.BackupNotExists'],
    [{ InstanceId: 'crs-00000000' }, {}, 'ResourceNotFound.InstanceNotExists'],
    [{ InstanceId: 'nonsense' }, {}, 'InvalidParameter.InvalidParameter'],
    [{}, { key: OTHER_KEY }, 'ResourceNotFound.InstanceNotExists'],
  ] as const) {
    assert.equal((await fixture.verify(ids, options)).Error?.Code, code);
  }
  assert.equal(fixture.wakes(), 0);
});
