import { type DownloadRestriction, type DownloadRestrictionStore, NO_RESTRICTION } from '../download-restriction.ts';
import type { Scope } from '../scope.ts';

export function createDownloadRestrictionStore({ db, reader }: Scope): DownloadRestrictionStore {
  return {
    async get(accountId, region) {
      const query = db.selectFrom('download_restrictions').select('rule').where('account_id', '=', accountId).where('region', '=', region);
      const [row] = await reader.rows(query.compile());
      // Only `set` writes it, so that it has the form that it was given.
      return row === undefined ? NO_RESTRICTION : (JSON.parse(row.rule) as DownloadRestriction);
    },

    async set(accountId, region, restriction, at) {
      const rule = JSON.stringify(restriction);
      await db
        .insertInto('download_restrictions')
        .values({ account_id: accountId, region, rule, updated_at: at })
        .onConflict((conflict) => conflict.columns(['account_id', 'region']).doUpdateSet({ rule, updated_at: at }))
        .execute();
    },
  };
}
