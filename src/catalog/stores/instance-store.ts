import { type Expression, type ExpressionBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { Instance, InstanceQuery, InstanceState, InstanceStore } from '../catalog.ts';
import type { DialectSql } from '../dialect.ts';
import { canFollow, LISTED_STATES, SERVED_STATES } from '../instance-state.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { ResizePayload } from '../resize-task.ts';
import type { InstanceTable, Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { containing, foldCase, isLike } from './contains.ts';
import { expectOneRow } from './expect-one-row.ts';

const ORDER_COLUMNS = { created: 'created_at', name: 'name', project: 'project_id' } as const;

export function createInstanceStore({ db, reader, sql: dialect, prepared }: Scope): InstanceStore {
  return {
    async insert(instance) {
      await db.insertInto('instances').values(toRow(instance)).execute();
    },

    async get(instanceId) {
      const query = prepared('instance', () =>
        prepareQuery<{ instanceId: string }, InstanceTable>((place) =>
          db.selectFrom('instances').selectAll().where('instance_id', '=', place('instanceId')),
        ),
      );
      const rows = await reader.rows(query.bind({ instanceId }));
      return rows[0] === undefined ? undefined : toInstance(rows[0]);
    },

    async list(query) {
      const matching = db.selectFrom('instances').where((eb) => eb.and(conditions(eb, query, dialect)));
      const order = query.order ?? { by: 'created', descending: false };
      const page = matching
        .selectAll()
        .orderBy(ORDER_COLUMNS[order.by], order.descending ? 'desc' : 'asc')
        .orderBy('instance_id')
        .limit(query.limit)
        .offset(query.offset);
      const count = matching.select((eb) => eb.fn.countAll<number>().as('total'));
      const [rows, counts] = await Promise.all([reader.rows(page.compile()), reader.rows(count.compile())]);
      return { total: counts[0]?.total ?? 0, instances: rows.map(toInstance) };
    },

    async ids(accountId, region) {
      const query = prepared('instance ids', () =>
        prepareQuery<{ accountId: string; region: string }, { instance_id: string }>((place) =>
          db
            .selectFrom('instances')
            .select('instance_id')
            .where('account_id', '=', place('accountId'))
            .where('region', '=', place('region')),
        ),
      );
      return (await reader.rows(query.bind({ accountId, region }))).map((row) => row.instance_id);
    },

    async engines(accountId, region) {
      const query = db
        .selectFrom('instances')
        .select(['server_kind as serverKind', 'server_version as serverVersion'])
        .distinct()
        .where('account_id', '=', accountId)
        .where('region', '=', region);
      return (await reader.rows(query.compile())).map((engine) => ({ ...engine }));
    },

    async managedTotals() {
      const query = db
        .selectFrom('instances')
        .leftJoin('tasks', (join) =>
          join
            .onRef('tasks.instance_id', '=', 'instances.instance_id')
            .on('tasks.kind', '=', 'resize-instance')
            .on('tasks.ended_at', 'is', null),
        )
        .select(['instances.port', 'instances.max_memory_bytes', 'tasks.payload'])
        .where('instances.kind', '=', 'managed')
        .where('instances.state', 'in', SERVED_STATES);
      const rows = await reader.rows(query.compile());
      const maxMemoryBytes = rows.reduce((sum, row) => sum + Math.max(row.max_memory_bytes, wantedMemory(row.payload)), 0);
      return { instances: rows.length, maxMemoryBytes, ports: rows.map((row) => row.port).filter((port) => port !== 0) };
    },

    async recordLook(instanceId, facts) {
      const result = await db
        .updateTable('instances')
        .set({
          state: 'online',
          server_kind: facts.serverKind,
          server_version: facts.serverVersion,
          used_memory_bytes: facts.usedMemoryBytes,
          max_memory_bytes: facts.maxMemoryBytes,
          replicas: facts.replicas,
        })
        .where('instance_id', '=', instanceId)
        .where('state', 'in', ['attaching', 'starting', 'online'])
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `instance ${instanceId} is not attached`);
    },

    async relocate(instanceId, host, port) {
      const result = await db
        .updateTable('instances')
        .set({ host, port })
        .where('instance_id', '=', instanceId)
        .where('kind', '=', 'managed')
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `there is no managed instance ${instanceId}`);
    },

    async detach(instanceId, at) {
      const result = await db
        .updateTable('instances')
        .set({ state: 'detached', detached_at: at })
        .where('instance_id', '=', instanceId)
        .where('state', '=', 'online')
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `instance ${instanceId} is not online`);
    },

    async move(instanceId, from, to, at) {
      if (!canFollow(from, to)) {
        throw new TypeError(`no instance turns from ${from} to ${to}`);
      }
      const result = await db
        .updateTable('instances')
        .set((eb) => ({
          state: to,
          ...(to === 'isolated' || to === 'detached' ? { detached_at: eb.fn.coalesce('detached_at', eb.val(at)) } : {}),
          ...(to === 'online' || to === 'starting' ? { detached_at: null } : {}),
        }))
        .where('instance_id', '=', instanceId)
        .where('state', '=', from)
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `instance ${instanceId} is not ${from}`);
    },

    async update(instanceId, { name, projectId, deleteProtection, sealedSecrets, maxMemoryBytes }) {
      const result = await db
        .updateTable('instances')
        .set({
          ...(name === undefined ? {} : { name, name_folded: foldCase(name) }),
          ...(projectId === undefined ? {} : { project_id: projectId }),
          ...(deleteProtection === undefined ? {} : { delete_protection: deleteProtection ? 1 : 0 }),
          ...(sealedSecrets === undefined ? {} : { sealed_secrets: sealedSecrets }),
          ...(maxMemoryBytes === undefined ? {} : { max_memory_bytes: maxMemoryBytes }),
        })
        .where('instance_id', '=', instanceId)
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `there is no instance ${instanceId}`);
    },

    async discard(instanceId) {
      const result = await db
        .deleteFrom('instances')
        .where('instance_id', '=', instanceId)
        .where('state', 'in', ['attaching', 'failed'])
        .executeTakeFirst();
      expectOneRow(result.numDeletedRows, `instance ${instanceId} is neither attaching nor failed`);
    },
  };
}

