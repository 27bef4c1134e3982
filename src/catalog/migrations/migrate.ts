import type { Transaction } from 'kysely';
import { DomainError } from '../../lib/errors.ts';
import type { Dialect } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import type { Migration } from './migrations.ts';

/**
 * Brings the schema up to the last of `migrations` and returns the names of those that ran. All of it is one transaction, which is also
 * the lock between two starters: the later one finds the work done, and a step that fails leaves nothing. Throws `catalog-too-new` for a
 * database that a newer program has migrated.
 */
export async function migrate(dialect: Dialect, migrations: readonly Migration[]): Promise<string[]> {
  return dialect.writer.transaction().execute(async (db) => {
    await createLedger(db, dialect);
    const applied = await db.selectFrom('migrations').select('name').execute();
    const pending = pendingMigrations(
      applied.map((row) => row.name),
      migrations,
    );
    for (const migration of pending) {
      await migration.up(db, dialect.sql);
      await db.insertInto('migrations').values({ name: migration.name, applied_at: dialect.sql.now }).execute();
    }
    return pending.map((migration) => migration.name);
  });
}

/** Throws unless the schema is exactly the one of `migrations`: `catalog-too-new`, or `catalog-too-old` where steps have not run. Writes nothing. */
export async function requireMigrated(dialect: Dialect, migrations: readonly Migration[]): Promise<void> {
  const tables = await dialect.writer.introspection.getTables();
  const applied = tables.some((table) => table.name === 'migrations')
    ? await dialect.reader.rows(dialect.writer.selectFrom('migrations').select('name').compile())
    : [];
  const pending = pendingMigrations(
    applied.map((row) => row.name),
    migrations,
  );
  if (pending.length > 0) {
    throw new DomainError('catalog-too-old', `the catalog lacks the migrations ${pending.map((migration) => migration.name).join(', ')}`, {
      hint: 'start `redkeep serve` once, which migrates it',
    });
  }
}

async function createLedger(db: Transaction<Schema>, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('applied_at', dialect.sql.wholeNumber, (column) => column.notNull())
    .modifyEnd(dialect.sql.plainTable)
    .execute();
}

function pendingMigrations(applied: readonly string[], migrations: readonly Migration[]): Migration[] {
  const unknown = applied.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new DomainError('catalog-too-new', `the catalog has migrations that this program does not know: ${unknown.join(', ')}`, {
      hint: 'run the version of Redkeep that wrote it, or a newer one',
    });
  }
  return migrations.filter((migration) => !applied.includes(migration.name));
}
