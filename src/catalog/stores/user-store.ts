import type { Selectable } from 'kysely';
import type { User, UserStore } from '../access.ts';
import type { UserTable } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { expectOneRow } from './expect-one-row.ts';

export function createUserStore({ db, reader }: Scope): UserStore {
  const users = (accountId: string) => db.selectFrom('users').selectAll().where('account_id', '=', accountId);

  return {
    async insert(user) {
      const row = await db
        .insertInto('users')
        .values({
          account_id: user.accountId,
          uin: user.uin,
          name: user.name,
          remark: user.remark,
          phone: user.phone,
          country_code: user.countryCode,
          email: user.email,
          created_at: user.createdAt,
        })
        .returning('uid')
        .executeTakeFirstOrThrow();
      return row.uid;
    },

    async get(accountId, uin) {
      return firstUser(await reader.rows(users(accountId).where('uin', '=', uin).compile()));
    },

    async byName(accountId, name) {
      return firstUser(await reader.rows(users(accountId).where('name', '=', name).compile()));
    },

    async list(accountId) {
      return (await reader.rows(users(accountId).orderBy('uid').compile())).map(toUser);
    },

    async update(accountId, uin, facts) {
      const result = await db
        .updateTable('users')
        .set({
          // Keeps the statement valid where nothing changes.
          uin,
          ...(facts.remark === undefined ? {} : { remark: facts.remark }),
          ...(facts.phone === undefined ? {} : { phone: facts.phone }),
          ...(facts.countryCode === undefined ? {} : { country_code: facts.countryCode }),
          ...(facts.email === undefined ? {} : { email: facts.email }),
        })
        .where('account_id', '=', accountId)
        .where('uin', '=', uin)
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `there is no user ${uin}`);
    },

    async delete(accountId, uin) {
      const result = await db.deleteFrom('users').where('account_id', '=', accountId).where('uin', '=', uin).executeTakeFirst();
      expectOneRow(result.numDeletedRows, `there is no user ${uin}`);
    },
  };
}

function firstUser(rows: ReadonlyArray<Selectable<UserTable>>): User | undefined {
  return rows[0] === undefined ? undefined : toUser(rows[0]);
}

function toUser(row: Selectable<UserTable>): User {
  return {
    uid: row.uid,
    accountId: row.account_id,
    uin: row.uin,
    name: row.name,
    remark: row.remark,
    phone: row.phone,
    countryCode: row.country_code,
    email: row.email,
    createdAt: row.created_at,
  };
}
