import type { UpdateObject } from 'kysely';
import { USABLE_STATES } from '../backup-state.ts';
import type { LifecycleStore } from '../lifecycle.ts';
import type { Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { readBackups } from './backup-rows.ts';
import { expectOneRow } from './expect-one-row.ts';

type Proofs = Pick<LifecycleStore, 'recordProof' | 'retractDamage' | 'unproven' | 'isOutdated' | 'countBad' | 'recordScrub' | 'nextScrub'>;

/** What is known of the bytes of backups: whether a server loads them, and when they were read last. */
export function createProofs(scope: Scope): Proofs {
  async function record({ db }: Scope, backupId: string, facts: UpdateObject<Schema, 'backups'>): Promise<void> {
    const result = await db
      .updateTable('backups')
      .set(facts)
      .where('backup_id', '=', backupId)
      .where('state', 'in', USABLE_STATES)
      .executeTakeFirst();
    expectOneRow(result.numUpdatedRows, `backup ${backupId} has no bytes that count`);
  }

  return {
    async recordProof(backupId, { state, at, serverKind, serverVersion, message }) {
      await scope.atomic(async (inside) => {
        const [backup] = await readBackups(inside, (query) => query.where('backup_id', '=', backupId));
        if (state === 'not_provable' && (backup?.proof.state === 'proven' || backup?.proof.state === 'failed')) {
          // Still refused for a backup that is not usable.
          await record(inside, backupId, { proof_state: backup.proof.state });
          return;
        }
        await record(inside, backupId, {
          proof_state: state,
          proof_at: at,
          proof_kind: serverKind,
          proof_version: serverVersion,
          proof_message: message,
        });
      });
    },

    async retractDamage(backupId) {
      const result = await scope.db
        .updateTable('backups')
        .set({ proof_state: 'unproven', proof_at: null, proof_message: '' })
        .where('backup_id', '=', backupId)
        .where('proof_state', '=', 'failed')
        .where('proof_kind', '=', '')
        .where('state', 'in', USABLE_STATES)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    unproven: ({ newestOnly, limit, at }) =>
      readBackups(scope, (query) =>
        query
          .where('proof_state', '=', 'unproven')
          .where('state', 'in', USABLE_STATES)
          .$if(newestOnly, (all) =>
            all.where((row) =>
              row.not(
                row.exists(
                  row
                    .selectFrom('backups as newer')
                    .select('newer.backup_id')
                    .whereRef('newer.account_id', '=', 'backups.account_id')
                    .whereRef('newer.region', '=', 'backups.region')
                    .whereRef('newer.instance_id', '=', 'backups.instance_id')
                    .where('newer.state', 'in', USABLE_STATES)
                    .whereRef('newer.started_at', '>', 'backups.started_at')
                    .where('newer.started_at', '<=', at),
                ),
              ),
            ),
          )
          .orderBy('started_at', 'desc')
          .orderBy('backup_id', 'desc')
          .limit(limit),
      ),

    async isOutdated({ accountId, region, instanceId, startedAt }, at) {
      const newer = await readBackups(scope, (query) =>
        query
          .where('account_id', '=', accountId)
          .where('region', '=', region)
          .where('instance_id', '=', instanceId)
          .where('state', 'in', USABLE_STATES)
          .where('started_at', '>', startedAt)
          .where('started_at', '<=', at)
          .limit(1),
      );
      return newer.length > 0;
    },

    async countBad() {
      const query = scope.db
        .selectFrom('backups')
        .where('proof_state', '=', 'failed')
        .where('state', 'in', USABLE_STATES)
        .select((row) => row.fn.countAll<number>().as('count'));
      return Number((await scope.reader.rows(query.compile()))[0]?.count ?? 0);
    },

    recordScrub: (backupId, { state, at, message }, checkedAt) =>
      record(scope, backupId, { scrub_state: state, scrub_at: at, scrub_message: message, checked_at: checkedAt }),

    async nextScrub(checkedUntil) {
      const oldest: Array<{ backup_id: string; checked_at: number | null }> = [];
      // One walk along the index for each state: together they would be read and sorted.
      for (const state of USABLE_STATES) {
        const query = scope.db
          .selectFrom('backups')
          .select(['backup_id', 'checked_at'])
          .where('state', '=', state)
          .where('checked_at', '<=', checkedUntil)
          .orderBy('checked_at')
          .orderBy('backup_id')
          .limit(1);
        oldest.push(...(await scope.reader.rows(query.compile())));
      }
      const [first] = oldest.toSorted((a, b) => Number(a.checked_at) - Number(b.checked_at));
      return first && (await readBackups(scope, (all) => all.where('backup_id', '=', first.backup_id)))[0];
    },
  };
}
