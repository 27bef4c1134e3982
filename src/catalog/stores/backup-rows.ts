import type { SelectQueryBuilder } from 'kysely';
import { USABLE_STATES } from '../backup-state.ts';
import type { Backup } from '../catalog.ts';
import type { Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { BACKUP_COLUMNS, type BackupTuple, toBackup } from './backup-tuple.ts';

type Backups = ReturnType<typeof selectBackups>;

/** Everything that a `Backup` has. */
export function selectBackups({ db }: Scope) {
  return db.selectFrom('backups').select([...BACKUP_COLUMNS, 'account_id', 'region']);
}

/** The backups that `narrow` leaves. */
export async function readBackups(
  scope: Scope,
  narrow: (query: Backups) => SelectQueryBuilder<Schema, 'backups', object>,
): Promise<Backup[]> {
  return (await scope.reader.tuples(narrow(selectBackups(scope)).compile())).map(toWholeBackup);
}

/** A row of `selectBackups`. */
export function toWholeBackup(row: unknown[]): Backup {
  const [accountId, region] = row.slice(BACKUP_COLUMNS.length) as [string, string];
  return toBackup(row as BackupTuple, accountId, region);
}

/** See `LifecycleStore.floor`. Reads from the newest backup backwards and stops at the last that is needed. */
export async function readFloor(scope: Scope, instanceId: string, keepMin: number): Promise<string[]> {
  const newest = () =>
    scope.db
      .selectFrom('backups')
      .innerJoin('instances', (join) =>
        join
          .onRef('instances.account_id', '=', 'backups.account_id')
          .onRef('instances.region', '=', 'backups.region')
          .onRef('instances.instance_id', '=', 'backups.instance_id'),
      )
      .select('backups.backup_id')
      .where('instances.instance_id', '=', instanceId)
      .where('backups.state', 'in', USABLE_STATES)
      .orderBy('backups.started_at', 'desc')
      .orderBy('backups.backup_id', 'desc');
  const proven = await scope.reader.rows(newest().where('proof_state', '=', 'proven').limit(1).compile());
  const unfailed = await scope.reader.rows(newest().where('proof_state', '!=', 'failed').limit(keepMin).compile());
  return [...new Set([...proven, ...unfailed].map((row) => row.backup_id))];
}
