import { sql } from 'kysely';
import { USABLE_STATES } from '../backup-state.ts';
import { GIVEN_UP_TRIES, REPEATABLE_KINDS, type RecoveryStore } from '../recovery.ts';
import type { Scope } from '../scope.ts';
import { expectOneRow } from './expect-one-row.ts';
import { toTask } from './task-row.ts';

export function createRecoveryStore({ db }: Scope): RecoveryStore {
  return {
    async giveUpTasks() {
      await db
        .updateTable('tasks')
        .set({ state: 'preparing', owner: null, lease_until: null, due_at: 0 })
        .where('ended_at', 'is', null)
        .execute();
      const rows = await db
        .updateTable('tasks')
        .set({ failed_tries: GIVEN_UP_TRIES })
        .where('ended_at', 'is', null)
        .where('kind', 'not in', REPEATABLE_KINDS)
        .returningAll()
        .execute();
      return rows.map(toTask);
    },

    async settleTask({ backupId, accountId, region, instanceId }, attempt, at) {
      const done = { state: 'succeed', message: '', progress: 1, ended_at: at, token: attempt, owner: null, lease_until: null } as const;
      const result = await db
        .updateTable('tasks')
        .set({ ...done, failed_tries: 0 })
        .where('subject', '=', backupId)
        .where('kind', '=', 'take-backup')
        .executeTakeFirst();
      if (result.numUpdatedRows > 0n) {
        return;
      }
      await db
        .insertInto('tasks')
        .values({
          ...done,
          account_id: accountId,
          region,
          instance_id: instanceId,
          kind: 'take-backup',
          subject: backupId,
          payload: '{}',
          requested_by: '',
          exclusive_key: null,
          created_at: at,
          started_at: at,
          failed_tries: 0,
          due_at: 0,
        })
        .execute();
    },

    async admitAttempt(backupId, attempt) {
      await db
        .updateTable('tasks')
        .set({ token: sql<number>`case when token < ${attempt} then ${attempt} else token end` })
        .where('subject', '=', backupId)
        .where('kind', '=', 'take-backup')
        .execute();
    },

    async loseBytes(backupId, { isEmpty, at }) {
      const result = await db
        .updateTable('backups')
        .set((eb) => ({
          state: isEmpty ? 'deleted' : 'expired',
          removable_at: at,
          deleted_at: isEmpty ? at : null,
          // One that nobody let expire was missed, not removed: should its bytes come back, they are not the row's to sweep.
          attempt: isEmpty ? eb.case().when('state', '=', 'expired').then(eb.ref('attempt')).else(null).end() : eb.ref('attempt'),
        }))
        .where('backup_id', '=', backupId)
        .where('state', 'in', [...USABLE_STATES, 'expired'])
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `backup ${backupId} promises no bytes`);
    },
  };
}
