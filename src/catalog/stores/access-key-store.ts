import type { Selectable } from 'kysely';
import type { AccessKey, AccessKeyStore } from '../access.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { AccessKeyTable } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { expectOneRow } from './expect-one-row.ts';

export function createAccessKeyStore({ db, reader, prepared }: Scope): AccessKeyStore {
  const keys = () => db.selectFrom('access_keys').selectAll();

  return {
    async insert(key) {
      await db
        .insertInto('access_keys')
        .values({
          secret_id: key.secretId,
          account_id: key.accountId,
          uin: key.uin,
          sealed_secret_key: key.sealedSecretKey,
          status: key.status,
          description: key.description,
          created_at: key.createdAt,
        })
        .execute();
    },

    async get(secretId) {
      const query = prepared('access key', () =>
        prepareQuery<{ secretId: string }, Selectable<AccessKeyTable>>((place) => keys().where('secret_id', '=', place('secretId'))),
      );
      const [row] = await reader.rows(query.bind({ secretId }));
      return row === undefined ? undefined : toAccessKey(row);
    },

    async ofUser(accountId, uin) {
      const query = keys().where('account_id', '=', accountId).where('uin', '=', uin).orderBy('created_at').orderBy('secret_id');
      return (await reader.rows(query.compile())).map(toAccessKey);
    },

    async all() {
      return (await reader.rows(keys().orderBy('secret_id').compile())).map(toAccessKey);
    },

    async setStatus(secretId, status) {
      const result = await db.updateTable('access_keys').set({ status }).where('secret_id', '=', secretId).executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `there is no access key ${secretId}`);
    },

    async delete(secretId) {
      const result = await db.deleteFrom('access_keys').where('secret_id', '=', secretId).executeTakeFirst();
      expectOneRow(result.numDeletedRows, `there is no access key ${secretId}`);
    },
  };
}

function toAccessKey(row: Selectable<AccessKeyTable>): AccessKey {
  return {
    secretId: row.secret_id,
    accountId: row.account_id,
    uin: row.uin,
    sealedSecretKey: row.sealed_secret_key,
    status: row.status,
    description: row.description,
    createdAt: row.created_at,
  };
}
