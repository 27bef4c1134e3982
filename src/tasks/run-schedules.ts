import type { Catalog, CatalogTables, Instance } from '../catalog/catalog.ts';
import type { NewEvent } from '../catalog/events.ts';
import { BACKED_UP_STATES } from '../catalog/instance-state.ts';
import type { RunKey, Schedule, ScheduleRun } from '../catalog/schedules.ts';
import { startBackup } from '../catalog/start-backup.ts';
import { describeError, isDomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { type Window, windowsBetween } from './schedule-windows.ts';

/** Windows that lie further back are neither counted nor made up for: one late backup stands for all of them anyway. */
const LOOK_BACK_MS = 8 * 86_400_000;

export interface ScheduledSite {
  readonly catalog: Catalog;
  readonly log: Logger;
  /** IANA name or offset of the zone in which windows are meant. */
  readonly timeZone: string;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: NewEvent['kind']) => void;
}

/**
 * One look at all schedules, at the instant `at`: records how the backups of earlier windows ended, starts those that are due, and one for
 * all windows that were missed. Any number of processes may look at once. Returns how many backups were started. A schedule that cannot be
 * looked at is logged and does not keep the others waiting.
 */
export async function runSchedules(site: ScheduledSite, at: number): Promise<number> {
  await recordEnds(site, at);
  let started = 0;
  for (const schedule of await activeSchedules(site, at)) {
    try {
      started += (await runSchedule(site, schedule, at)) ? 1 : 0;
    } catch (error) {
      site.log.error({ instanceId: schedule.instanceId, error: describeError(error) }, 'schedule.look-failed');
    }
  }
  return started;
}

async function activeSchedules({ catalog, log }: ScheduledSite, at: number): Promise<Schedule[]> {
  const schedules = await catalog.schedules.active();
  if (schedules.every(({ activeFrom }) => activeFrom <= at)) {
    return schedules;
  }
  log.warn({ schedules: await catalog.schedules.countFrom(at) }, 'schedule.clock-was-ahead');
  return catalog.schedules.active();
}

async function recordEnds({ catalog, log, onAlarm }: ScheduledSite, at: number): Promise<void> {
  for (const run of await catalog.schedules.startedRuns()) {
    const task = run.taskId === null ? undefined : await catalog.tasks.get(run.taskId);
    if (task?.state === 'preparing' || task?.state === 'running') {
      continue;
    }
    const state = task?.state === 'succeed' ? 'succeeded' : 'failed';
    const isNews = await catalog
      .transaction(async (tables) => {
        await tables.schedules.endRun(run, state);
        const instance = await tables.instances.get(run.instanceId);
        return state === 'failed' && instance !== undefined && tables.events.record(failedEvent(instance, run, task?.message ?? '', at));
      })
      .catch(ignoreLostRace);
    if (isNews) {
      onAlarm('schedule-failed');
    }
    log.info({ ...run, state }, 'schedule.ended');
  }
}

function failedEvent(instance: Instance, { localDate, hour }: { localDate: string; hour: number }, message: string, at: number): NewEvent {
  return {
    kind: 'schedule-failed',
    key: `schedule-failed ${instance.instanceId} ${localDate} ${hour}`,
    at,
    accountId: instance.accountId,
    region: instance.region,
    instanceId: instance.instanceId,
    message: `the automatic backup of ${instance.instanceId} (${instance.name}) for ${localDate} ${clockOf(hour)} failed: ${message}`,
  };
}

