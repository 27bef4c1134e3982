import type { Kysely, Transaction } from 'kysely';
import type { Dialect, DialectSql, Reader } from './dialect.ts';
import type { PreparedQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';

/** What a store works with: the whole database, or one transaction of it. */
export interface Scope {
  /** Builds all queries and runs the writes. */
  readonly db: Kysely<Schema>;
  /** Runs the reads. */
  readonly reader: Reader;
  readonly sql: DialectSql;
  /** Runs `work` as one: in this transaction, or in one of its own. */
  atomic<T>(work: (scope: Scope) => Promise<T>): Promise<T>;
  /**
   * Runs a write that the API shall not wait for, and that may be lost with the power: in a transaction it is as durable as that, by itself
   * it is with the next write that is.
   */
  unflushed<T>(work: (scope: Scope) => Promise<T>): Promise<T>;
  /** The query of that name, prepared by the first who asks, whatever the scope. */
  prepared<Args, Row>(name: string, prepare: () => PreparedQuery<Args, Row>): PreparedQuery<Args, Row>;
}

export function databaseScope(dialect: Dialect): Scope {
  const queries = new Map<string, PreparedQuery<never, unknown>>();
  const scope: Scope = {
    db: dialect.writer,
    reader: dialect.reader,
    sql: dialect.sql,
    atomic: (work) => dialect.writer.transaction().execute((transaction) => work(transactionScope(scope, transaction))),
    unflushed: (work) =>
      dialect.writer.connection().execute(async (connection) => {
        await dialect.sql.unflushed.begin.execute(connection);
        try {
          return await work({ ...scope, db: connection });
        } finally {
          await dialect.sql.unflushed.end.execute(connection);
        }
      }),
    prepared<Args, Row>(name: string, prepare: () => PreparedQuery<Args, Row>) {
      let query = queries.get(name) as PreparedQuery<Args, Row> | undefined;
      if (query === undefined) {
        query = prepare();
        queries.set(name, query);
      }
      return query;
    },
  };
  return scope;
}

/** Reads go through the transaction as well, so that it sees its own writes. */
export function transactionScope(scope: Scope, transaction: Transaction<Schema>): Scope {
  const inside: Scope = {
    ...scope,
    atomic: (work) => work(inside),
    unflushed: (work) => work(inside),
    db: transaction,
    reader: {
      rows: async (query) => (await transaction.executeQuery(query)).rows,
      tuples: async (query) => (await transaction.executeQuery<object>(query)).rows.map((row) => Object.values(row)),
    },
  };
  return inside;
}
