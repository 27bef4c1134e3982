import type { Selectable } from 'kysely';
import { USABLE_STATES } from '../backup-state.ts';
import type { Hold, Holder, LifecycleStore } from '../lifecycle.ts';
import { LONGEST_HOLD_MS } from '../lifecycle.ts';
import type { BackupHoldTable } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { expectOneRow } from './expect-one-row.ts';

/**
 * The row of a backup has the end of its last hold too, so that listing and expiring read nothing else. It is changed first: that is
 * what a hold and an expiry of the same backup compete for.
 */
export function createHolds(scope: Scope): Pick<LifecycleStore, 'hold' | 'release' | 'holds' | 'allHolds'> {
  return {
    async hold(backupId, holder, { at, until }) {
      if (until - at > LONGEST_HOLD_MS) {
        throw new RangeError(`a hold lasts ${LONGEST_HOLD_MS} ms at most, not ${until - at}`);
      }
      await scope.atomic(async ({ db }) => {
        const result = await db
          .updateTable('backups')
          .set((eb) => ({ held_until: eb.case().when('held_until', '<', until).then(until).else(eb.ref('held_until')).end() }))
          .where('backup_id', '=', backupId)
          .where('state', 'in', USABLE_STATES)
          .executeTakeFirst();
        expectOneRow(result.numUpdatedRows, `backup ${backupId} has no bytes that can be held`);
        await db.deleteFrom('backup_holds').where('backup_id', '=', backupId).where('held_until', '<=', at).execute();
        await db
          .insertInto('backup_holds')
          .values({ backup_id: backupId, holder_kind: holder.kind, holder_id: holder.id, held_until: until })
          .onConflict((conflict) =>
            conflict
              .columns(['backup_id', 'holder_kind', 'holder_id'])
              .doUpdateSet({ held_until: until })
              .where('backup_holds.held_until', '<', until),
          )
          .execute();
      });
    },

    async release(backupId, holder) {
      await scope.atomic(async (inside) => {
        await ofHolder(inside, backupId, holder).execute();
        await inside.db
          .updateTable('backups')
          .set((eb) => ({
            held_until: eb.fn.coalesce(
              eb
                .selectFrom('backup_holds')
                .select((hold) => hold.fn.max('backup_holds.held_until').as('last'))
                .where('backup_holds.backup_id', '=', backupId),
              eb.lit(0),
            ),
          }))
          .where('backup_id', '=', backupId)
          .execute();
      });
    },

    async holds(backupId, at) {
      const query = scope.db
        .selectFrom('backup_holds')
        .selectAll()
        .where('backup_id', '=', backupId)
        .where('held_until', '>', at)
        .orderBy('held_until', 'desc')
        .orderBy('holder_kind')
        .orderBy('holder_id');
      return (await scope.reader.rows(query.compile())).map(toHold);
    },

    async allHolds(at) {
      const query = scope.db
        .selectFrom('backup_holds')
        .selectAll()
        .where('held_until', '>', at)
        .orderBy('backup_id')
        .orderBy('holder_kind')
        .orderBy('holder_id');
      return (await scope.reader.rows(query.compile())).map((row) => ({ backupId: row.backup_id, ...toHold(row) }));
    },
  };
}

function toHold(row: Selectable<BackupHoldTable>): Hold {
  return { holder: { kind: row.holder_kind, id: row.holder_id }, until: row.held_until };
}

function ofHolder({ db }: Scope, backupId: string, { kind, id }: Holder) {
  return db.deleteFrom('backup_holds').where('backup_id', '=', backupId).where('holder_kind', '=', kind).where('holder_id', '=', id);
}
