import type { Transaction } from 'kysely';
import { DomainError } from '../lib/errors.ts';
import type { Dialect } from './dialect.ts';
import { openSqliteDialect } from './dialects/sqlite.ts';
import { DUMP_FORMAT, DUMP_VERSION, type DumpLine, type DumpValue } from './dump-catalog.ts';
import { migrate } from './migrations/migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { sqlitePath } from './open-catalog.ts';
import { DERIVED_TABLES, type Schema } from './schema.ts';

/** Keeps a statement's parameters below what SQLite takes (32,766; sqlite.org/limits.html) for tables of up to 300 columns. */
const BATCH_ROWS = 100;

/**
 * Fills a new catalog at `url` with the lines of a dump, and migrates it to the present schema. All rows are one transaction. Throws
 * `catalog-dump-invalid` where the lines are not those of a whole dump, `catalog-too-new` where a newer program made them; what is at `url`
 * then is of no use.
 */
export async function loadCatalog(url: string, lines: AsyncIterable<string>): Promise<void> {
  const dialect = openSqliteDialect(sqlitePath(url), { readOnly: false });
  try {
    const reading = parseLines(lines);
    const first = (await reading.next()).value;
    if (first === undefined || !('format' in first) || first.format !== DUMP_FORMAT || first.version !== DUMP_VERSION) {
      throw invalid('it does not begin as one');
    }
    const known = migrations.filter(({ name }) => first.migrations.includes(name));
    if (known.length !== first.migrations.length) {
      throw new DomainError('catalog-too-new', `the dump has migrations that this program does not know: ${first.migrations.join(', ')}`, {
        hint: 'run the version of Redkeep that wrote it, or a newer one',
      });
    }
    await migrate(dialect, known);
    await dialect.writer.transaction().execute((transaction) => loadRows(dialect, transaction, reading));
    await migrate(dialect, migrations);
    const [damage] = await dialect.findDamage();
    if (damage !== undefined) {
      throw invalid(damage);
    }
  } finally {
    await dialect.close();
  }
}

async function loadRows(dialect: Dialect, db: Transaction<Schema>, lines: AsyncIterable<DumpLine>): Promise<void> {
  await dialect.sql.deferReferences.execute(db);
  const tables = new Map((await db.introspection.getTables()).map((table) => [table.name, new Set(table.columns.map(({ name }) => name))]));
  // Migrations put rows of their own into some tables; the dump has those too.
  for (const name of tables.keys()) {
    if (!DERIVED_TABLES.includes(name)) {
      await db.deleteFrom(name as keyof Schema).execute();
    }
  }
  let current: { table: string; columns: readonly string[] } | undefined;
  let batch: Array<Record<string, unknown>> = [];
  let rows = 0;
  const flush = async () => {
    if (current !== undefined && batch.length > 0) {
      await db
        .insertInto(current.table as keyof Schema)
        .values(batch as never)
        .execute();
    }
    batch = [];
  };
  for await (const line of lines) {
    if (isRow(line)) {
      const { columns } = current ?? { columns: [] };
      if (columns.length === 0 || line.length !== columns.length) {
        throw invalid('a row does not fit the columns of its table');
      }
      batch.push(Object.fromEntries(columns.map((column, index) => [column, fromDumpValue(line[index])])));
      rows++;
      if (batch.length === BATCH_ROWS) {
        await flush();
      }
    } else if ('table' in line) {
      await flush();
      const columns = tables.get(line.table);
      if (columns === undefined || DERIVED_TABLES.includes(line.table) || !line.columns.every((column) => columns.has(column))) {
        throw invalid(`the schema has no table ${line.table} with columns ${line.columns.join(', ')}`);
      }
      current = line;
    } else if ('end' in line) {
      await flush();
      if (line.rows !== rows) {
        throw invalid(`it says that it has ${line.rows} rows, and has ${rows}`);
      }
      return;
    } else {
      throw invalid('it begins twice');
    }
  }
  throw invalid('it has no end');
}

async function* parseLines(lines: AsyncIterable<string>): AsyncGenerator<DumpLine, undefined> {
  for await (const line of lines) {
    try {
      yield JSON.parse(line) as DumpLine;
    } catch (error) {
      throw invalid('a line is not JSON', error);
    }
  }
  return undefined;
}

function isRow(line: DumpLine): line is readonly DumpValue[] {
  return Array.isArray(line);
}

function fromDumpValue(value: DumpValue | undefined): unknown {
  return typeof value === 'object' && value !== null ? Buffer.from(value.base64, 'base64') : value;
}

function invalid(what: string, cause?: unknown): DomainError {
  return new DomainError('catalog-dump-invalid', `this is no whole dump of a catalog: ${what}`, { cause });
}
