import type { Backup, Catalog, Instance } from '../catalog/catalog.ts';
import { expiryConfirmed } from '../catalog/confirmations.ts';
import type { NewEvent } from '../catalog/events.ts';
import { EXPIRY_HELD_UNTIL } from '../catalog/recovery.ts';
import { ensureRemovalTask } from '../catalog/removal-task.ts';
import type { Logger } from '../lib/logger.ts';
import { type ClockReading, MOST_DRIFT_MS, watchClock } from './clock-guard.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Between the expiry of a backup and the removal of its data. */
export const GRACE_MS = DAY_MS;
const DELETED_ROWS_MS = 90 * DAY_MS;
const FAILED_ROWS_MS = 30 * DAY_MS;
const RUNS_MS = 90 * DAY_MS;
const EVENTS_MS = 400 * DAY_MS;

export interface RetentionSite {
  readonly catalog: Catalog;
  readonly log: Logger;
  /** The account that alarms about the whole site belong to. */
  readonly accountId: string;
  readonly keepMin: number;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: NewEvent['kind']) => void;
}

/**
 * One look at everything whose time may have come: expires backups, asks for the removal of those whose grace is over, drops old rows. It
 * does nothing at all while the wall clock is not to be believed, or while a rebuilt catalog holds expiry off. What it did not get to, the
 * next look does. Returns how many backups expired and how many removals are under way.
 */
export async function runRetention(site: RetentionSite, now: ClockReading): Promise<{ expired: number; removals: number }> {
  const { catalog } = site;
  const at = now.wallMs;
  const drift = await watchClock(catalog, now);
  if (drift !== 0) {
    await raise(site, clockEvent(site, drift, at));
    return { expired: 0, removals: 0 };
  }
  if (at < Number((await catalog.settings.get(EXPIRY_HELD_UNTIL)) ?? 0)) {
    return { expired: 0, removals: 0 };
  }
  const expired = await expireDue(site, at);
  const removals = await askForRemovals(catalog, at);
  await catalog.lifecycle.prune({ deletedAt: at - DELETED_ROWS_MS, failedAt: at - FAILED_ROWS_MS });
  await catalog.schedules.pruneRuns(at - RUNS_MS);
  await catalog.events.prune(at - EVENTS_MS);
  return { expired, removals };
}

async function expireDue(site: RetentionSite, at: number): Promise<number> {
  const { catalog, keepMin, log } = site;
  let expired = 0;
  for (const [instanceId, due] of Map.groupBy(await catalog.lifecycle.due(at), (backup) => backup.instanceId)) {
    const instance = await catalog.instances.get(instanceId);
    const floor = new Set(await catalog.lifecycle.floor(instanceId, keepMin, at));
    const going = due.filter(({ backupId }) => !floor.has(backupId));
    if (instance === undefined || !(await mayGo(site, instance, going, at))) {
      continue;
    }
    for (const { backupId } of going) {
      const obstacle = await catalog.lifecycle.expire(backupId, { at, removableAt: at + GRACE_MS, keepMin });
      if (obstacle === undefined) {
        expired++;
        log.info({ backupId, instanceId }, 'backup.expired');
      }
    }
  }
  return expired;
}

/** False, with an alarm, where one look would take more than half of an instance's backups and nobody has said that it may. */
async function mayGo(site: RetentionSite, instance: Instance, going: readonly Backup[], at: number): Promise<boolean> {
  const { lifecycle, settings } = site.catalog;
  const { instanceId } = instance;
  const all = await lifecycle.countUsable(instanceId);
  if (going.length * 2 <= all) {
    return true;
  }
  const confirmation = expiryConfirmed(instanceId);
  const confirmedAt = Number(await settings.get(confirmation)) || 0;
  if (Math.abs(at - confirmedAt) <= HOUR_MS) {
    await settings.set(confirmation, '');
    return true;
  }
  await raise(site, massEvent(instance, going.length, all, at));
  return false;
}

async function askForRemovals(catalog: Catalog, at: number): Promise<number> {
  const removable = await catalog.lifecycle.removable(at);
  for (const backup of removable) {
    await catalog.transaction((tables) => ensureRemovalTask(tables, backup, at));
  }
  return removable.length;
}

async function raise({ catalog, log, onAlarm }: RetentionSite, event: NewEvent): Promise<void> {
  if (await catalog.events.record(event)) {
    onAlarm(event.kind);
    log.error({ instanceId: event.instanceId, message: event.message }, 'expiry.stopped');
  }
}

/** Once a day while it lasts. */
function clockEvent({ accountId }: RetentionSite, drift: number, at: number): NewEvent {
  const hours = (Math.abs(drift) / HOUR_MS).toFixed(1);
  return {
    kind: 'expiry-stopped',
    key: `expiry-stopped clock ${dayOf(at)}`,
    at,
    accountId,
    region: '',
    instanceId: '',
    message:
      `no backup expires: the clock of this machine is ${hours} hours ${drift > 0 ? 'ahead of' : 'behind'} what it must show, more than ` +
      `the ${MOST_DRIFT_MS / HOUR_MS} that is believed; set it right, or confirm it with redkeep retention confirm-clock`,
  };
}

function massEvent({ accountId, region, instanceId, name }: Instance, going: number, all: number, at: number): NewEvent {
  return {
    kind: 'expiry-stopped',
    key: `expiry-stopped ${instanceId} ${dayOf(at)}`,
    at,
    accountId,
    region,
    instanceId,
    message:
      `no backup of ${instanceId} (${name}) expires: ${going} of its ${all} would go at once, more than half; look why, lock what must stay, ` +
      `and let them go with redkeep retention resume ${instanceId}`,
  };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
