import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT,
  type Answer,
  type ApiFixture,
  backupRow,
  INSTANCE_ID,
  insertExample,
  instanceRow,
  OTHER_KEY,
  openApiFixture,
  SUB_KEY,
} from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';
import type { NewLink } from '../download-links.ts';

const BACKUP_ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';
const OF_BACKUP = { InstanceId: INSTANCE_ID, BackupId: BACKUP_ID };
const FILE = `crs-5a4py64p-20180904125121-${BACKUP_ID}.rdb`;

/** The fixture, and the links that it was asked for. */
async function openFixture(): Promise<{ fixture: ApiFixture; links: NewLink[]; hosts: string[] }> {
  const links: NewLink[] = [];
  const hosts: string[] = [];
  const fixture = await openApiFixture({
    downloadLinks: {
      issue(link, host) {
        links.push(link);
        hosts.push(host);
        return { url: `http://public/${links.length}`, innerUrl: `http://inner/${links.length}` };
      },
      knowsVpc: (name) => name === 'vpc-orders',
    },
  });
  await insertExample(fixture.catalog);
  return { fixture, links, hosts };
}

function codeOf(answer: Answer): string {
  return answer.Error?.Code ?? 'ok';
}

test('links: at once, exact size, six hours, one file for each shard, also in the members of older clients', async () => {
  const { fixture, links, hosts } = await openFixture();
  await using _ = fixture;
  const { RequestId, ...answer } = await fixture.call('DescribeBackupUrl', OF_BACKUP, { host: 'redis.example.test:9530' });
  assert.deepEqual(answer, {
    DownloadUrl: ['http://public/1'],
    InnerDownloadUrl: ['http://inner/1'],
    Filenames: [FILE],
    BackupInfos: [{ FileName: FILE, FileSize: 1234, DownloadUrl: 'http://public/1', InnerDownloadUrl: 'http://inner/1' }],
  });
  assert.deepEqual(hosts, ['redis.example.test:9530']);
  const [link] = links;
  assert.deepEqual(link, {
    backupId: BACKUP_ID,
    attempt: 1,
    shard: 0,
    fileName: FILE,
    expiresAt: fixture.clock.now() + 6 * 3_600_000,
    restriction: { limit: 'everywhere', ipRule: null, saysVpcIn: false, vpcs: [], ips: [] },
    uin: ACCOUNT,
  });
});

test('links: a normal backup begins its conversion, once, and DescribeInstanceBackups shows it at once', async () => {
  const { fixture } = await openFixture();
  await using _ = fixture;
  const statusOf = async () => {
    const { BackupSet } = await fixture.call('DescribeInstanceBackups', { InstanceId: INSTANCE_ID, Limit: 1 });
    return (BackupSet as Array<{ Status: number }>)[0]?.Status;
  };
  assert.equal(await statusOf(), 2);
  await fixture.call('DescribeBackupUrl', OF_BACKUP);
  assert.equal(await statusOf(), 3);
  await fixture.call('DescribeBackupUrl', OF_BACKUP);
  assert.equal(fixture.wakes(), 1);
  const claim = await fixture.catalog.tasks.claim('worker', ['convert-backup'], 60_000);
  assert.deepEqual([claim?.task.subject, claim?.task.payload], ['', JSON.stringify({ backupId: BACKUP_ID })]);
  assert.equal(await fixture.catalog.tasks.claim('worker', ['convert-backup'], 60_000), undefined);
  await fixture.catalog.lifecycle.finishConversion(BACKUP_ID);
  assert.equal(await statusOf(), 4);
  assert.equal(codeOf(await fixture.call('DescribeBackupUrl', OF_BACKUP)), 'ok');
  assert.equal(fixture.wakes(), 1);
});

test('links: calls that come together begin one conversion', async () => {
  const { fixture } = await openFixture();
  await using _ = fixture;
  const answers = await Promise.all(Array.from({ length: 8 }, () => fixture.call('DescribeBackupUrl', OF_BACKUP)));
  assert.deepEqual(answers.map(codeOf), Array(8).fill('ok'));
  assert.equal(fixture.wakes(), 1);
});

