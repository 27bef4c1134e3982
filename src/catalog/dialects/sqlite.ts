import { CompiledQuery, type DatabaseConnection, Kysely, SqliteDialect, SqliteDriver, sql } from 'kysely';
import type { Dialect, DialectSql, Reader } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import { createPrivateFile } from './private-file.ts';
import { openSqlite, type SqliteConnection } from './sqlite-connection.ts';

/** How long a statement waits for another process's write before `catalog-unavailable`. */
const BUSY_TIMEOUT_MS = 5_000;
/** Page cache of each connection; the operating system caches the file anyway. */
const CACHE_KIB = 2_048;

/**
 * Opens an SQLite file as a catalog, creating it with mode 0600. Two connections: one writes through kysely, one reads, so that a read
 * sees no open transaction and waits for none (sqlite.org/wal.html). FULL makes every commit durable at power loss.
 */
export function openSqliteDialect(path: string, options: { readOnly: boolean }): Dialect {
  if (!options.readOnly) {
    createPrivateFile(path);
  }
  const writing = openSqlite(path, { readOnly: options.readOnly, busyTimeoutMs: BUSY_TIMEOUT_MS });
  const opened = [writing];
  try {
    writing.exec(`pragma cache_size = -${CACHE_KIB}`);
    if (!options.readOnly) {
      writing.exec('pragma journal_mode = wal; pragma synchronous = full');
    }
    const reading = openSqlite(path, { readOnly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
    opened.push(reading);
    reading.exec(`pragma cache_size = -${CACHE_KIB}`);
    return {
      // A writing transaction takes the lock at its start: one that read first and wrote later could fail beyond help of the busy timeout.
      writer: new Kysely<Schema>({ dialect: new CatalogSqliteDialect(writing, options.readOnly ? 'begin' : 'begin immediate') }),
      reader: sqliteReader(reading),
      sql: sqliteSql,
      findDamage: async () => findDamage(reading),
      revision: async () => String(writing.tuples('select total_changes()', [])[0]),
      close: async () => closeAll(opened),
    };
  } catch (error) {
    closeAll(opened);
    throw error;
  }
}

function closeAll(connections: readonly SqliteConnection[]): void {
  for (const connection of connections.toReversed()) {
    connection.close();
  }
}

/** sqlite.org/pragma.html: `integrity_check` stops at 100 findings and leaves out references, which have a check of their own. */
function findDamage(connection: SqliteConnection): string[] {
  const damage = connection.tuples('pragma integrity_check', []).map(([finding]) => String(finding));
  const dangling = connection.tuples('pragma foreign_key_check', []);
  return [
    ...damage.filter((finding) => finding !== 'ok'),
    ...dangling.map(([table, , parent]) => `a row of ${table} refers to one of ${parent} that does not exist`),
  ];
}

/** Both methods answer within the call, so two of them started together see one state of a database that this process alone writes. */
function sqliteReader(connection: SqliteConnection): Reader {
  return {
    rows: async <Row>(query: CompiledQuery<Row>) => connection.prepare(query.sql).all(query.parameters) as Row[],
    tuples: async (query) => connection.tuples(query.sql, query.parameters),
  };
}

class CatalogSqliteDialect extends SqliteDialect {
  readonly #connection: SqliteConnection;
  readonly #begin: string;

  constructor(connection: SqliteConnection, begin: string) {
    super({ database: connection });
    this.#connection = connection;
    this.#begin = begin;
  }

  override createDriver(): SqliteDriver {
    return new CatalogSqliteDriver(this.#connection, this.#begin);
  }
}

class CatalogSqliteDriver extends SqliteDriver {
  readonly #connection: SqliteConnection;
  readonly #begin: string;

  constructor(connection: SqliteConnection, begin: string) {
    super({ database: connection });
    this.#connection = connection;
    this.#begin = begin;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(this.#begin));
  }

  /** Where SQLite has rolled back already, another `rollback` would fail and hide the reason. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#connection.inTransaction()) {
      await super.rollbackTransaction(connection);
    }
  }
}

const sqliteSql: DialectSql = {
  now: sql<number>`cast(round(unixepoch('subsec') * 1000) as integer)`,
  textsOf: (json) => sql<string>`(select value from json_each(${json}))`,
  // In WAL mode NORMAL keeps the file whole at power loss, and loses the last commits (sqlite.org/pragma.html#pragma_synchronous).
  unflushed: { begin: sql`pragma synchronous = normal`, end: sql`pragma synchronous = full` },
  wholeNumber: sql`integer`,
  bytes: sql`blob`,
  plainTable: sql`strict`,
  clusteredTable: sql`strict, without rowid`,
  identity: (column) => column.primaryKey().autoIncrement(),
  deferReferences: sql`pragma defer_foreign_keys = on`,
  countBackups: [
    sql`
      create trigger backups_inserted after insert on backups begin
        insert into backup_counts (account_id, region, instance_id, state, backups)
        values (new.account_id, new.region, new.instance_id, new.state, 1)
        on conflict (account_id, region, instance_id, state) do update set backups = backups + 1;
      end`,
    sql`
      create trigger backups_updated after update of account_id, region, instance_id, state on backups begin
        update backup_counts set backups = backups - 1
        where account_id = old.account_id and region = old.region and instance_id = old.instance_id and state = old.state;
        insert into backup_counts (account_id, region, instance_id, state, backups)
        values (new.account_id, new.region, new.instance_id, new.state, 1)
        on conflict (account_id, region, instance_id, state) do update set backups = backups + 1;
      end`,
    sql`
      create trigger backups_deleted after delete on backups begin
        update backup_counts set backups = backups - 1
        where account_id = old.account_id and region = old.region and instance_id = old.instance_id and state = old.state;
      end`,
  ],
};
