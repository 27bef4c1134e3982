import { DomainError } from '../../lib/errors.ts';
import type { SettingStore } from '../catalog.ts';
import type { Scope } from '../scope.ts';

export function createSettingStore({ db, reader }: Scope): SettingStore {
  async function get(name: string): Promise<string | undefined> {
    const rows = await reader.rows(db.selectFrom('settings').select('value').where('name', '=', name).compile());
    return rows[0]?.value;
  }

  return {
    get,

    async below(prefix) {
      const rows = await reader.rows(db.selectFrom('settings').selectAll().where('name', '>=', prefix).orderBy('name').compile());
      const own = rows.filter(({ name }) => name.startsWith(prefix));
      return new Map(own.map(({ name, value }) => [name.slice(prefix.length), value]));
    },

    async set(name, value) {
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },

    async setOnce(name, value) {
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      const stored = await get(name);
      if (stored === undefined) {
        throw new DomainError('catalog-unavailable', `the setting ${name} vanished while it was set`);
      }
      return stored;
    },
  };
}
