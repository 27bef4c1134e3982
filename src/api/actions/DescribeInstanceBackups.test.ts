import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Answer,
  type ApiFixture,
  at,
  backupRow,
  INSTANCE_ID,
  insertExample,
  instanceRow,
  KEY,
  OTHER_KEY,
  openApiFixture,
} from '../../../test/harness/api-fixture.ts';
import { signV1Request } from '../../../test/harness/signed-request.ts';
import type { BackupState } from '../../catalog/catalog.ts';

const ACTION = 'DescribeInstanceBackups';
type Row = Record<string, unknown>;

function rows(answer: Answer): Row[] {
  assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
  assert.deepEqual(answer['RedisBackupSet'], answer['BackupSet']);
  return answer['BackupSet'] as Row[];
}

function ids(answer: Answer): unknown[] {
  return rows(answer).map((row) => row['BackupId']);
}

function assertError(answer: Answer, code: string, message: string): void {
  assert.deepEqual(answer.Error, { Code: code, Message: message });
}

/** An instance with one backup in each state, an hour apart, their ids named after the state. */
async function insertStates(fixture: ApiFixture): Promise<void> {
  await fixture.catalog.instances.insert(instanceRow());
  const states: BackupState[] = ['running', 'available', 'converting', 'converted', 'expired', 'deleted', 'failed'];
  for (const [i, state] of states.entries()) {
    const startedAt = at('2026-11-01 00:00:00') + i * 3_600_000;
    const isRunning = state === 'running';
    await fixture.catalog.backups.insert(
      backupRow({
        backupId: state,
        state,
        startedAt,
        endedAt: isRunning ? null : startedAt + 1000,
        sizeBytes: isRunning ? 0 : 99,
        locked: state === 'converted',
        type: state === 'available' ? 'automatic' : state === 'expired' ? 'specification-change' : 'manual',
        attempt: isRunning ? null : 1,
      }),
    );
  }
}

test("the contract's example request gets an answer of its example's shape", async () => {
  await using fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  const timestampS = fixture.clock.now() / 1000;
  const parameters = { Action: ACTION, Limit: '5', Offset: '0', InstanceId: INSTANCE_ID };
  const answer = await fixture.send(signV1Request({ key: KEY, timestampS, parameters }));
  const six = (row: Row) => {
    const { StartTime, BackupId, BackupType, Status, Remark, Locked } = row;
    return { StartTime, BackupId, BackupType, Status, Remark, Locked };
  };
  const expected = [
    {
      StartTime: '2018-09-04 12:51:21',
      BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
      BackupType: '0',
      Status: 2,
      Remark: 'For testing',
      Locked: 0,
    },
    {
      StartTime: '2018-09-04 12:53:06',
      BackupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d',
      BackupType: '0',
      Status: 2,
      Remark: 'xxx',
      Locked: 0,
    },
  ];
  assert.equal(answer['TotalCount'], 2);
  assert.deepEqual((answer['RedisBackupSet'] as Row[]).map(six), expected);
  assert.deepEqual((answer['BackupSet'] as Row[]).map(six), expected);
});

