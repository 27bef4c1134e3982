import { USABLE_STATES } from '../backup-state.ts';
import { BACKED_UP_STATES } from '../instance-state.ts';
import type { LifecycleStore, Obstacle } from '../lifecycle.ts';
import type { Scope } from '../scope.ts';
import { createHolds } from './backup-holds.ts';
import { createProofs } from './backup-proofs.ts';
import { readBackups, readFloor } from './backup-rows.ts';
import { expectOneRow } from './expect-one-row.ts';
import { moveBackup } from './move-backup.ts';

const LOCKABLE_STATES = ['running', ...USABLE_STATES] as const;

export function createLifecycleStore(scope: Scope): LifecycleStore {
  const { db } = scope;

  async function setLocked(backupId: string, locked: 0 | 1): Promise<void> {
    const result = await db
      .updateTable('backups')
      .set({ locked })
      .where('backup_id', '=', backupId)
      .where('state', 'in', LOCKABLE_STATES)
      .executeTakeFirst();
    expectOneRow(result.numUpdatedRows, `backup ${backupId} is expired, deleted or failed`);
  }

  return {
    ...createHolds(scope),
    ...createProofs(scope),

    lock: (backupId) => setLocked(backupId, 1),
    unlock: (backupId) => setLocked(backupId, 0),

    beginConversion: (backupId) => moveBackup(scope, backupId, 'available', 'converting'),
    finishConversion: (backupId) => moveBackup(scope, backupId, 'converting', 'converted'),
    abandonConversion: (backupId) => moveBackup(scope, backupId, 'converting', 'available'),

    floor: (instanceId, keepMin, at) => readFloor(scope, instanceId, keepMin, at),

    async newest(at) {
      const query = db
        .selectFrom('instances')
        .select('instance_id as instanceId')
        .select((eb) => {
          // One short read of each instance's newest rows.
          const newest = () =>
            eb
              .selectFrom('backups')
              .select('backups.started_at')
              .whereRef('backups.account_id', '=', 'instances.account_id')
              .whereRef('backups.region', '=', 'instances.region')
              .whereRef('backups.instance_id', '=', 'instances.instance_id')
              .where('backups.state', 'in', USABLE_STATES)
              .where('backups.started_at', '<=', at)
              .orderBy('backups.started_at', 'desc')
              .limit(1);
          return [
            newest().where('backups.proof_state', '!=', 'failed').as('any'),
            newest().where('backups.proof_state', '=', 'proven').as('proven'),
          ];
        })
        .where('state', 'in', BACKED_UP_STATES)
        .orderBy('instance_id');
      return (await scope.reader.rows(query.compile())).map((row) => ({ ...row }));
    },

    async countUsable(instanceId) {
      const query = db
        .selectFrom('backup_counts')
        .innerJoin('instances', (join) =>
          join
            .onRef('instances.account_id', '=', 'backup_counts.account_id')
            .onRef('instances.region', '=', 'backup_counts.region')
            .onRef('instances.instance_id', '=', 'backup_counts.instance_id'),
        )
        .select((eb) => eb.fn.sum<number | null>('backup_counts.backups').as('usable'))
        .where('instances.instance_id', '=', instanceId)
        .where('backup_counts.state', 'in', USABLE_STATES);
      return (await scope.reader.rows(query.compile()))[0]?.usable ?? 0;
    },

    async expire(backupId, { at, removableAt, keepMin, force = false }) {
      return scope.atomic(async (inside): Promise<Obstacle | undefined> => {
        const [backup] = await readBackups(inside, (query) => query.where('backup_id', '=', backupId));
        if (backup === undefined || (backup.state !== 'available' && backup.state !== 'converted')) {
          return 'state';
        }
        if (backup.locked) {
          return 'locked';
        }
        if (backup.heldUntil > at) {
          return 'held';
        }
        if (!force && (await readFloor(inside, backup.instanceId, keepMin, at)).includes(backupId)) {
          return 'floor';
        }
        await moveBackup(inside, backupId, backup.state, 'expired', { removable_at: removableAt }, (row) =>
          row.and([row('locked', '=', 0), row('held_until', '<=', at)]),
        );
        return undefined;
      });
    },

    async endGrace(backupId, at) {
      const result = await db
        .updateTable('backups')
        .set((eb) => ({ removable_at: eb.case().when('removable_at', '<', at).then(eb.ref('removable_at')).else(at).end() }))
        .where('backup_id', '=', backupId)
        .where('state', '=', 'expired')
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `backup ${backupId} is not expired`);
    },

    markDeleted: (backupId, at) => moveBackup(scope, backupId, 'expired', 'deleted', { deleted_at: at }),

    due: (at) =>
      readBackups(scope, (query) =>
        query
          .where('state', 'in', ['available', 'converted'])
          .where('expires_at', '<=', at)
          .where('locked', '=', 0)
          .where('held_until', '<=', at)
          .where('instance_id', 'not in', (eb) =>
            eb.selectFrom('instances').select('instances.instance_id').where('state', '=', 'detached'),
          )
          .orderBy('expires_at')
          .orderBy('backup_id'),
      ),

    removable: (at) =>
      readBackups(scope, (query) =>
        query.where('state', '=', 'expired').where('removable_at', '<=', at).orderBy('removable_at').orderBy('backup_id'),
      ),

    async prune({ deletedAt, failedAt }) {
      const result = await db
        .deleteFrom('backups')
        .where((eb) =>
          eb.or([
            eb('state', '=', 'deleted').and('deleted_at', '<=', deletedAt),
            eb('state', '=', 'failed').and('ended_at', '<=', failedAt),
          ]),
        )
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}
