import { type Expression, type ExpressionBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { EventQuery, EventStore, SiteEvent } from '../events.ts';
import type { EventTable, Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';

const BATCH_ROWS = 100;

export function createEventStore({ db, reader }: Scope): EventStore {
  const events = () => db.selectFrom('events').selectAll();

  return {
    async record(event) {
      const result = await db
        .insertInto('events')
        .values({
          kind: event.kind,
          event_key: event.key,
          at: event.at,
          account_id: event.accountId,
          region: event.region,
          instance_id: event.instanceId,
          message: event.message,
          delivered_at: null,
          failed_tries: 0,
          next_try_at: event.at,
        })
        .onConflict((conflict) => conflict.column('event_key').doNothing())
        .executeTakeFirst();
      return result.numInsertedOrUpdatedRows === 1n;
    },

    async newest(accountId, limit) {
      return (await reader.rows(events().where('account_id', '=', accountId).orderBy('event_id', 'desc').limit(limit).compile())).map(
        toEvent,
      );
    },

    async list(query) {
      const matching = db.selectFrom('events').where((eb) => eb.and(conditions(eb, query)));
      const page = matching.selectAll().orderBy('at', 'desc').orderBy('event_id', 'desc').limit(query.limit).offset(query.offset);
      const count = matching.select((eb) => eb.fn.countAll<number>().as('total'));
      const [rows, counts] = await Promise.all([reader.rows(page.compile()), reader.rows(count.compile())]);
      return { total: counts[0]?.total ?? 0, events: rows.map(toEvent) };
    },

    async undelivered({ since, at, latest }) {
      const query = events()
        .where('delivered_at', 'is', null)
        .where('at', '>=', since)
        .where((row) => row.or([row('next_try_at', '<=', at), row('next_try_at', '>', latest)]))
        .orderBy('event_id')
        .limit(BATCH_ROWS);
      return (await reader.rows(query.compile())).map(toEvent);
    },

    async markDelivered(eventId, at) {
      await db.updateTable('events').set({ delivered_at: at }).where('event_id', '=', eventId).execute();
    },

    async postpone(eventId, nextAt) {
      await db
        .updateTable('events')
        .set({ next_try_at: nextAt, failed_tries: sql<number>`failed_tries + 1` })
        .where('event_id', '=', eventId)
        .execute();
    },

    async prune(before) {
      return Number((await db.deleteFrom('events').where('at', '<', before).executeTakeFirst()).numDeletedRows);
    },
  };
}

function conditions(eb: ExpressionBuilder<Schema, 'events'>, query: EventQuery): Expression<SqlBool>[] {
  const { instanceIds, kinds, from, to } = query;
  const all: Expression<SqlBool>[] = [eb('account_id', '=', query.accountId), eb('region', 'in', [query.region, ''])];
  if (instanceIds !== undefined) {
    all.push(instanceIds.length === 0 ? eb.lit(false) : eb('instance_id', 'in', instanceIds));
  }
  if (kinds !== undefined) {
    all.push(kinds.length === 0 ? eb.lit(false) : eb('kind', 'in', kinds));
  }
  if (from !== undefined) {
    all.push(eb('at', '>=', from));
  }
  if (to !== undefined) {
    all.push(eb('at', '<=', to));
  }
  return all;
}

function toEvent(row: Selectable<EventTable>): SiteEvent {
  return {
    eventId: row.event_id,
    kind: row.kind,
    key: row.event_key,
    at: row.at,
    accountId: row.account_id,
    region: row.region,
    instanceId: row.instance_id,
    message: row.message,
    failedTries: row.failed_tries,
    deliveredAt: row.delivered_at,
  };
}
