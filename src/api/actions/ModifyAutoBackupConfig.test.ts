import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, instanceRow, OTHER_KEY, openApiFixture, SUB_KEY } from '../../../test/harness/api-fixture.ts';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

async function openFixture() {
  const fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  return {
    ...fixture,
    modify: (more: object) => fixture.call('ModifyAutoBackupConfig', { InstanceId: INSTANCE_ID, ...more }),
    describe: async () => {
      const { RequestId: _, ...config } = await fixture.call('DescribeAutoBackupConfig', { InstanceId: INSTANCE_ID });
      return config as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

test('an instance that was given no schedule has no days', async () => {
  await using fixture = await openFixture();
  assert.deepEqual(await fixture.describe(), {
    AutoBackupType: 1,
    WeekDays: [],
    TimePeriod: '00:00-01:00',
    BackupStorageDays: 7,
    BinlogStorageDays: 7,
  });
  assert.deepEqual(await fixture.catalog.schedules.active(), []);
});

test('what is absent stays, and is all days, the first hour and 7 days the first time', async () => {
  await using fixture = await openFixture();
  const { RequestId: _, ...first } = await fixture.modify({});
  assert.deepEqual(first, { AutoBackupType: 1, WeekDays: DAYS, TimePeriod: '00:00-01:00', BackupStorageDays: 7 });
  await fixture.modify({ WeekDays: ['Sunday', 'Monday'], AutoBackupType: 1 });
  await fixture.modify({ TimePeriod: '23:00-00:00' });
  await fixture.modify({ BackupStorageDays: 1825 });
  const expected = { AutoBackupType: 1, WeekDays: ['Monday', 'Sunday'], TimePeriod: '23:00-00:00', BackupStorageDays: 1825 };
  assert.deepEqual(await fixture.describe(), { ...expected, BinlogStorageDays: 7 });
});

test('WeekDays: in the order of the week, each once; an empty list is absent; another word is refused', async () => {
  await using fixture = await openFixture();
  const { WeekDays } = await fixture.modify({ WeekDays: ['Friday', 'Monday', 'Friday'] });
  assert.deepEqual(WeekDays, ['Monday', 'Friday']);
  for (const wrong of ['friday', '', 'Fri', '5', 'Friday ']) {
    assert.deepEqual((await fixture.modify({ WeekDays: ['Monday', wrong] })).Error, {
      Code: 'InvalidParameterValue.WeekDaysIsInvalid',
      Message: `WeekDays has ${JSON.stringify(wrong)}; each must be one of Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.`,
    });
  }
  assert.equal((await fixture.catalog.schedules.active()).length, 1);
  await fixture.modify({ WeekDays: [] });
  assert.deepEqual((await fixture.describe())['WeekDays'], ['Monday', 'Friday']);
});

test('StopAutoBackup leaves no days, keeps the rest, and is no fault where there is no schedule', async () => {
  await using fixture = await openFixture();
  const stop = (InstanceId: string) => fixture.call('StopAutoBackup', { InstanceId }, { version: '2026-11-24' });
  assert.equal((await stop(INSTANCE_ID)).Error, undefined);
  await fixture.modify({ TimePeriod: '05:00-06:00' });
  assert.equal((await stop(INSTANCE_ID)).Error, undefined);
  const { WeekDays, TimePeriod } = await fixture.describe();
  assert.deepEqual([WeekDays, TimePeriod], [[], '05:00-06:00']);
  assert.deepEqual(await fixture.catalog.schedules.active(), []);
  await fixture.modify({ WeekDays: ['Monday'] });
  assert.equal((await fixture.catalog.schedules.active()).length, 1);
  assert.equal((await stop('crs-1')).Error?.Code, 'InvalidParameter.InvalidParameter');
  assert.equal((await stop('crs-00000000')).Error?.Code, 'ResourceNotFound.InstanceNotExists');
});

test('TimePeriod: the 24 whole hours and nothing else', async () => {
  await using fixture = await openFixture();
  for (let hour = 0; hour < 24; hour++) {
    const TimePeriod = `${String(hour).padStart(2, '0')}:00-${String((hour + 1) % 24).padStart(2, '0')}:00`;
    assert.equal((await fixture.modify({ TimePeriod }))['TimePeriod'], TimePeriod);
    assert.equal((await fixture.catalog.schedules.get(INSTANCE_ID))?.hour, hour);
  }
  for (const TimePeriod of [
    '',
    '1:00-2:00',
    '01:00-03:00',
    '01:30-02:30',
    '23:00-24:00',
    '24:00-01:00',
    '01:00 - 02:00',
    '02:00-01:00',
    '01:00-02:00\n',
  ]) {
    assert.deepEqual((await fixture.modify({ TimePeriod })).Error, {
      Code: 'InvalidParameter.Period',
      Message: `TimePeriod is ${JSON.stringify(TimePeriod)}; it must be one whole hour, such as 01:00-02:00 or 23:00-00:00.`,
    });
  }
});

test('BackupStorageDays: 1 to 1825', async () => {
  await using fixture = await openFixture();
  for (const BackupStorageDays of [1, 1825]) {
    assert.equal((await fixture.modify({ BackupStorageDays }))['BackupStorageDays'], BackupStorageDays);
  }
  for (const BackupStorageDays of [0, -1, 1826]) {
    assert.deepEqual((await fixture.modify({ BackupStorageDays })).Error, {
      Code: 'InvalidParameter.InvalidParameter',
      Message: `BackupStorageDays is ${BackupStorageDays}; it must be 1 to 1825.`,
    });
  }
});

test('AutoBackupType other than 1, and a detached instance, are not supported', async () => {
  await using fixture = await openFixture();
  assert.deepEqual((await fixture.modify({ AutoBackupType: 2 })).Error, {
    Code: 'InvalidParameter.NotSupported',
    Message: 'AutoBackupType is 2; only 1 is supported.',
  });
  await fixture.catalog.instances.detach(INSTANCE_ID, 1);
  assert.deepEqual((await fixture.modify({})).Error, {
    Code: 'InvalidParameter.NotSupported',
    Message: `Instance ${INSTANCE_ID} is detached and is not backed up any more; attach the server again to schedule backups.`,
  });
  assert.equal((await fixture.describe())['Error'], undefined);
});

test('a change of days or hour counts from now on; a change of days to keep leaves the open window alone', async () => {
  await using fixture = await openFixture();
  const activeFrom = async () => (await fixture.catalog.schedules.get(INSTANCE_ID))?.activeFrom;
  const start = fixture.clock.now();
  await fixture.modify({ TimePeriod: '12:00-13:00' });
  fixture.clock.set(start + 1_000);
  await fixture.modify({ BackupStorageDays: 9, TimePeriod: '12:00-13:00', WeekDays: DAYS.toReversed() });
  assert.equal(await activeFrom(), start);
  fixture.clock.set(start + 2_000);
  await fixture.modify({ TimePeriod: '13:00-14:00' });
  assert.equal(await activeFrom(), start + 2_000);
  fixture.clock.set(start + 3_000);
  await fixture.modify({ WeekDays: ['Monday'] });
  assert.equal(await activeFrom(), start + 3_000);
});

for (const action of ['DescribeAutoBackupConfig', 'ModifyAutoBackupConfig']) {
  test(`${action} knows the instances of the caller and its region, and obeys policies`, async () => {
    await using fixture = await openFixture();
    const codeOf = async (InstanceId: string, more: object = {}) => (await fixture.call(action, { InstanceId }, more)).Error?.Code;
    assert.equal(await codeOf('crs-1'), 'InvalidParameter.InvalidParameter');
    assert.equal(await codeOf('crs-00000000'), 'ResourceNotFound.InstanceNotExists');
    assert.equal(await codeOf(INSTANCE_ID, { key: OTHER_KEY }), 'ResourceNotFound.InstanceNotExists');
    assert.equal(await codeOf(INSTANCE_ID, { region: 'ap-beijing' }), 'ResourceNotFound.InstanceNotExists');
    assert.equal(await codeOf(INSTANCE_ID, { key: SUB_KEY }), 'InvalidParameter.PermissionDenied');
  });
}
