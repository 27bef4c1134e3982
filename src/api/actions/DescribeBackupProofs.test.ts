import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, backupRow, INSTANCE_ID, insertExample, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';

const FIRST = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const SECOND = '6cbbf53a-affe-11e8-905b-4846fb00c75d';

async function openFixture() {
  const fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  const describe = (parameters: object, options: object = {}) =>
    fixture.call('DescribeBackupProofs', { InstanceId: INSTANCE_ID, ...parameters }, { version: '2026-11-24', ...options });
  return { ...fixture, describe, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

test('tells the last proof and scrub of each backup, in the order asked for; others are left out', async () => {
  await using fixture = await openFixture();
  const { catalog } = fixture;
  const provenAt = at('2018-09-04 13:00:00');
  const proof = { state: 'proven', at: provenAt, serverKind: 'redis', serverVersion: '7.0.15', message: '3 keys' } as const;
  await catalog.lifecycle.recordProof(SECOND, proof);
  await catalog.lifecycle.recordScrub(SECOND, { state: 'intact', at: provenAt + 1_000, message: '' }, provenAt);
  await catalog.instances.insert(instanceRow({ instanceId: 'crs-00000001' }));
  await catalog.backups.insert(backupRow({ backupId: 'of-another', instanceId: 'crs-00000001' }));
  await catalog.backups.insert(backupRow({ backupId: 'failed', state: 'failed' }));
  const answer = await fixture.describe({ BackupIds: ['none', SECOND, 'of-another', 'failed', FIRST] });
  assert.deepEqual(answer['Proofs'], [
    {
      BackupId: SECOND,
      State: 'proven',
      Time: '2018-09-04 13:00:00',
      ServerKind: 'redis',
      ServerVersion: '7.0.15',
      Message: '3 keys',
      ScrubState: 'intact',
      ScrubTime: '2018-09-04 13:00:01',
    },
    {
      BackupId: FIRST,
      State: 'unproven',
      Time: '',
      ServerKind: '',
      ServerVersion: '',
      Message: '',
      ScrubState: 'unchecked',
      ScrubTime: '',
    },
  ]);
  const whole = await fixture.call('DescribeBackup', { InstanceId: INSTANCE_ID, BackupId: SECOND }, { version: '2026-11-24' });
  assert.deepEqual(whole['Proof'], {
    State: 'proven',
    Time: '2018-09-04 13:00:00',
    ServerKind: 'redis',
    ServerVersion: '7.0.15',
    Message: '3 keys',
  });
  assert.deepEqual(whole['Scrub'], { State: 'intact', Time: '2018-09-04 13:00:01', Message: '' });
});

test('takes 1 to 100 ids of an instance that the caller has', async () => {
  await using fixture = await openFixture();
  const codeOf = async (parameters: object, options: object = {}) => (await fixture.describe(parameters, options)).Error?.Code;
  assert.equal(await codeOf({ BackupIds: Array(100).fill(FIRST) }), undefined);
  assert.equal(await codeOf({ BackupIds: Array(101).fill(FIRST) }), 'InvalidParameter.InvalidParameter');
  assert.equal(await codeOf({ BackupIds: [] }), 'MissingParameter');
  assert.equal(await codeOf({ BackupIds: [FIRST], InstanceId: 'nonsense' }), 'InvalidParameter.InvalidParameter');
  assert.equal(await codeOf({ BackupIds: [FIRST], InstanceId: 'crs-00000000' }), 'ResourceNotFound.InstanceNotExists');
  assert.equal(await codeOf({ BackupIds: [FIRST] }, { key: OTHER_KEY }), 'ResourceNotFound.InstanceNotExists');
});