test('links: the restriction of the region, unless the call names its own', async () => {
  const { fixture, links } = await openFixture();
  await using _ = fixture;
  await fixture.call('ModifyBackupDownloadRestriction', { LimitType: 'LimitOnlyIntranet' });
  await fixture.call('DescribeBackupUrl', OF_BACKUP);
  await fixture.call('DescribeBackupUrl', { ...OF_BACKUP, LimitType: 'NoLimit' });
  await fixture.call('DescribeBackupUrl', {
    ...OF_BACKUP,
    LimitType: 'Customize',
    VpcComparisonSymbol: 'In',
    IpComparisonSymbol: 'NotIn',
    LimitVpc: [{ Region: 'ap-guangzhou', VpcList: ['vpc-orders'] }],
    LimitIp: ['10.1.5.0/24'],
  });
  assert.deepEqual(
    links.map(({ restriction }) => restriction.limit),
    ['intranet', 'everywhere', 'custom'],
  );
  assert.deepEqual(links[2]?.restriction, {
    limit: 'custom',
    ipRule: 'not-in',
    saysVpcIn: true,
    vpcs: [{ region: 'ap-guangzhou', names: ['vpc-orders'] }],
    ips: ['10.1.5.0/24'],
  });
});

test('links: who may not change the restriction of the region cannot replace it for a link', async () => {
  const { fixture, links } = await openFixture();
  await using _ = fixture;
  const reader = await addUser(fixture, { action: 'redis:Describe*' });
  const operator = await addUser(fixture, { action: ['redis:Describe*', 'redis:ModifyBackupDownloadRestriction'] });
  const ask = async ({ key }: { key: typeof reader.key }, parameters: object = {}) =>
    codeOf(await fixture.call('DescribeBackupUrl', { ...OF_BACKUP, ...parameters }, { key }));
  assert.equal(await ask(reader, { LimitType: 'LimitOnlyIntranet' }), 'ok', 'there is none yet');
  await fixture.call('ModifyBackupDownloadRestriction', { LimitType: 'LimitOnlyIntranet' });
  assert.equal(await ask(reader, { LimitType: 'NoLimit' }), 'UnauthorizedOperation.NoCAMAuthed');
  assert.equal(await ask(reader), 'ok');
  assert.equal(await ask(operator, { LimitType: 'NoLimit' }), 'ok');
  assert.deepEqual(
    links.map(({ restriction }) => restriction.limit),
    ['intranet', 'intranet', 'everywhere'],
  );
});

test('links: lists without LimitType, and all that a restriction may not be, are refused', async () => {
  const { fixture, links } = await openFixture();
  await using _ = fixture;
  const answer = await fixture.call('DescribeBackupUrl', { ...OF_BACKUP, LimitIp: ['10.0.0.1'] });
  assert.deepEqual(answer.Error, {
    Code: 'InvalidParameter.InvalidParameter',
    Message: 'LimitVpc and LimitIp need LimitType Customize, which is absent.',
  });
  for (const limits of [{ LimitType: 'Everywhere' }, { LimitType: 'Customize' }, { LimitType: 'Customize', LimitIp: ['x'] }]) {
    assert.equal(codeOf(await fixture.call('DescribeBackupUrl', { ...OF_BACKUP, ...limits })), 'InvalidParameter.InvalidParameter');
  }
  assert.deepEqual(links, []);
});

