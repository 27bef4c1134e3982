import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, INSTANCE_ID, insertExample, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { BACKUP_STATES } from '../../catalog/backup-state.ts';

const OLD = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const NEWEST = '6cbbf53a-affe-11e8-905b-4846fb00c75d';
const REDKEEP = { version: '2026-11-24' };
const DOWNLOAD = { kind: 'download', id: 'x' } as const;

/** The API with the contract's example; both its backups are long past their days. */
async function openFixture(options: object = {}) {
  const fixture = await openApiFixture(options);
  await insertExample(fixture.catalog);
  const remove = (BackupId: string, more: object = {}) =>
    fixture.call('DeleteBackup', { InstanceId: INSTANCE_ID, BackupId, ...more }, REDKEEP);
  return { ...fixture, remove, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

test('expires a backup without grace and asks for its removal in one', async () => {
  await using fixture = await openFixture();
  const { TaskId } = await fixture.remove(OLD);
  const task = await fixture.catalog.tasks.get(TaskId as number);
  assert.deepEqual([task?.kind, task?.subject, task?.payload], ['remove-backup', '', JSON.stringify({ backupId: OLD })]);
  const backup = await fixture.catalog.backups.get(OLD);
  assert.deepEqual([backup?.state, backup?.removableAt], ['expired', fixture.clock.now()]);
  assert.equal(fixture.wakes(), 1);
  const listed = await fixture.call('DescribeInstanceBackups', { InstanceId: INSTANCE_ID, Status: [-1] });
  assert.equal(listed['TotalCount'], 1);
});

test('a second call gets the task that is under way', async () => {
  await using fixture = await openFixture();
  const first = await fixture.remove(OLD);
  assert.equal((await fixture.remove(OLD))['TaskId'], first['TaskId']);
});

test('ends the grace of an expired backup', async () => {
  await using fixture = await openFixture();
  const at = fixture.clock.now();
  await fixture.catalog.lifecycle.expire(OLD, { at, removableAt: at + 86_400_000, keepMin: 1 });
  await fixture.remove(OLD);
  assert.equal((await fixture.catalog.backups.get(OLD))?.removableAt, at);
});

test('refuses a locked backup and one that is used, forced or not', async () => {
  await using fixture = await openFixture();
  const at = fixture.clock.now();
  await fixture.catalog.lifecycle.hold(OLD, DOWNLOAD, { at, until: at + 1 });
  const code = 'ResourceUnavailable.BackupLockedError';
  for (const Force of [false, true]) {
    assert.deepEqual((await fixture.remove(OLD, { Force })).Error, {
      Code: code,
      Message: `Backup ${OLD} is being used; try again when that has ended. DescribeBackup tells by whom.`,
    });
  }
  await fixture.catalog.lifecycle.lock(OLD);
  for (const Force of [false, true]) {
    assert.deepEqual((await fixture.remove(OLD, { Force })).Error, {
      Code: code,
      Message: `Backup ${OLD} is locked; unlock it first with UnlockBackup.`,
    });
  }
  assert.equal((await fixture.catalog.backups.get(OLD))?.state, 'available');
  await fixture.catalog.lifecycle.unlock(OLD);
  fixture.clock.set(at + 1);
  assert.equal((await fixture.remove(OLD)).Error, undefined);
});

test('refuses what the floor has, unless forced', async () => {
  await using fixture = await openFixture();
  const at = fixture.clock.now();
  await fixture.catalog.lifecycle.recordProof(OLD, { state: 'proven', at, serverKind: 'redis', serverVersion: '7.0.15', message: '' });
  for (const id of [OLD, NEWEST]) {
    assert.deepEqual((await fixture.remove(id)).Error, {
      Code: 'OperationDenied.BackupKept',
      Message: `Backup ${id} is one of the newest of its instance that can be relied on; take a newer one first, or set Force.`,
    });
    assert.equal((await fixture.remove(id, { Force: true })).Error, undefined);
  }
});

test('the floor has as many of the newest as the service is told to keep', async () => {
  await using fixture = await openFixture({ keepMin: 2 });
  assert.equal((await fixture.remove(OLD)).Error?.Code, 'OperationDenied.BackupKept');
});

test('says of which state a backup must be', async () => {
  await using fixture = await openFixture();
  for (const state of BACKUP_STATES) {
    const backupId = `in-${state}`;
    await fixture.catalog.backups.insert(backupRow({ backupId, state, removableAt: state === 'expired' ? 1 : null }));
    const { Error: error } = await fixture.remove(backupId);
    if (state === 'available' || state === 'converted' || state === 'expired') {
      assert.equal(error, undefined, state);
    } else if (state === 'failed') {
      assert.equal(error?.Code, 'InvalidParameterValue.BackupNotExists');
    } else {
      assert.deepEqual(error, {
        Code: 'ResourceUnavailable.BackupStatusAbnormal',
        Message: `Backup ${backupId} is ${state}; it must be normal, converted or expired.`,
      });
    }
  }
});

for (const action of ['DeleteBackup', 'LockBackup', 'UnlockBackup', 'DescribeBackup']) {
  test(`${action} knows only backups of that instance, and instances of the caller`, async () => {
    await using fixture = await openFixture();
    await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-another1' }));
    const codeOf = async (InstanceId: string, BackupId: string, more: object = {}) =>
      (await fixture.call(action, { InstanceId, BackupId }, { ...REDKEEP, ...more })).Error;
    assert.deepEqual(await codeOf('crs-another1', OLD), {
      Code: 'InvalidParameterValue.BackupNotExists',
      Message: `BackupId is "${OLD}"; instance crs-another1 has no such backup.`,
    });
    assert.equal((await codeOf(INSTANCE_ID, 'none'))?.Code, 'InvalidParameterValue.BackupNotExists');
    assert.equal((await codeOf('crs-1', OLD))?.Code, 'InvalidParameter.InvalidParameter');
    assert.equal((await codeOf('crs-00000000', OLD))?.Code, 'ResourceNotFound.InstanceNotExists');
    assert.equal((await codeOf(INSTANCE_ID, OLD, { key: OTHER_KEY }))?.Code, 'ResourceNotFound.InstanceNotExists');
    assert.equal((await codeOf(INSTANCE_ID, OLD, { region: 'ap-beijing' }))?.Code, 'ResourceNotFound.InstanceNotExists');
  });
}

test('LockBackup and UnlockBackup take effect, twice as once, and refuse what has no bytes to come', async () => {
  await using fixture = await openFixture();
  const call = (action: string, BackupId: string) => fixture.call(action, { InstanceId: INSTANCE_ID, BackupId }, REDKEEP);
  for (const [action, locked] of [
    ['LockBackup', true],
    ['LockBackup', true],
    ['UnlockBackup', false],
    ['UnlockBackup', false],
  ] as const) {
    assert.equal((await call(action, OLD)).Error, undefined);
    assert.equal((await fixture.catalog.backups.get(OLD))?.locked, locked);
  }
  await fixture.remove(OLD);
  for (const action of ['LockBackup', 'UnlockBackup']) {
    assert.deepEqual((await call(action, OLD)).Error, {
      Code: 'ResourceUnavailable.BackupStatusAbnormal',
      Message: `Backup ${OLD} is expired; it must be in process, normal, converting or converted.`,
    });
  }
});

test('DescribeBackup tells of lock, holds, proof, floor and removal', async () => {
  await using fixture = await openFixture();
  const at = fixture.clock.now();
  const describe = async () => {
    const { RequestId: _, Backup, ...life } = await fixture.call('DescribeBackup', { InstanceId: INSTANCE_ID, BackupId: OLD }, REDKEEP);
    const { Status, Locked } = Backup as { Status: number; Locked: number };
    return { Status, Locked, ...life } as Record<string, unknown>;
  };
  await fixture.catalog.lifecycle.lock(OLD);
  await fixture.catalog.lifecycle.hold(OLD, DOWNLOAD, { at, until: at + 60_000 });
  await fixture.catalog.lifecycle.recordProof(OLD, {
    state: 'failed',
    at,
    serverKind: 'redis',
    serverVersion: '7.0.15',
    message: 'one key is lacking',
  });
  assert.deepEqual(await describe(), {
    Status: 2,
    Locked: 1,
    UserLocked: true,
    Holds: [{ Kind: 'download', Id: 'x', EndTime: '2026-11-24 12:01:00' }],
    Kept: false,
    Proof: { State: 'failed', Time: '2026-11-24 12:00:00', ServerKind: 'redis', ServerVersion: '7.0.15', Message: 'one key is lacking' },
    Scrub: { State: 'unchecked', Time: '', Message: '' },
    RemovalTime: '',
    DeletedTime: '',
  });
  await fixture.catalog.lifecycle.unlock(OLD);
  fixture.clock.set(at + 60_000);
  await fixture.remove(OLD);
  const removing = await describe();
  assert.deepEqual(
    [removing['Status'], removing['Locked'], removing['Holds'], removing['RemovalTime']],
    [-1, 0, [], '2026-11-24 12:01:00'],
  );
  await fixture.catalog.lifecycle.markDeleted(OLD, at + 120_000);
  const deleted = await describe();
  assert.deepEqual([deleted['Status'], deleted['RemovalTime'], deleted['DeletedTime']], [-2, '', '2026-11-24 12:02:00']);
});