describe('list and elements', () => {
  test('list key: the same array under BackupSet and RedisBackupSet, nothing else beside TotalCount and RequestId', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    const answer = await fixture.call(ACTION, { InstanceId: INSTANCE_ID });
    assert.deepEqual(Object.keys(answer), ['TotalCount', 'BackupSet', 'RedisBackupSet', 'RequestId']);
    assert.equal(rows(answer).length, 2);
  });

  test('element: all 16 fields, the first edition’s six first, none null', async () => {
    await using fixture = await openApiFixture();
    await fixture.catalog.instances.insert(instanceRow());
    await fixture.catalog.backups.insert(backupRow());
    const [row] = rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID }));
    assert.deepEqual(Object.entries(row ?? {}), [
      ['StartTime', '2018-09-04 12:51:21'],
      ['BackupId', '2e4127f8-affe-11e8-941e-4846fb00c75d'],
      ['BackupType', '0'],
      ['Status', 2],
      ['Remark', 'For testing'],
      ['Locked', 0],
      ['BackupSize', 1234],
      ['FullBackup', 0],
      ['InstanceType', 17],
      ['InstanceId', INSTANCE_ID],
      ['InstanceName', 'orders'],
      ['Region', 'ap-guangzhou'],
      ['EndTime', '2018-09-04 12:51:26'],
      ['FileType', 'RDB-Redis 7.0'],
      ['ExpireTime', '2018-09-11 12:51:21'],
      ['Encrypted', true],
    ]);
  });

  test('element: EndTime and ExpireTime are empty and BackupSize is 0 until Status 2', async () => {
    await using fixture = await openApiFixture();
    await insertStates(fixture);
    const all = rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [1, 2] }));
    assert.deepEqual(
      all.map(({ Status, EndTime, ExpireTime, BackupSize }) => [Status, EndTime, ExpireTime, BackupSize]),
      [
        [1, '', '', 0],
        [2, '2026-11-01 01:00:01', '2026-11-08 01:00:00', 99],
      ],
    );
  });

  test('TotalCount: all that match before Limit and Offset; an Offset past the end gives empty lists', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    const first = await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit: 1 });
    assert.deepEqual([first['TotalCount'], rows(first).length], [2, 1]);
    const past = await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Offset: 20 });
    assert.equal(past['TotalCount'], 2);
    assert.deepEqual(past['BackupSet'], []);
    assert.deepEqual(past['RedisBackupSet'], []);
  });

  test('TotalCount: no match gives 0 and empty lists under both keys', async () => {
    await using fixture = await openApiFixture();
    await fixture.catalog.instances.insert(instanceRow());
    const answer = await fixture.call(ACTION, { InstanceId: INSTANCE_ID });
    assert.deepEqual([answer['TotalCount'], answer['BackupSet'], answer['RedisBackupSet']], [0, [], []]);
  });
});

describe('Status', () => {
  test('Status: the six numbers mean the same in request and response', async () => {
    await using fixture = await openApiFixture();
    await insertStates(fixture);
    const expected: Array<[number, string]> = [
      [1, 'running'],
      [2, 'available'],
      [3, 'converting'],
      [4, 'converted'],
      [-1, 'expired'],
      [-2, 'deleted'],
    ];
    for (const [status, state] of expected) {
      const found = rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [status] }));
      assert.deepEqual(
        found.map((row) => [row['Status'], row['BackupId']]),
        [[status, state]],
      );
    }
  });

  test('no Status given: 1, 2, 3 and 4; an empty list is absent; a failed backup is never listed', async () => {
    await using fixture = await openApiFixture();
    await insertStates(fixture);
    const usual = ['running', 'available', 'converting', 'converted'];
    assert.deepEqual(ids(await fixture.call(ACTION, { InstanceId: INSTANCE_ID })), usual);
    assert.deepEqual(ids(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [] })), usual);
    const all = await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [1, 2, 3, 4, -1, -2] });
    assert.deepEqual(ids(all), [...usual, 'expired', 'deleted']);
  });

  test('Status.N: duplicates count once; anything but the six is refused', async () => {
    await using fixture = await openApiFixture();
    await insertStates(fixture);
    assert.deepEqual(ids(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [2, 2, -1, 2] })), ['available', 'expired']);
    for (const status of [0, 5, -3, 2 ** 40]) {
      assertError(
        await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [2, status] }),
        'InvalidParameter.InvalidParameter',
        `Status holds ${status}; it must be 1, 2, 3, 4, -1 or -2.`,
      );
    }
  });

  test('BackupType: "0" manual, "1" automatic, "2" change of specification', async () => {
    await using fixture = await openApiFixture();
    await insertStates(fixture);
    const found = rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Status: [1, 2, -1] }));
    assert.deepEqual(
      found.map((row) => row['BackupType']),
      ['0', '1', '2'],
    );
  });
});

