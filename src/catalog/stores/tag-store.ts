import type { Compilable } from 'kysely';
import type { Scope } from '../scope.ts';
import type { Tag, TagStore } from '../tags.ts';

export function createTagStore({ db, reader }: Scope): TagStore {
  const tags = () =>
    db
      .selectFrom('instance_tags')
      .select(['instance_tags.instance_id as instanceId', 'tag_key as key', 'tag_value as value'])
      .orderBy('instance_tags.instance_id')
      .orderBy('tag_key');

  const read = async (query: Compilable<Tag>): Promise<Tag[]> => (await reader.rows(query.compile())).map((tag) => ({ ...tag }));

  return {
    async ofInstances(instanceIds): Promise<Tag[]> {
      return instanceIds.length === 0 ? [] : read(tags().where('instance_tags.instance_id', 'in', instanceIds));
    },

    async ofRegion(accountId, region): Promise<Tag[]> {
      const query = tags()
        .innerJoin('instances', 'instances.instance_id', 'instance_tags.instance_id')
        .where('instances.account_id', '=', accountId)
        .where('instances.region', '=', region);
      return read(query);
    },

    async set({ instanceId, key, value }) {
      await db
        .insertInto('instance_tags')
        .values({ instance_id: instanceId, tag_key: key, tag_value: value })
        .onConflict((conflict) => conflict.columns(['instance_id', 'tag_key']).doUpdateSet({ tag_value: value }))
        .execute();
    },

    async remove(instanceId, key) {
      await db.deleteFrom('instance_tags').where('instance_id', '=', instanceId).where('tag_key', '=', key).execute();
    },
  };
}