async function runSchedule(site: ScheduledSite, schedule: Schedule, at: number): Promise<boolean> {
  const { catalog, log, timeZone, onAlarm } = site;
  const since = Math.max(schedule.activeFrom, at - LOOK_BACK_MS);
  const windows = windowsBetween(schedule, timeZone, since, at);
  const decideNow = async (tables: Pick<CatalogTables, 'schedules'>) =>
    decide(windows, await tables.schedules.runs(schedule.instanceId, since), at);
  // Nearly every look ends here, without a transaction.
  if ((await decideNow(catalog)) === undefined) {
    return false;
  }
  const outcome = await catalog
    .transaction(async (tables) => {
      const instance = await tables.instances.get(schedule.instanceId);
      const decision = await decideNow(tables);
      if (instance === undefined || !BACKED_UP_STATES.includes(instance.state) || decision === undefined) {
        return undefined;
      }
      const { late, missed } = decision;
      // One task holds an instance at a time; the window is looked at again until it is free.
      const isFree = instance.state === 'online' && (await tables.tasks.unfinished(instance.instanceId)) === undefined;
      const due = isFree ? decision.due : undefined;
      if (due !== undefined) {
        await start(tables, instance, schedule, due, late, at);
      }
      for (const window of missed) {
        await tables.schedules.insertRun({ ...keyOf(window), state: 'missed', catchUp: false, taskId: null, decidedAt: at });
      }
      // One that has closed is told of at once, however long the instance is held.
      const told = decision.due !== undefined && late ? [...missed, decision.due] : missed;
      const isNews = told.length > 0 && (await tables.events.record(missedEvent(instance, told, at)));
      return { due, late, told: told.length, isNews };
    })
    .catch(ignoreLostRace);
  if (outcome === undefined) {
    return false;
  }
  if (outcome.isNews) {
    onAlarm('schedule-missed');
    log.error({ instanceId: schedule.instanceId, windows: outcome.told }, 'schedule.missed');
  }
  if (outcome.due !== undefined) {
    log.info({ ...keyOf(outcome.due), catchUp: outcome.late }, 'schedule.started');
  }
  return outcome.due !== undefined;
}

/**
 * What is to be done about the windows that have opened, oldest first; undefined: nothing. The newest one decides: while it is open its
 * backup starts at its time; once it has closed without one, a single late backup stands for it and for all that were missed before it.
 *
 * A window counts as missed only by a clock that had passed it: what one that was ahead has recorded says nothing about the day itself. What
 * has been started was started, by whatever clock, and is not started again.
 */
function decide(
  windows: readonly Window[],
  runs: readonly ScheduleRun[],
  at: number,
): { due: Window | undefined; late: boolean; missed: readonly Window[] } | undefined {
  const runOf = new Map(runs.map((run) => [nameOf(run), run]));
  const undone = windows.filter((window) => {
    const run = runOf.get(nameOf(window));
    return run === undefined || (run.state === 'missed' && (run.decidedAt > at || at < window.closesAt));
  });
  const newest = windows.at(-1);
  const due = newest !== undefined && undone.includes(newest) && at >= newest.dueAt ? newest : undefined;
  const missed = undone.filter((window) => window !== newest);
  return due === undefined && missed.length === 0 ? undefined : { due, late: newest !== undefined && at >= newest.closesAt, missed };
}

function nameOf({ localDate, hour }: RunKey): string {
  return `${localDate} ${hour}`;
}

async function start(
  tables: CatalogTables,
  instance: Instance,
  { storageDays }: Schedule,
  window: Window,
  catchUp: boolean,
  at: number,
): Promise<void> {
  const remark = catchUp ? `catch-up for ${window.localDate} ${clockOf(window.hour)}` : '';
  const { taskId } = await startBackup(tables, instance, { type: 'automatic', remark, startedAt: at, storageDays });
  await tables.schedules.insertRun({ ...keyOf(window), state: 'started', catchUp, taskId, decidedAt: at });
}

function missedEvent(instance: Instance, missed: readonly Window[], at: number): NewEvent {
  const [first, last] = [missed[0], missed.at(-1)];
  if (first === undefined || last === undefined) {
    throw new TypeError('no window was missed');
  }
  const span =
    missed.length === 1
      ? `the window of ${last.localDate} ${clockOf(last.hour)}`
      : `${missed.length} windows from ${first.localDate} to ${last.localDate} at ${clockOf(last.hour)}`;
  return {
    kind: 'schedule-missed',
    key: `schedule-missed ${instance.instanceId} ${last.localDate} ${last.hour}`,
    at,
    accountId: instance.accountId,
    region: instance.region,
    instanceId: instance.instanceId,
    message: `${instance.instanceId} (${instance.name}) had no automatic backup in ${span}: the service was down, or another task held the instance`,
  };
}

function keyOf({ instanceId, localDate, hour, opensAt }: Window) {
  return { instanceId, localDate, hour, opensAt };
}

function clockOf(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

/** Another process has decided the same window, or has taken the instance, in the meantime: the next look sees how. */
function ignoreLostRace(error: unknown): undefined {
  if (!isDomainError(error, 'catalog-conflict')) {
    throw error;
  }
  return undefined;
}
