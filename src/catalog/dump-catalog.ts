import type { Transaction } from 'kysely';
import { openSqliteDialect } from './dialects/sqlite.ts';
import { requireMigrated } from './migrations/migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { sqlitePath } from './open-catalog.ts';
import { DERIVED_TABLES, type Schema } from './schema.ts';

/**
 * The rows of a catalog as lines of JSON, the same whatever the database; `docs/repository-format.md` describes them. New tables and columns
 * come along by themselves.
 */
export const DUMP_FORMAT = 'redkeep-catalog';
export const DUMP_VERSION = 1;

export type DumpLine =
  | { readonly format: string; readonly version: number; readonly migrations: readonly string[] }
  | { readonly table: string; readonly columns: readonly string[] }
  /** One row of the last table, in the order of its columns. */
  | readonly DumpValue[]
  | { readonly end: true; readonly rows: number };

export type DumpValue = string | number | null | { readonly base64: string };

/**
 * Reads one state of the catalog at `url`, on a connection of its own, so that no write waits. Each line is the JSON of a `DumpLine` without
 * its line end. Throws as `openCatalog` with `readOnly` does.
 */
export async function* dumpCatalog(url: string): AsyncGenerator<string> {
  const dialect = openSqliteDialect(sqlitePath(url), { readOnly: true });
  try {
    await requireMigrated(dialect, migrations);
    const transaction = await dialect.writer.startTransaction().execute();
    try {
      for await (const line of dumpLines(transaction)) {
        yield JSON.stringify(line);
      }
    } finally {
      await transaction.rollback().execute();
    }
  } finally {
    await dialect.close();
  }
}

async function* dumpLines(db: Transaction<Schema>): AsyncGenerator<DumpLine> {
  const applied = await db.selectFrom('migrations').select('name').orderBy('name').execute();
  yield { format: DUMP_FORMAT, version: DUMP_VERSION, migrations: applied.map(({ name }) => name) };
  let rows = 0;
  for (const table of await db.introspection.getTables()) {
    if (DERIVED_TABLES.includes(table.name)) {
      continue;
    }
    const columns = table.columns.map(({ name }) => name);
    yield { table: table.name, columns };
    // The name is one of the schema's own, which the compiler cannot know.
    for await (const row of db
      .selectFrom(table.name as keyof Schema)
      .selectAll()
      .stream()) {
      rows++;
      yield columns.map((column) => toDumpValue((row as Record<string, unknown>)[column]));
    }
  }
  yield { end: true, rows };
}

function toDumpValue(value: unknown): DumpValue {
  if (value instanceof Uint8Array) {
    return { base64: Buffer.from(value).toString('base64') };
  }
  if (value === null || typeof value === 'string' || typeof value === 'number') {
    return value;
  }
  throw new TypeError(`a catalog column holds a ${typeof value}`);
}