test('links: a backup that is under way, expired or deleted is BackupStatusInvalid, a failed or unknown one does not exist', async () => {
  const { fixture, links } = await openFixture();
  await using _ = fixture;
  for (const [state, code] of [
    ['running', 'ResourceUnavailable.BackupStatusInvalid'],
    ['expired', 'ResourceUnavailable.BackupStatusInvalid'],
    ['deleted', 'ResourceUnavailable.BackupStatusInvalid'],
    ['failed', 'InvalidParameterValue.BackupNotExists'],
    ['available', 'ok'],
    ['converting', 'ok'],
    ['converted', 'ok'],
  ] as const) {
    const attempt = state === 'running' || state === 'failed' ? null : 3;
    await fixture.catalog.backups.insert(backupRow({ backupId: `backup-${state}`, state, attempt }));
    const answer = await fixture.call('DescribeBackupUrl', { InstanceId: INSTANCE_ID, BackupId: `backup-${state}` });
    assert.equal(codeOf(answer), code, state);
  }
  assert.deepEqual(
    links.map(({ attempt }) => attempt),
    [3, 3, 3],
  );
  const running = await fixture.call('DescribeBackupUrl', { InstanceId: INSTANCE_ID, BackupId: 'backup-running' });
  assert.equal(running.Error?.Message, 'Backup backup-running is running; only one whose Status is 2, 3 or 4 can be downloaded.');
});

for (const action of ['DescribeBackupUrl', 'DescribeBackupDetail']) {
  test(`${action}: backup and instance must belong together, to the caller and to the region`, async () => {
    const { fixture } = await openFixture();
    await using _ = fixture;
    await fixture.catalog.instances.insert(instanceRow({ instanceId: 'crs-other001', name: 'other' }));
    const none = 'ResourceNotFound.InstanceNotExists';
    const absent = 'InvalidParameterValue.BackupNotExists';
    for (const [parameters, options, code] of [
      [OF_BACKUP, {}, 'ok'],
      [{ ...OF_BACKUP, InstanceId: 'crs-00000000' }, {}, none],
      [OF_BACKUP, { key: OTHER_KEY }, none],
      [OF_BACKUP, { region: 'ap-beijing' }, none],
      [{ ...OF_BACKUP, InstanceId: 'crs-other001' }, {}, absent],
      [{ ...OF_BACKUP, BackupId: '' }, {}, absent],
      [{ ...OF_BACKUP, BackupId: `${BACKUP_ID}x` }, {}, absent],
      [OF_BACKUP, { key: SUB_KEY }, 'InvalidParameter.PermissionDenied'],
    ] as const) {
      assert.equal(codeOf(await fixture.call(action, parameters, options)), code, JSON.stringify([parameters, options]));
    }
    const { Error: error } = await fixture.call(action, { ...OF_BACKUP, BackupId: 'nope' });
    assert.equal(error?.Message, 'BackupId is "nope"; instance crs-5a4py64p has no such backup.');
  });
}

test('a malformed InstanceId is refused by DescribeBackupUrl, and names no instance to DescribeBackupDetail, which documents no other code', async () => {
  const { fixture } = await openFixture();
  await using _ = fixture;
  const wrong = { ...OF_BACKUP, InstanceId: 'orders' };
  assert.equal(codeOf(await fixture.call('DescribeBackupUrl', wrong)), 'InvalidParameter.InvalidParameter');
  assert.equal(codeOf(await fixture.call('DescribeBackupDetail', wrong)), 'ResourceNotFound.InstanceNotExists');
});

test('detail: a running backup has no end and no size yet', async () => {
  const { fixture } = await openFixture();
  await using _ = fixture;
  await fixture.catalog.backups.insert(backupRow({ backupId: 'running', state: 'running', attempt: null, endedAt: null, sizeBytes: 0 }));
  const answer = await fixture.call('DescribeBackupDetail', { InstanceId: INSTANCE_ID, BackupId: 'running' });
  assert.deepEqual([answer['Status'], answer['EndTime'], answer['BackupSize']], [1, '', 0]);
});

test('detail: encrypted by AES-256-GCM, with no key to hand out', async () => {
  const { fixture } = await openFixture();
  await using _ = fixture;
  const { Encrypted, KeyAlgorithm, DecryptKey, KmsKeyId } = await fixture.call('DescribeBackupDetail', OF_BACKUP);
  assert.deepEqual([Encrypted, KeyAlgorithm, DecryptKey, KmsKeyId], [true, 'AES-256-GCM', '', '']);
});