function conditions(eb: ExpressionBuilder<Schema, 'instances'>, query: InstanceQuery, dialect: DialectSql): Expression<SqlBool>[] {
  const oneOf = (column: 'state' | 'name', values: readonly string[]) =>
    values.length === 0 ? eb.lit(false) : eb(eb.ref(column), 'in', values as readonly InstanceState[]);
  const all: Expression<SqlBool>[] = [eb('account_id', '=', query.accountId), oneOf('state', query.states ?? LISTED_STATES)];
  if (query.region !== undefined) {
    all.push(eb('region', '=', query.region));
  }
  if (query.instanceIds !== undefined) {
    const [first, ...more] = query.instanceIds;
    // A list hides from the database how few they are; one alone must be found by its key.
    const isOne = first !== undefined && more.length === 0;
    all.push(isOne ? eb('instance_id', '=', first) : eb('instance_id', 'in', dialect.textsOf(sql.val(JSON.stringify(query.instanceIds)))));
  }
  if (query.names !== undefined) {
    all.push(oneOf('name', query.names));
  }
  if (query.nameContains !== undefined) {
    all.push(isLike('name_folded', containing(query.nameContains)));
  }
  if (query.projectIds !== undefined) {
    all.push(query.projectIds.length === 0 ? eb.lit(false) : eb('project_id', 'in', query.projectIds));
  }
  if (query.engines !== undefined) {
    const each = query.engines.map((engine) =>
      eb.and([eb('server_kind', '=', engine.serverKind), eb('server_version', '=', engine.serverVersion)]),
    );
    all.push(anyOf(eb, each));
  }
  for (const { key, value } of query.tags ?? []) {
    const tagged = eb.selectFrom('instance_tags').select('instance_tags.instance_id').where('tag_key', '=', key);
    all.push(eb('instance_id', 'in', value === undefined ? tagged : tagged.where('tag_value', '=', value)));
  }
  if (query.searchAny !== undefined) {
    const words = query.searchAny.filter((word) => word !== '');
    const exact = words.length === 0 ? [] : [eb('instance_id', 'in', words), eb('host', 'in', words)];
    all.push(anyOf(eb, [...exact, ...words.map((word) => isLike('name_folded', containing(word)))]));
  }
  return all;
}

const MOST_ALTERNATIVES = 50;

/** True where any holds. Grouped, because a database bounds how deep an expression is: a chain of 1000 is too deep for SQLite (sqlite.org/limits.html). */
function anyOf(eb: ExpressionBuilder<Schema, 'instances'>, alternatives: ReadonlyArray<Expression<SqlBool>>): Expression<SqlBool> {
  const groups: Expression<SqlBool>[] = [];
  for (let start = 0; start < alternatives.length; start += MOST_ALTERNATIVES) {
    groups.push(eb.or(alternatives.slice(start, start + MOST_ALTERNATIVES)));
  }
  return eb.or(groups);
}

function toRow(instance: Instance): Selectable<InstanceTable> {
  return {
    instance_id: instance.instanceId,
    account_id: instance.accountId,
    region: instance.region,
    name: instance.name,
    name_folded: foldCase(instance.name),
    kind: instance.kind,
    state: instance.state,
    host: instance.host,
    port: instance.port,
    user: instance.user,
    sealed_secrets: instance.sealedSecrets,
    tls: instance.tls ? 1 : 0,
    server_kind: instance.serverKind,
    server_version: instance.serverVersion,
    used_memory_bytes: instance.usedMemoryBytes,
    max_memory_bytes: instance.maxMemoryBytes,
    replicas: instance.replicas,
    created_at: instance.createdAt,
    detached_at: instance.detachedAt,
    zone_id: instance.zoneId,
    project_id: instance.projectId,
    delete_protection: instance.deleteProtection ? 1 : 0,
    prefer_replica: instance.preferReplica ? 1 : 0,
  };
}

function toInstance(row: Selectable<InstanceTable>): Instance {
  return {
    instanceId: row.instance_id,
    accountId: row.account_id,
    region: row.region,
    name: row.name,
    kind: row.kind,
    state: row.state,
    host: row.host,
    port: row.port,
    user: row.user,
    sealedSecrets: row.sealed_secrets,
    tls: row.tls === 1,
    serverKind: row.server_kind,
    serverVersion: row.server_version,
    usedMemoryBytes: row.used_memory_bytes,
    maxMemoryBytes: row.max_memory_bytes,
    replicas: row.replicas,
    createdAt: row.created_at,
    detachedAt: row.detached_at,
    zoneId: row.zone_id,
    projectId: row.project_id,
    deleteProtection: row.delete_protection === 1,
    preferReplica: row.prefer_replica === 1,
  };
}

function wantedMemory(payload: string | null): number {
  return payload === null ? 0 : (JSON.parse(payload) as ResizePayload).maxMemoryBytes;
}
