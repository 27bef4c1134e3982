import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { attach, backUp, listBackups } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../harness/webhook-receiver.ts';

const SECRET = 'shared with the receiver';
const DAY_MS = 86_400_000;
/** A window that is not open now, nor soon. */
const HOUR = new Date(Date.now() + 20 * 3_600_000).getUTCHours();
const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`;
const WINDOW = `${clock(HOUR)}-${clock(HOUR + 1)}`;

describe('schedules and their alarms, end to end', () => {
  let dataDir: string;
  let source: RedisServer;
  let receiver: WebhookReceiver;
  let service: RunningService;
  let instanceId: string;
  before(async () => {
    dataDir = await makeDataDir();
    source = await startRedis();
    receiver = await startWebhookReceiver();
    service = await start();
    instanceId = await attach(service, source);
  });
  after(async () => {
    await service.stop();
    await receiver.close();
    await source.stop();
    await removeDataDir(dataDir);
  });

  const start = () =>
    startService(dataDir, {
      args: ['--webhook-url', receiver.url, '--keep-min', '2', '--proof', 'none'],
      env: { REDKEEP_WEBHOOK_SECRET: SECRET },
    });
  const schedule = (verb: string, ...more: string[]) => redkeep(['schedule', verb, instanceId, '--data-dir', dataDir, ...more]);

  /** As if the service had been down since: its schedule was made three days ago. */
  async function restartAfterDays(): Promise<void> {
    assert.equal(await service.stop(), 0);
    const catalog = new DatabaseSync(join(dataDir, 'catalog.db'));
    catalog.prepare('update schedules set active_from = ?').run(Date.now() - 3 * DAY_MS);
    catalog.prepare('delete from schedule_runs').run();
    catalog.close();
    service = await start();
  }

  const alarms = async (kind: string) => {
    const metrics = await (await fetch(`${service.endpoint}/metrics`)).text();
    return Number(new RegExp(`^redkeep_alarms_total\\{kind="${kind}"\\} (\\S+)$`, 'm').exec(metrics)?.[1]);
  };

  it('sets, shows and stops a schedule on the command line', async () => {
    assert.equal((await schedule('show')).stdout, 'no automatic backups\n');
    assert.equal(
      (await schedule('set', '--time', WINDOW, '--days', 'Sunday,Monday')).stdout,
      `Monday, Sunday, ${WINDOW}, kept for 7 days\n`,
    );
    assert.equal((await schedule('stop')).stdout, `${instanceId} has no automatic backups any more\n`);
    const days = 'Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday';
    assert.equal((await schedule('set', '--days', days, '--storage-days', '1')).stdout, `every day, ${WINDOW}, kept for 1 day\n`);
    assert.equal((await schedule('set', '--storage-days', 'x')).status, 2);
    assert.match((await schedule('set', '--time', '3-4')).stderr, /it must be one whole hour/);
  });

  it('after days without service: one late backup, and one signed event', async () => {
    await restartAfterDays();
    const { headers, body, event } = await receiver.next('schedule-missed');
    assert.equal(event.instance, instanceId);
    assert.match(event.message, /3 windows from .* the service was down/);
    const signed = `${headers['x-redkeep-timestamp']}.${body}`;
    assert.equal(headers['x-redkeep-signature'], `sha256=${createHmac('sha256', SECRET).update(signed).digest('hex')}`);
    assert.equal((await service.logged('schedule.ended'))['state'], 'succeeded');
    const { BackupSet } = await service.client.call<{ BackupSet: Array<{ BackupType: string; Remark: string }> }>(
      'redis',
      'DescribeInstanceBackups',
      {
        InstanceId: instanceId,
      },
    );
    assert.deepEqual(
      BackupSet.map(({ BackupType }) => BackupType),
      ['1'],
    );
    assert.match(BackupSet[0]?.Remark ?? '', new RegExp(`^catch-up for \\d{4}-\\d\\d-\\d\\d ${clock(HOUR)}$`));
    assert.equal(await alarms('schedule-missed'), 1);
    const metrics = await (await fetch(`${service.endpoint}/metrics`)).text();
    assert.match(metrics, new RegExp(`^redkeep_newest_backup_age_seconds\\{instance_id="${instanceId}",proof="any"\\} \\d`, 'm'));
    assert.match(
      metrics,
      new RegExp(`^redkeep_newest_backup_age_seconds\\{instance_id="${instanceId}",proof="proven"\\} (\\+Inf|Infinity|\\d)`, 'm'),
    );
  });

  it('keeps as many of the newest as it is told, and lets the next one go', async () => {
    await backUp(service, instanceId);
    await backUp(service, instanceId);
    const [oldest, second, newest] = (await listBackups(service, instanceId)).map(({ BackupId }) => BackupId);
    const remove = (backupId = '') => redkeep(['backup', 'delete', instanceId, backupId, '--data-dir', dataDir]);
    for (const kept of [newest, second]) {
      const refused = await remove(kept);
      assert.notEqual(refused.status, 0);
      assert.match(refused.stderr, /is one of the newest of its instance that can be relied on/);
    }
    assert.equal((await remove(oldest)).status, 0);
    assert.deepEqual(
      (await listBackups(service, instanceId)).map(({ BackupId }) => BackupId),
      [second, newest],
    );
  });

  it('a catalog that could not be stored is told of, by the next service at the latest', async () => {
    const snapshots = join(dataDir, 'repository', 'catalog');
    const aside = join(dataDir, 'catalog-aside');
    await rename(snapshots, aside);
    await writeFile(snapshots, 'in the way');
    assert.equal(await service.stop(), 0);
    await rm(snapshots);
    await rename(aside, snapshots);
    service = await start();
    const { event } = await receiver.next('snapshot-failed');
    assert.equal(event.instance, '');
    assert.match(event.message, /^the catalog could not be stored in its repository: /);
  });

  it('a backup that fails is told of once, also where the receiver is down at first', async () => {
    await source.command('CONFIG', 'SET', 'requirepass', 'changed by somebody');
    receiver.answer(503);
    await restartAfterDays();
    await receiver.next('schedule-failed');
    receiver.answer(204);
    await service.logged('webhook.delivered');
    const failures = receiver.received.filter(({ event }) => event.kind === 'schedule-failed');
    assert.equal(new Set(failures.map(({ event }) => event.id)).size, 1);
    assert.match(failures[0]?.event.message ?? '', /failed: .*(NOAUTH|password)/i);
    assert.equal(await alarms('schedule-failed'), 1);
    // The same windows were told of before, and are not told of again.
    assert.equal(receiver.received.filter(({ event }) => event.kind === 'schedule-missed').length, 1);
    assert.equal((await redkeep(['check', '--data-dir', dataDir])).status, 0);
  });
});
