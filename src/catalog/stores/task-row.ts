import type { Selectable } from 'kysely';
import type { Task } from '../catalog.ts';
import type { TaskTable } from '../schema.ts';

export function toTask(row: Selectable<TaskTable>): Task {
  return {
    taskId: row.task_id,
    accountId: row.account_id,
    region: row.region,
    instanceId: row.instance_id,
    kind: row.kind,
    subject: row.subject,
    payload: row.payload,
    state: row.state,
    message: row.message,
    progress: row.progress,
    phase: { name: row.phase, doneBytes: row.done_bytes, totalBytes: row.total_bytes },
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    token: row.token,
    failedTries: row.failed_tries,
    requestedBy: row.requested_by,
  };
}
