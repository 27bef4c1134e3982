import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { ListedTask, TaskQuery } from '../catalog.ts';
import type { Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { toTask } from './task-row.ts';

/** One page of tasks, newest first, with what a list shows of their instances and backups. */
export async function listTasks({ db, reader }: Scope, query: TaskQuery): Promise<{ total: number; tasks: ListedTask[] }> {
  const matching = db
    .selectFrom('tasks')
    .leftJoin('instances', 'instances.instance_id', 'tasks.instance_id')
    .leftJoin('backups', 'backups.backup_id', 'tasks.subject')
    .where((eb) => eb.and(conditions(eb, query)));
  const page = matching
    .selectAll('tasks')
    .select(['instances.name as instance_name', 'backups.type as backup_type'])
    .orderBy('tasks.created_at', 'desc')
    .orderBy('tasks.task_id', 'desc')
    .limit(query.limit)
    .offset(query.offset);
  const count = matching.select((eb) => eb.fn.countAll<number>().as('total'));
  const [rows, counts] = await Promise.all([reader.rows(page.compile()), reader.rows(count.compile())]);
  return {
    total: counts[0]?.total ?? 0,
    tasks: rows.map((row) => ({ ...toTask(row), instanceName: row.instance_name ?? '', backupType: row.backup_type })),
  };
}

type Joined = ExpressionBuilder<Schema, 'tasks' | 'instances' | 'backups'>;

function conditions(eb: Joined, query: TaskQuery): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [
    eb('tasks.account_id', '=', query.accountId),
    eb('tasks.region', '=', query.region),
    eb('tasks.created_at', '>=', query.createdFrom),
    eb('tasks.created_at', '<=', query.createdTo),
  ];
  const { instanceIds, instanceName, types, states, requestedBy } = query;
  if (instanceIds !== undefined) {
    all.push(instanceIds.length === 0 ? eb.lit(false) : eb('tasks.instance_id', 'in', instanceIds));
  }
  if (instanceName !== undefined) {
    all.push(eb('instances.name', '=', instanceName));
  }
  if (types !== undefined) {
    const each = types.map(({ kind, backupType }) =>
      backupType === undefined ? eb('tasks.kind', '=', kind) : eb.and([eb('tasks.kind', '=', kind), eb('backups.type', '=', backupType)]),
    );
    all.push(eb.or(each));
  }
  if (states !== undefined) {
    all.push(states.length === 0 ? eb.lit(false) : eb('tasks.state', 'in', states));
  }
  if (requestedBy !== undefined) {
    all.push(requestedBy.length === 0 ? eb.lit(false) : eb('tasks.requested_by', 'in', requestedBy));
  }
  return all;
}
