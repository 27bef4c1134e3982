import { type Selectable, sql, type UpdateObject } from 'kysely';
import { DomainError } from '../../lib/errors.ts';
import type { Lease, Task, TaskStore } from '../catalog.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { Schema, TaskTable } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { listTasks } from './task-list.ts';
import { toTask } from './task-row.ts';

const NO_PHASE = { phase: '', done_bytes: 0, total_bytes: 0 } as const;

/** What a task is that nobody works on. */
const UNCLAIMED = { state: 'preparing', owner: null, lease_until: null } as const;

/** What is due later than this was made so before the clock was set back, and is due. */
const LONGEST_DELAY_MS = 120_000;

export function createTaskStore(scope: Scope): TaskStore {
  const { db, reader, prepared } = scope;
  const { now } = scope.sql;
  const tasks = () => db.selectFrom('tasks').selectAll();

  return {
    async enqueue(task) {
      const row = await db
        .insertInto('tasks')
        .values({
          account_id: task.accountId,
          region: task.region,
          instance_id: task.instanceId,
          kind: task.kind,
          subject: task.subject,
          payload: task.payload,
          exclusive_key: task.exclusiveKey ?? null,
          ...UNCLAIMED,
          message: '',
          progress: 0,
          created_at: task.createdAt,
          token: 0,
          failed_tries: 0,
          due_at: 0,
          requested_by: task.requestedBy ?? '',
        })
        .returning('task_id')
        .executeTakeFirstOrThrow();
      return row.task_id;
    },

    async get(taskId) {
      const query = prepared('task', () =>
        prepareQuery<{ taskId: number }, Selectable<TaskTable>>((place) => tasks().where('task_id', '=', place('taskId'))),
      );
      return firstTask(await reader.rows(query.bind({ taskId })));
    },

    async claim(owner, kinds, leaseMs, except = []) {
      if (kinds.length === 0) {
        return undefined;
      }
      const row = await db
        .updateTable('tasks')
        .set((eb) => ({
          state: 'running',
          owner,
          lease_until: sql<number>`${now} + ${leaseMs}`,
          token: sql<number>`token + 1`,
          failed_tries: sql<number>`failed_tries + case when state = 'running' then 1 else 0 end`,
          started_at: eb.fn.coalesce('started_at', now),
          message: '',
          progress: 0,
          ...NO_PHASE,
        }))
        .where('task_id', '=', (eb) =>
          eb
            .selectFrom('tasks')
            .select('task_id')
            .where('ended_at', 'is', null)
            .where('kind', 'in', kinds)
            .$if(except.length > 0, (others) => others.where('task_id', 'not in', except))
            .where((due) =>
              due.or([
                due('state', '=', 'preparing').and('due_at', '<=', now),
                due('state', '=', 'preparing').and('due_at', '>', sql<number>`${now} + ${LONGEST_DELAY_MS}`),
                due('state', '=', 'running').and('lease_until', '<=', now),
              ]),
            )
            .orderBy('task_id')
            .limit(1),
        )
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? undefined : { task: toTask(row), lease: { taskId: row.task_id, token: row.token, owner } };
    },

    // Whoever loses power loses the worker that the lease speaks of as well.
    heartbeat: (lease, leaseMs, progress, phase) =>
      scope.unflushed((unflushed) =>
        record(unflushed, lease, {
          lease_until: sql<number>`${now} + ${leaseMs}`,
          progress,
          ...(phase === undefined ? {} : { phase: phase.name, done_bytes: phase.doneBytes, total_bytes: phase.totalBytes }),
        }),
      ),

    fence: (lease) => record(scope, lease, { owner: lease.owner }),

    succeed: (lease) => record(scope, lease, { ...UNCLAIMED, state: 'succeed', progress: 1, ended_at: now }),

    fail: (lease, message) => record(scope, lease, { ...UNCLAIMED, state: 'failed', message, ended_at: now }),

    retryLater: (lease, message, delayMs) =>
      record(scope, lease, {
        ...UNCLAIMED,
        message,
        due_at: sql<number>`${now} + ${delayMs}`,
        failed_tries: sql<number>`failed_tries + 1`,
      }),

    release: (lease) => record(scope, lease, { ...UNCLAIMED, due_at: 0 }),

    async takeOver(owner) {
      const result = await db
        .updateTable('tasks')
        .set({ ...UNCLAIMED, due_at: 0, failed_tries: sql<number>`failed_tries + 1` })
        .where('ended_at', 'is', null)
        .where('state', '=', 'running')
        .where('owner', '!=', owner)
        .executeTakeFirst();
      return Number(result.numUpdatedRows);
    },

    async unfinished(exclusiveKey) {
      return firstTask(await reader.rows(tasks().where('exclusive_key', '=', exclusiveKey).where('ended_at', 'is', null).compile()));
    },

    async ofSubject(subject) {
      return firstTask(await reader.rows(tasks().where('subject', '=', subject).orderBy('task_id', 'desc').limit(1).compile()));
    },

    async allOfSubject(subject) {
      return (await reader.rows(tasks().where('subject', '=', subject).orderBy('task_id').compile())).map(toTask);
    },

    list: (query) => listTasks(scope, query),

    async running() {
      const query = tasks().select(now.as('now')).where('ended_at', 'is', null).where('state', '=', 'running').orderBy('task_id');
      const rows = await reader.rows(query.compile());
      return rows.map((row) => ({ task: toTask(row), leaseUntil: row.lease_until ?? 0, now: row.now }));
    },
  };
}

/** Changes a task under its lease: the token makes sure that the owner of an old claim changes nothing. */
async function record({ db }: Scope, lease: Lease, change: UpdateObject<Schema, 'tasks'>): Promise<void> {
  const result = await db
    .updateTable('tasks')
    .set(change)
    .where('task_id', '=', lease.taskId)
    .where('state', '=', 'running')
    .where('token', '=', lease.token)
    .where('owner', '=', lease.owner)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) {
    throw new DomainError('lease-lost', `task ${lease.taskId} is no longer held under claim ${lease.token}`);
  }
}

function firstTask(rows: ReadonlyArray<Selectable<TaskTable>>): Task | undefined {
  return rows[0] === undefined ? undefined : toTask(rows[0]);
}
