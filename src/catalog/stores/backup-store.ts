import type { UpdateObject } from 'kysely';
import { canFollow } from '../backup-state.ts';
import type { Backup, BackupState, BackupStore } from '../catalog.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { readBackupPage } from './backup-page.ts';
import { BACKUP_COLUMNS, type BackupTuple, toBackup } from './backup-tuple.ts';
import { expectOneRow } from './expect-one-row.ts';

const BATCH_ROWS = 500;

export function createBackupStore(scope: Scope): BackupStore {
  const { db, reader, prepared } = scope;
  return {
    async insert(backup) {
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
        })
        .execute();
    },

    async get(backupId) {
      const query = prepared('backup', () =>
        prepareQuery<{ backupId: string }, object>((place) => backups().where('backup_id', '=', place('backupId'))),
      );
      const rows = await reader.tuples(query.bind({ backupId }));
      return rows[0] === undefined ? undefined : fromRow(rows[0]);
    },

    page: (query) => readBackupPage(scope, query),

    async complete(backupId, result) {
      await move(scope, backupId, 'running', 'available', {
        attempt: result.attempt,
        ended_at: result.endedAt,
        size_bytes: result.sizeBytes,
        server_kind: result.serverKind,
        server_version: result.serverVersion,
      });
    },

    async fail(backupId, endedAt) {
      await move(scope, backupId, 'running', 'failed', { ended_at: endedAt });
    },

    async miscounted() {
      const counters = db
        .selectFrom('backup_counts')
        .select(['account_id', 'region', 'instance_id', 'state', 'backups as counted', (eb) => eb.lit(0).as('rows')]);
      const present = db
        .selectFrom('backups')
        .select([
          'account_id',
          'region',
          'instance_id',
          'state',
          (eb) => eb.lit(0).as('counted'),
          (eb) => eb.fn.countAll<number>().as('rows'),
        ])
        .groupBy(['account_id', 'region', 'instance_id', 'state']);
      const compared = db
        .selectFrom(counters.unionAll(present).as('both'))
        .select(['account_id', 'region', 'instance_id', 'state'])
        .select((eb) => [eb.fn.sum<number>('counted').as('counted'), eb.fn.sum<number>('rows').as('rows')])
        .groupBy(['account_id', 'region', 'instance_id', 'state'])
        .having((eb) => eb(eb.fn.sum('counted'), '!=', eb.fn.sum('rows')))
        .orderBy('account_id')
        .orderBy('region')
        .orderBy('instance_id')
        .orderBy('state');
      return (await reader.rows(compared.compile())).map(({ account_id, region, instance_id, state, counted, rows }) => ({
        accountId: account_id,
        region,
        instanceId: instance_id,
        state,
        counted,
        rows,
      }));
    },

    async *all() {
      for (let last = ''; ; ) {
        const rows = await reader.tuples(backups().where('backup_id', '>', last).orderBy('backup_id').limit(BATCH_ROWS).compile());
        const batch = rows.map(fromRow);
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
    return db.selectFrom('backups').select([...BACKUP_COLUMNS, 'account_id', 'region']);
  }
}

function fromRow(row: unknown[]): Backup {
  const [accountId, region] = row.slice(BACKUP_COLUMNS.length) as [string, string];
  return toBackup(row as BackupTuple, accountId, region);
}

/** The only way in which a backup changes its state. */
async function move(
  { db }: Scope,
  backupId: string,
  from: BackupState,
  to: BackupState,
  facts: UpdateObject<Schema, 'backups'>,
): Promise<void> {
  if (!canFollow(from, to)) {
    throw new TypeError(`no backup turns from ${from} to ${to}`);
  }
  const result = await db
    .updateTable('backups')
    .set({ ...facts, state: to })
    .where('backup_id', '=', backupId)
    .where('state', '=', from)
    .executeTakeFirst();
  expectOneRow(result.numUpdatedRows, `backup ${backupId} is not ${from}`);
}
