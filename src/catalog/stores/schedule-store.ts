import type { Selectable } from 'kysely';
import { BACKED_UP_STATES } from '../instance-state.ts';
import type { RunKey, Schedule, ScheduleRun, ScheduleStore } from '../schedules.ts';
import type { ScheduleRunTable, ScheduleTable } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { expectOneRow } from './expect-one-row.ts';

export function createScheduleStore({ db, reader }: Scope): ScheduleStore {
  return {
    async get(instanceId) {
      const rows = await reader.rows(db.selectFrom('schedules').selectAll().where('instance_id', '=', instanceId).compile());
      return rows[0] === undefined ? undefined : toSchedule(rows[0]);
    },

    async put(schedule) {
      const row = {
        week_days: schedule.weekDays.join(','),
        hour: schedule.hour,
        storage_days: schedule.storageDays,
        active_from: schedule.activeFrom,
      };
      await db
        .insertInto('schedules')
        .values({ instance_id: schedule.instanceId, ...row })
        .onConflict((conflict) => conflict.column('instance_id').doUpdateSet(row))
        .execute();
    },

    async active() {
      const query = db
        .selectFrom('schedules')
        .innerJoin('instances', 'instances.instance_id', 'schedules.instance_id')
        .selectAll('schedules')
        .where('instances.state', 'in', BACKED_UP_STATES)
        .where('week_days', '!=', '')
        .orderBy('schedules.instance_id');
      return (await reader.rows(query.compile())).map(toSchedule);
    },

    async countFrom(at) {
      const result = await db.updateTable('schedules').set({ active_from: at }).where('active_from', '>', at).executeTakeFirst();
      return Number(result.numUpdatedRows);
    },

    async insertRun(run) {
      const outcome = {
        opens_at: run.opensAt,
        state: run.state,
        catch_up: run.catchUp ? 1 : 0,
        task_id: run.taskId,
        decided_at: run.decidedAt,
      };
      const result = await db
        .insertInto('schedule_runs')
        .values({ instance_id: run.instanceId, local_date: run.localDate, hour: run.hour, ...outcome })
        .onConflict((conflict) =>
          conflict.columns(['instance_id', 'local_date', 'hour']).doUpdateSet(outcome).where('schedule_runs.state', '=', 'missed'),
        )
        .executeTakeFirst();
      expectOneRow(
        result.numInsertedOrUpdatedRows ?? 0n,
        `the window of ${run.instanceId} on ${run.localDate} at ${run.hour}:00 has a run`,
      );
    },

    async runs(instanceId, opensFrom) {
      const query = db
        .selectFrom('schedule_runs')
        .selectAll()
        .where('instance_id', '=', instanceId)
        .where('opens_at', '>=', opensFrom)
        .orderBy('opens_at');
      return (await reader.rows(query.compile())).map(toRun);
    },

    async startedRuns() {
      const query = db.selectFrom('schedule_runs').selectAll().where('state', '=', 'started').orderBy('opens_at').orderBy('instance_id');
      return (await reader.rows(query.compile())).map(toRun);
    },

    async endRun({ instanceId, localDate, hour }: RunKey, state) {
      const result = await db
        .updateTable('schedule_runs')
        .set({ state })
        .where('instance_id', '=', instanceId)
        .where('local_date', '=', localDate)
        .where('hour', '=', hour)
        .where('state', '=', 'started')
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `the run of ${instanceId} on ${localDate} at ${hour}:00 is not started`);
    },

    async pruneRuns(opensBefore) {
      const result = await db.deleteFrom('schedule_runs').where('opens_at', '<', opensBefore).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

function toSchedule(row: Selectable<ScheduleTable>): Schedule {
  return {
    instanceId: row.instance_id,
    weekDays: row.week_days === '' ? [] : row.week_days.split(',').map(Number),
    hour: row.hour,
    storageDays: row.storage_days,
    activeFrom: row.active_from,
  };
}

function toRun(row: Selectable<ScheduleRunTable>): ScheduleRun {
  return {
    instanceId: row.instance_id,
    localDate: row.local_date,
    hour: row.hour,
    opensAt: row.opens_at,
    state: row.state,
    catchUp: row.catch_up === 1,
    taskId: row.task_id,
    decidedAt: row.decided_at,
  };
}
