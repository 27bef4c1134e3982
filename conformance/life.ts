import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './clients.ts';
import type { Answer, Caller } from './scenario.ts';

const PASSWORD = 'correct-horse-7';
const NEXT_PASSWORD = 'battery-staple-8';
const WEEK_DAYS = ['Monday', 'Wednesday', 'Sunday'];
const LIMIT_MS = 120_000;

/** Follows the second part of conformance/scenario.md: an instance of its own, from its order to the removal of its data. */
export async function followLife(
  caller: Caller,
  client: Client,
  source: { readonly InstanceId: string; readonly BackupId: string; readonly TypeId: number },
): Promise<void> {
  const { call } = caller;
  const name = `life-${client.program}`;
  const terms = { GoodsNum: 1, ZoneId: 100_003, BillingMode: 0, Period: 1, InstanceName: name, Password: PASSWORD };
  // Clients whose models are older than CloneInstances begin with an empty instance.
  const ordered =
    client.isOlderThanClones === true
      ? await call('order an instance', 'CreateInstances', { ...terms, TypeId: source.TypeId, MemSize: 1024 })
      : await call('clone the backup', 'CloneInstances', {
          ...terms,
          SecurityGroupIdList: [],
          InstanceId: source.InstanceId,
          BackupId: source.BackupId,
        });
  const [InstanceId] = ordered['InstanceIds'] as string[];
  assert.match(String(InstanceId), /^crs-[0-9a-z]{8}$/);
  const instance = await untilOnline(caller, name);
  assert.equal(instance['InstanceId'], InstanceId);
  const isDone = (step: string, action: string, params: Answer = {}) => untilDone(caller, step, action, { InstanceId, ...params });

  await setSchedule(caller, InstanceId);
  await isDone('back the instance up', 'ManualBackupInstance', { Remark: name });
  const before = await lastBackup(caller, InstanceId);
  if (client.isOlderThanClones !== true) {
    await isRestricted(caller, before);
  }

  await isDone('set another password', 'ResetPassword', { Password: NEXT_PASSWORD });
  await isDone('clear the instance', 'ClearInstance', { Password: NEXT_PASSWORD });
  await isDone('restore the backup', 'RestoreInstance', { BackupId: before['BackupId'], Password: NEXT_PASSWORD });
  await isDone('back up what was restored', 'ManualBackupInstance', { Remark: 'restored' });
  const [old, restored] = [await download(caller, before), await download(caller, await lastBackup(caller, InstanceId))];
  if (before['BackupSize'] !== undefined) {
    assert.equal(old.byteLength, before['BackupSize']);
  }
  // Not byte for byte: a header tells when it was written, and a hash table has no order.
  assert.ok(
    Math.abs(restored.byteLength - old.byteLength) <= old.byteLength / 50 + 64,
    `${restored.byteLength} of ${old.byteLength} bytes`,
  );

  await isDone('isolate the instance', 'DestroyPostpaidInstance');
  assert.equal((await find(caller, name))?.['Status'], -2);
  await isDone('clean the instance up', 'CleanUpInstance');
  assert.equal(await find(caller, name), undefined);
  assert.equal((await lastBackup(caller, InstanceId))['Remark'], 'restored', 'its backups stay');
}

async function setSchedule({ call }: Caller, InstanceId: unknown): Promise<void> {
  const schedule = { WeekDays: WEEK_DAYS, TimePeriod: '03:00-04:00', AutoBackupType: 1 };
  const set = await call('set the schedule', 'ModifyAutoBackupConfig', { InstanceId, ...schedule });
  const read = await call('read the schedule', 'DescribeAutoBackupConfig', { InstanceId });
  for (const answer of [set, read]) {
    assert.deepEqual([answer['WeekDays'], answer['TimePeriod'], answer['AutoBackupType']], Object.values(schedule));
  }
}

/** Under a restriction that shuts this machine out the link of the backup is refused, and without one it is not. */
async function isRestricted(caller: Caller, backup: Answer): Promise<void> {
  const { call } = caller;
  const restriction = { LimitType: 'Customize', IpComparisonSymbol: 'In', LimitIp: ['192.0.2.0/24'] };
  await call('restrict downloads', 'ModifyBackupDownloadRestriction', restriction);
  const told = await call('read the restriction', 'DescribeBackupDownloadRestriction', {});
  assert.deepEqual([told['LimitType'], told['IpComparisonSymbol'], told['LimitIp']], Object.values(restriction));
  const refused = await fetch(await linkOf(caller, backup));
  await refused.body?.cancel();
  assert.equal(refused.status, 403);
  await call('allow all downloads again', 'ModifyBackupDownloadRestriction', { LimitType: 'NoLimit' });
}

/** The bytes of a backup, as its link gives them. */
async function download(caller: Caller, backup: Answer): Promise<Uint8Array> {
  const answer = await fetch(await linkOf(caller, backup));
  assert.equal(answer.status, 200);
  const bytes = await answer.bytes();
  assert.match(Buffer.from(bytes.subarray(0, 9)).toString('latin1'), /^(?:REDIS|VALKEY)\d{3,4}/);
  return bytes;
}

/** Models of today have BackupInfos, older ones only the list of links. */
async function linkOf({ call }: Caller, { InstanceId, BackupId }: Answer): Promise<string> {
  const answer = await call('ask for a link', 'DescribeBackupUrl', { InstanceId, BackupId });
  const infos = answer['BackupInfos'] as ReadonlyArray<{ DownloadUrl: string }> | undefined;
  return infos?.[0]?.DownloadUrl ?? (answer['DownloadUrl'] as string[])[0] ?? '';
}

async function lastBackup({ call }: Caller, InstanceId: unknown): Promise<Answer> {
  const answer = await call('list the backups of the instance', 'DescribeInstanceBackups', { InstanceId, Limit: 100 });
  const last = (answer['BackupSet'] as Answer[]).at(-1);
  assert.ok(last);
  return { ...last, InstanceId };
}

async function find({ call }: Caller, name: string): Promise<Answer | undefined> {
  const answer = await call('look for the instance', 'DescribeInstances', { Limit: 20, Offset: 0, SearchKey: name });
  return ((answer['InstanceSet'] ?? []) as Answer[]).find((instance) => instance['InstanceName'] === name);
}

async function untilOnline(caller: Caller, name: string): Promise<Answer> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  for (;;) {
    const instance = await find(caller, name);
    if (instance?.['Status'] === 2) {
      return instance;
    }
    assert.ok(instance?.['Status'] === 0 || instance?.['Status'] === 1, `${name} has Status ${instance?.['Status']}`);
    limit.throwIfAborted();
    await delay(100);
  }
}

/** Starts a task and waits until it has succeeded. */
async function untilDone({ call }: Caller, step: string, action: string, params: Answer): Promise<void> {
  const { TaskId } = await call(step, action, params);
  const limit = AbortSignal.timeout(LIMIT_MS);
  for (;;) {
    const task = await call(`wait: ${step}`, 'DescribeTaskInfo', { TaskId });
    if (task['Status'] === 'succeed') {
      return;
    }
    assert.match(String(task['Status']), /^(?:preparing|running)$/, `${step}: ${task['TaskMessage']}`);
    limit.throwIfAborted();
    await delay(50);
  }
}