describe('order and pages', () => {
  test('order: oldest first by the millisecond, ties by BackupId; pages never repeat or lose a row', async () => {
    await using fixture = await openApiFixture();
    await fixture.catalog.instances.insert(instanceRow());
    const startedAt = at('2026-11-01 00:00:00');
    const made: Array<[id: string, offsetMs: number]> = [
      ['d', 1],
      ['b', 0],
      ['a', 0],
      ['e', 2],
      ['c', 1],
    ];
    for (const [backupId, offsetMs] of made) {
      await fixture.catalog.backups.insert(backupRow({ backupId, startedAt: startedAt + offsetMs }));
    }
    const pages: unknown[] = [];
    for (let Offset = 0; Offset < 6; Offset += 2) {
      pages.push(...ids(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit: 2, Offset })));
    }
    assert.deepEqual(pages, ['a', 'b', 'c', 'd', 'e']);
  });

  test('Limit: 1 to 100, default 20', async () => {
    await using fixture = await openApiFixture();
    await fixture.catalog.instances.insert(instanceRow());
    for (let i = 0; i < 101; i++) {
      await fixture.catalog.backups.insert(backupRow({ backupId: `b${i}`, startedAt: at('2026-11-01 00:00:00') + i }));
    }
    assert.equal(rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID })).length, 20);
    assert.equal(rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit: 1 })).length, 1);
    assert.equal(rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit: 100 })).length, 100);
    for (const Limit of [0, -1, 101]) {
      assertError(
        await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit }),
        'InvalidParameter.InvalidParameter',
        `Limit is ${Limit}; it must be 1 to 100.`,
      );
    }
  });

  test('Offset: at least 0 and a multiple of Limit', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    for (const [Limit, Offset] of [
      [5, 3],
      [5, -5],
      [20, 10],
      [1, 2 ** 60],
    ]) {
      assertError(
        await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit, Offset }),
        'InvalidParameter.InvalidParameter',
        `Offset is ${Offset}; it must be at least 0 and a multiple of Limit, which is ${Limit}.`,
      );
    }
    assert.deepEqual(ids(await fixture.call(ACTION, { InstanceId: INSTANCE_ID, Limit: 1, Offset: 1 })), [
      '6cbbf53a-affe-11e8-905b-4846fb00c75d',
    ]);
  });
});

describe('BeginTime and EndTime', () => {
  test('select by start, inclusive, each alone or both; EndTime covers its whole second', async () => {
    await using fixture = await openApiFixture();
    await fixture.catalog.instances.insert(instanceRow());
    for (const [backupId, offsetMs] of [
      ['before', -1],
      ['first', 0],
      ['last', 999],
      ['after', 1000],
    ] as const) {
      await fixture.catalog.backups.insert(backupRow({ backupId, startedAt: at('2026-11-01 12:00:00') + offsetMs }));
    }
    const span = (times: object) => fixture.call(ACTION, { InstanceId: INSTANCE_ID, ...times });
    const second = '2026-11-01 12:00:00';
    assert.deepEqual(ids(await span({ BeginTime: second, EndTime: second })), ['first', 'last']);
    assert.deepEqual(ids(await span({ BeginTime: second })), ['first', 'last', 'after']);
    assert.deepEqual(ids(await span({ EndTime: second })), ['before', 'first', 'last']);
  });

  test('a time that is not real, or a reversed span, is refused', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    const bad = [
      '',
      '2018-02-30 00:00:00',
      '2018-09-04',
      '2018-09-04T12:51:21',
      '2018-09-04 24:00:00',
      '2018-9-4 12:51:21',
      '2018-13-01 00:00:00',
    ];
    for (const time of bad) {
      for (const name of ['BeginTime', 'EndTime']) {
        assertError(
          await fixture.call(ACTION, { InstanceId: INSTANCE_ID, [name]: time }),
          'InvalidParameter.InvalidParameter',
          `${name} is ${JSON.stringify(time)}; it must be a real time in the form yyyy-MM-dd HH:mm:ss.`,
        );
      }
    }
    assertError(
      await fixture.call(ACTION, { InstanceId: INSTANCE_ID, BeginTime: '2018-09-05 00:00:00', EndTime: '2018-09-04 00:00:00' }),
      'InvalidParameter.InvalidParameter',
      'BeginTime 2018-09-05 00:00:00 is after EndTime 2018-09-04 00:00:00.',
    );
  });

  test('over 30 days between them are refused by the profile current only', async () => {
    const span = { InstanceId: INSTANCE_ID, BeginTime: '2018-09-01 00:00:00', EndTime: '2018-10-01 00:00:01' };
    await using seed = await openApiFixture();
    await insertExample(seed.catalog);
    assert.equal(rows(await seed.call(ACTION, span)).length, 2);
    await using current = await openApiFixture({ profile: 'current' });
    await insertExample(current.catalog);
    assert.equal((await current.call(ACTION, span)).Error?.Code, 'InvalidParameter.InvalidParameter');
    assert.equal(rows(await current.call(ACTION, { ...span, EndTime: '2018-10-01 00:00:00' })).length, 2);
  });
});

