import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { DomainError } from '../../lib/errors.ts';

/** More statement shapes than the stores have; the oldest goes first where lists of ids make many. */
const STATEMENT_CACHE_SIZE = 200;

/** Primary result codes (sqlite.org/rescode.html); an extended code carries its primary one in the low byte. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CONSTRAINT_FOREIGNKEY = 787;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

export type SqlRow = Record<string, unknown>;

export interface SqliteStatement {
  /** True where the statement answers rows. */
  readonly reader: boolean;
  all(parameters: readonly unknown[]): SqlRow[];
  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(parameters: readonly unknown[]): IterableIterator<SqlRow>;
}

/** One connection to an SQLite file: the only place that knows node:sqlite. Everything it throws is a DomainError. */
export interface SqliteConnection {
  /** A statement of that text, from a cache; no two uses of one may overlap. */
  prepare(sql: string): SqliteStatement;
  /** The rows as arrays in the order of the selection: a fifth cheaper than objects. */
  tuples(sql: string, parameters: readonly unknown[]): unknown[][];
  /** Runs one or more statements that answer nothing. */
  exec(sql: string): void;
  /** False as well where SQLite ended a transaction by itself, as it does when a disk is full (sqlite.org/lang_transaction.html). */
  inTransaction(): boolean;
  close(): void;
}

/** Opens `path`, which must exist where `readOnly` is set. `busyTimeoutMs` is how long a statement may wait, blocking the thread, for another process. */
export function openSqlite(path: string, options: { readOnly: boolean; busyTimeoutMs: number }): SqliteConnection {
  const database = translate(
    () => new DatabaseSync(path, { readOnly: options.readOnly, timeout: options.busyTimeoutMs, enableForeignKeyConstraints: true }),
    path,
  );
  const statements = new Map<string, StatementSync>();
  const tupleStatements = new Map<string, StatementSync>();
  return {
    prepare(sql) {
      const statement = translate(() => cached(statements, sql, () => database.prepare(sql)), path);
      return {
        get reader() {
          return translate(() => statement.columns().length > 0, path);
        },
        all: (parameters) => translate(() => statement.all(...bound(parameters)), path),
        run: (parameters) => translate(() => statement.run(...bound(parameters)), path),
        iterate: (parameters) => translate(() => statement.iterate(...bound(parameters)), path),
      };
    },
    tuples(sql, parameters) {
      return translate(() => {
        const statement = cached(tupleStatements, sql, () => {
          const fresh = database.prepare(sql);
          fresh.setReturnArrays(true);
          return fresh;
        });
        // The declared type of `all` does not follow setReturnArrays.
        return statement.all(...bound(parameters)) as unknown as unknown[][];
      }, path);
    },
    exec: (sql) => translate(() => database.exec(sql), path),
    inTransaction: () => database.isOpen && database.isTransaction,
    close() {
      if (database.isOpen) {
        database.close();
      }
    },
  };
}

function bound(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}

function cached(cache: Map<string, StatementSync>, sql: string, prepare: () => StatementSync): StatementSync {
  let statement = cache.get(sql);
  if (statement === undefined) {
    statement = prepare();
    if (cache.size >= STATEMENT_CACHE_SIZE) {
      for (const oldest of cache.keys()) {
        cache.delete(oldest);
        break;
      }
    }
    cache.set(sql, statement);
  }
  return statement;
}

function translate<T>(work: () => T, path: string): T {
  try {
    return work();
  } catch (error) {
    throw toDomainError(error, path);
  }
}

/** node:sqlite puts SQLite's extended result code into `errcode`. */
function toDomainError(error: unknown, path: string): DomainError {
  const code = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
  const text = error instanceof Error ? error.message : String(error);
  if (code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY) {
    return new DomainError('catalog-conflict', `the row exists already: ${text}`, { cause: error });
  }
  if (code === SQLITE_CONSTRAINT_FOREIGNKEY) {
    return new DomainError('catalog-conflict', 'the row refers to one that does not exist', { cause: error });
  }
  const primary = code & 0xff;
  if (primary === SQLITE_BUSY || primary === SQLITE_LOCKED) {
    return new DomainError('catalog-unavailable', `the catalog ${path} is locked by another process`, { retryable: true, cause: error });
  }
  return new DomainError('catalog-unavailable', `the catalog ${path} failed: ${text}`, {
    cause: error,
    hint: 'check that the file exists, is a Redkeep catalog, that its disk has room and that this user may read and write it',
  });
}
