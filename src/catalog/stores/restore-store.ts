import type { Selectable } from 'kysely';
import type { RestoreOutcome, RestoreStore, StoredMark } from '../restores.ts';
import type { RestoreMarkTable } from '../schema.ts';
import type { Scope } from '../scope.ts';

export function createRestoreStore({ db, reader }: Scope): RestoreStore {
  return {
    async mark(instanceId) {
      const query = db.selectFrom('restore_marks').selectAll().where('instance_id', '=', instanceId);
      const [row] = await reader.rows(query.compile());
      return row && toMark(row);
    },

    async marks() {
      return (await reader.rows(db.selectFrom('restore_marks').selectAll().orderBy('instance_id').compile())).map(toMark);
    },

    async setMark({ instanceId, taskId, sealedMark }) {
      const values = { task_id: taskId, sealed_mark: sealedMark };
      await db
        .insertInto('restore_marks')
        .values({ instance_id: instanceId, ...values })
        .onConflict((conflict) => conflict.column('instance_id').doUpdateSet(values))
        .execute();
    },

    async clearMark(instanceId) {
      await db.deleteFrom('restore_marks').where('instance_id', '=', instanceId).execute();
    },

    async setOutcome(taskId, outcome) {
      const result = JSON.stringify(outcome);
      await db
        .insertInto('restore_results')
        .values({ task_id: taskId, result })
        .onConflict((conflict) => conflict.column('task_id').doUpdateSet({ result }))
        .execute();
    },

    async outcome(taskId) {
      const query = db.selectFrom('restore_results').select('result').where('task_id', '=', taskId);
      const [row] = await reader.rows(query.compile());
      // Only `setOutcome` writes it, so that it has the form that it was given.
      return row && (JSON.parse(row.result) as RestoreOutcome);
    },
  };
}

function toMark(row: Selectable<RestoreMarkTable>): StoredMark {
  return { instanceId: row.instance_id, taskId: row.task_id, sealedMark: row.sealed_mark };
}
