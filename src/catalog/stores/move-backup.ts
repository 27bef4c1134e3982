import type { Expression, ExpressionBuilder, SqlBool, UpdateObject } from 'kysely';
import { canFollow } from '../backup-state.ts';
import type { BackupState } from '../catalog.ts';
import type { Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { expectOneRow } from './expect-one-row.ts';

/** The only way in which a backup changes its state; throws `catalog-conflict` where it is not in `from` or not as `condition` says. */
export async function moveBackup(
  { db }: Scope,
  backupId: string,
  from: BackupState,
  to: BackupState,
  facts: UpdateObject<Schema, 'backups'> = {},
  condition: (row: ExpressionBuilder<Schema, 'backups'>) => Expression<SqlBool> = (row) => row.lit(true),
): Promise<void> {
  if (!canFollow(from, to)) {
    throw new TypeError(`no backup turns from ${from} to ${to}`);
  }
  const result = await db
    .updateTable('backups')
    .set({ ...facts, state: to })
    .where('backup_id', '=', backupId)
    .where('state', '=', from)
    .where(condition)
    .executeTakeFirst();
  expectOneRow(result.numUpdatedRows, `backup ${backupId} is not ${from}`);
}
