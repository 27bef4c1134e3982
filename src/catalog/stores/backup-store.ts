import type { BackupStore } from '../catalog.ts';
import type { Proof, Scrub } from '../lifecycle.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { Scope } from '../scope.ts';
import { readBackupPage } from './backup-page.ts';
import { selectBackups, toWholeBackup } from './backup-rows.ts';
import { moveBackup } from './move-backup.ts';
import { readMiscounts } from './read-miscounts.ts';

const BATCH_ROWS = 500;

const UNPROVEN: Proof = { state: 'unproven', at: null, serverKind: '', serverVersion: '', message: '' };
const UNCHECKED: Scrub = { state: 'unchecked', at: null, message: '' };

export function createBackupStore(scope: Scope): BackupStore {
  const { db, reader, prepared } = scope;
  return {
    async insert(backup) {
      const { proof = UNPROVEN, scrub = UNCHECKED } = backup;
      await db
        .insertInto('backups')
        .values({
          backup_id: backup.backupId,
          account_id: backup.accountId,
          region: backup.region,
          instance_id: backup.instanceId,
          instance_name: backup.instanceName,
          type: backup.type,
          state: backup.state,
          remark: backup.remark,
          locked: backup.locked ? 1 : 0,
          started_at: backup.startedAt,
          ended_at: backup.endedAt,
          expires_at: backup.expiresAt,
          size_bytes: backup.sizeBytes,
          server_kind: backup.serverKind,
          server_version: backup.serverVersion,
          attempt: backup.attempt,
          held_until: backup.heldUntil ?? 0,
          removable_at: backup.removableAt ?? null,
          deleted_at: backup.deletedAt ?? null,
          proof_state: proof.state,
          proof_at: proof.at,
          proof_kind: proof.serverKind,
          proof_version: proof.serverVersion,
          proof_message: proof.message,
          scrub_state: scrub.state,
          scrub_at: scrub.at,
          scrub_message: scrub.message,
          checked_at: scrub.at ?? backup.endedAt,
        })
        .execute();
    },

    async get(backupId) {
      const query = prepared('backup', () =>
        prepareQuery<{ backupId: string }, object>((place) => backups().where('backup_id', '=', place('backupId'))),
      );
      const rows = await reader.tuples(query.bind({ backupId }));
      return rows[0] === undefined ? undefined : toWholeBackup(rows[0]);
    },

    page: (query) => readBackupPage(scope, query),

    async complete(backupId, result) {
      await moveBackup(scope, backupId, 'running', 'available', {
        attempt: result.attempt,
        ended_at: result.endedAt,
        checked_at: result.endedAt,
        size_bytes: result.sizeBytes,
        server_kind: result.serverKind,
        server_version: result.serverVersion,
      });
    },

    async fail(backupId, endedAt) {
      await moveBackup(scope, backupId, 'running', 'failed', { ended_at: endedAt });
    },

    miscounted: () => readMiscounts(scope),

    async *all() {
      for (let last = ''; ; ) {
        const rows = await reader.tuples(backups().where('backup_id', '>', last).orderBy('backup_id').limit(BATCH_ROWS).compile());
        const batch = rows.map(toWholeBackup);
        yield* batch;
        const end = batch.at(-1);
        if (end === undefined || batch.length < BATCH_ROWS) {
          return;
        }
        last = end.backupId;
      }
    },
  };

  function backups() {
    return selectBackups(scope);
  }
}
