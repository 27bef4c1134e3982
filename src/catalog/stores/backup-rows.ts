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

/** See `LifecycleStore.floor`. Each read goes from the newest backup backwards and stops at the last that is needed. */
export async function readFloor(scope: Scope, instanceId: string, keepMin: number, at: number): Promise<string[]> {
  const newest = (until: number) =>
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
      .where('backups.started_at', '<=', until)
      .orderBy('backups.started_at', 'desc')
      .orderBy('backups.backup_id', 'desc');
  const floor = new Set<string>();
  for (const until of [at, Number.MAX_SAFE_INTEGER]) {
    const proven = newest(until).where('proof_state', '=', 'proven').limit(1);
    const unfailed = newest(until).where('proof_state', '!=', 'failed').limit(keepMin);
    for (const query of [proven, unfailed]) {
      for (const row of await scope.reader.rows(query.compile())) {
        floor.add(row.backup_id);
      }
    }
  }
  return [...floor];
}
