import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, INSTANCE_ID, insertExample, instanceRow, MACHINE, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';

const ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const ORDER = {
  InstanceId: INSTANCE_ID,
  GoodsNum: 1,
  ZoneId: 100001,
  BillingMode: 0,
  Period: 1,
  BackupId: ID,
  Password: 'correct-horse-7',
};

async function openFixture(options: Parameters<typeof openApiFixture>[0] = {}) {
  const fixture = await openApiFixture(options);
  await insertExample(fixture.catalog);
  const clone = (parameters: object = {}) => fixture.call('CloneInstances', { ...ORDER, ...parameters });
  return { ...fixture, clone, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

test('clone: an order like any other, of the engine and the size that the backup needs', async () => {
  const engines = ['8.0.1', '7.0.15', '7.0.9'].map((serverVersion) => ({ serverKind: 'redis', serverVersion }));
  await using fixture = await openFixture({ machine: { ...MACHINE, engines: async () => engines } });
  const { catalog } = fixture;
  const answer = await fixture.clone({ GoodsNum: 2, InstanceName: 'copy', ResourceTags: [{ TagKey: 'team', TagValue: 'a' }] });
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  const ids = answer['InstanceIds'] as string[];
  assert.equal(answer['DealId'], answer['DealName']);
  for (const [index, id] of ids.entries()) {
    const row = await catalog.instances.get(id);
    assert.deepEqual(
      [row?.name, row?.kind, row?.state, row?.serverKind, row?.serverVersion, row?.maxMemoryBytes, row?.zoneId],
      [`copy_${index + 1}`, 'managed', 'creating', 'redis', '7.0.15', 2 ** 30, 100001],
    );
    assert.deepEqual(fixture.sealed.get(id), { password: ORDER.Password });
  }
  const tasks = await catalog.tasks.allOfSubject(String(answer['DealId']));
  assert.deepEqual(
    tasks.map(({ kind, payload }) => [kind, payload]),
    Array(2).fill(['clone-instance', JSON.stringify({ port: 0, backupId: ID })]),
  );
  assert.equal((await catalog.tags.ofInstances(ids)).length, 2);

  await catalog.instances.insert(
    instanceRow({ instanceId: 'crs-ordered0', kind: 'managed', state: 'detached', maxMemoryBytes: 3 * 2 ** 30 }),
  );
  await catalog.backups.insert(backupRow({ backupId: 'of-the-ordered', instanceId: 'crs-ordered0' }));
  const [same = ''] = (await fixture.clone({ InstanceId: 'crs-ordered0', BackupId: 'of-the-ordered' }))['InstanceIds'] as string[];
  assert.equal((await catalog.instances.get(same))?.maxMemoryBytes, 3 * 2 ** 30);
});

test('clone: what cannot be cloned has its code, and nothing is created', async () => {
  await using fixture = await openFixture();
  const { catalog } = fixture;
  for (const state of ['running', 'expired', 'failed'] as const) {
    await catalog.backups.insert(backupRow({ backupId: `of-state-${state}`, state }));
  }
  await catalog.backups.insert(backupRow({ backupId: 'newer', serverVersion: '7.2.0' }));
  await catalog.backups.insert(backupRow({ backupId: 'valkey', serverKind: 'valkey', serverVersion: '7.0.0' }));
  await catalog.backups.insert(backupRow({ backupId: 'huge', sizeBytes: 40 * 2 ** 30 }));
  await catalog.backups.insert(backupRow({ backupId: 'large', sizeBytes: 9 * 2 ** 30 }));
  for (const [parameters, code, message] of [
    [{ BackupId: 'none' }, 'InvalidParameterValue.CheckNotPass', /has no such backup/],
    [{ BackupId: 'of-state-failed' }, 'InvalidParameterValue.CheckNotPass', /has no such backup/],
    [{ BackupId: 'of-state-running' }, 'InvalidParameterValue.CheckNotPass', /is running; it must be normal/],
    [{ BackupId: 'of-state-expired' }, 'InvalidParameterValue.CheckNotPass', /is expired/],
    [{ BackupId: 'newer' }, 'ResourceUnavailable.NoRedisService', /is of redis 7\.2\.0; this machine has redis 7\.0\.15: install/],
    [{ BackupId: 'valkey' }, 'ResourceUnavailable.NoRedisService', /is of valkey 7\.0\.0/],
    [{ BackupId: 'huge' }, 'InvalidParameterValue.SpecNotExist', /needs 81920 MB/],
    [{ BackupId: 'large' }, 'ResourceInsufficient', /18432 MB of memory are ordered/],
    [{ InstanceId: 'crs-unknown0' }, 'ResourceNotFound.InstanceNotExists', /crs-unknown0/],
    [{ InstanceId: '' }, 'InvalidParameter.EmptyParam', /InstanceId is empty/],
    [{ BackupId: '' }, 'InvalidParameter.EmptyParam', /BackupId is empty/],
    [{ InstanceId: 'nonsense' }, 'InvalidParameter.InvalidParameter', /must be crs-/],
    [{ Password: '' }, 'InvalidParameterValue.PasswordEmpty', /Password is empty/],
    [{ Password: 'short' }, 'InvalidParameterValue.PasswordRuleError', /8 to 64/],
    [{ NoAuth: true }, 'InvalidParameterValue.PasswordFreeDenied', /NoAuth/],
    [{ GoodsNum: 0 }, 'LimitExceeded.InvalidParameterGoodsNumNotInRange', /GoodsNum is 0/],
    [{ Period: 0 }, 'LimitExceeded.PeriodLessThanMinLimit', /Period is 0/],
    [{ BillingMode: 1 }, 'UnsupportedOperation', /BillingMode is 1/],
    [{ VpcId: 'vpc-1' }, 'InvalidParameterValue.UnVpcIdNotExists', /VpcId/],
    [{ SubnetId: 'subnet-1' }, 'InvalidParameterValue.InvalidSubnetId', /SubnetId/],
    [{ SecurityGroupIdList: ['sg-1'] }, 'InvalidParameterValue.SecurityGroupIdsNotExists', /SecurityGroupIdList/],
    [{ ZoneId: 200001 }, 'InvalidParameter.InvalidParameter', /ZoneId 200001/],
    [{ CloneTime: '2026-11-24 00:00:00' }, 'UnsupportedOperation', /CloneTime/],
    [{ EnableSSL: true }, 'UnsupportedOperation', /EnableSSL/],
    [{ ProductVersion: 'localv2' }, 'UnsupportedOperation', /ProductVersion/],
    [{ PasswordPolicy: { Enabled: true } }, 'UnsupportedOperation', /PasswordPolicy/],
  ] as const) {
    const { Error: error } = await fixture.clone(parameters);
    assert.equal(error?.Code, code, JSON.stringify([parameters, error]));
    assert.match(error?.Message ?? '', message);
  }
  assert.equal((await catalog.instances.managedTotals()).instances, 0);
  await using elsewhere = await openFixture({ isMachine: false });
  assert.equal((await elsewhere.clone()).Error?.Code, 'UnsupportedOperation');
});

test('clone: who may clone one instance may not create others by that', async () => {
  await using fixture = await openFixture();
  const source = { action: 'redis:CloneInstances', resource: `qcs::redis:ap-guangzhou::instance/${INSTANCE_ID}` };
  const outcome = async (...statements: Parameters<typeof addUser>[1][]) => {
    const { key } = await addUser(fixture, ...statements);
    return (await fixture.call('CloneInstances', ORDER, { key })).Error?.Code;
  };
  assert.equal(await outcome(source), 'UnauthorizedOperation.NoCAMAuthed');
  assert.equal(await outcome(source, { action: 'redis:CreateInstances' }), undefined);
});