describe('InstanceId and InstanceName', () => {
  test('InstanceId "" or malformed is refused, never taken for all', async () => {
    for (const profile of ['seed', 'current'] as const) {
      await using fixture = await openApiFixture({ profile });
      await insertExample(fixture.catalog);
      for (const InstanceId of ['', 'crs-', 'crs-5a4py64', 'CRS-5a4py64p', ' crs-5a4py64p', 'crs-5a4py64p\n', 'ins-5a4py64p']) {
        assertError(
          await fixture.call(ACTION, { InstanceId, InstanceName: 'orders' }),
          'InvalidParameter.InvalidParameter',
          `InstanceId is ${JSON.stringify(InstanceId)}; it must be crs- and eight lower-case letters or digits.`,
        );
      }
    }
  });

  test('InstanceName of more characters than a name can have is refused before the catalog is asked', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    assert.equal(rows(await fixture.call(ACTION, { InstanceName: 'n'.repeat(60) })).length, 0);
    for (const InstanceName of ['n'.repeat(61), 'n'.repeat(60_000), '\0']) {
      assert.equal((await fixture.call(ACTION, { InstanceName })).Error?.Code, 'InvalidParameter.InvalidParameter');
    }
  });

  test('InstanceId absent, profile seed: MissingParameter unless InstanceName is given', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    for (const parameters of [{}, { InstanceId: null }, { InstanceName: '' }]) {
      assertError(await fixture.call(ACTION, parameters), 'MissingParameter', 'The request is missing a required parameter `InstanceId`.');
    }
    assert.equal(rows(await fixture.call(ACTION, { InstanceName: 'RDER' })).length, 2);
    assert.equal(rows(await fixture.call(ACTION, { InstanceName: 'nothing' })).length, 0);
  });

  test('InstanceId absent, profile current: all instances of the region', async () => {
    await using fixture = await openApiFixture({ profile: 'current' });
    await insertExample(fixture.catalog);
    for (const [instanceId, region] of [
      ['crs-00000001', 'ap-guangzhou'],
      ['crs-00000002', 'ap-beijing'],
    ] as const) {
      await fixture.catalog.instances.insert(instanceRow({ instanceId, region }));
      await fixture.catalog.backups.insert(backupRow({ backupId: instanceId, instanceId, region, startedAt: at('2026-11-01 00:00:00') }));
    }
    const all = rows(await fixture.call(ACTION));
    assert.deepEqual(
      all.map((row) => row['InstanceId']),
      [INSTANCE_ID, INSTANCE_ID, 'crs-00000001'],
    );
  });

  test('an unknown instance, another account’s and another region’s are all ResourceNotFound.InstanceNotExists', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    const message = (id: string, region: string) => `No instance ${id} is found in region ${region}.`;
    const unknown = await fixture.call(ACTION, { InstanceId: 'crs-00000000' });
    assertError(unknown, 'ResourceNotFound.InstanceNotExists', message('crs-00000000', 'ap-guangzhou'));
    const foreign = await fixture.call(ACTION, { InstanceId: INSTANCE_ID }, { key: OTHER_KEY });
    assertError(foreign, 'ResourceNotFound.InstanceNotExists', message(INSTANCE_ID, 'ap-guangzhou'));
    const elsewhere = await fixture.call(ACTION, { InstanceId: INSTANCE_ID }, { region: 'ap-beijing' });
    assertError(elsewhere, 'ResourceNotFound.InstanceNotExists', message(INSTANCE_ID, 'ap-beijing'));
  });

  test('a detached instance keeps its backups listable', async () => {
    await using fixture = await openApiFixture();
    await insertExample(fixture.catalog);
    await fixture.catalog.instances.detach(INSTANCE_ID, fixture.clock.now());
    assert.equal(rows(await fixture.call(ACTION, { InstanceId: INSTANCE_ID })).length, 2);
  });
});
