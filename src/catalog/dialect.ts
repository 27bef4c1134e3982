import type { ColumnDefinitionBuilder, CompiledQuery, Expression, Kysely, RawBuilder } from 'kysely';
import type { Schema } from './schema.ts';

/** One open database, and everything in which databases differ. Stores build on this alone; SQL of one database only lives in `dialects/`. */
export interface Dialect {
  /** Runs writes and transactions. */
  readonly writer: Kysely<Schema>;
  /**
   * Runs reads that belong to no transaction: they see what is committed and wait for nobody's transaction. Reads started in one go see
   * the same state where no other process writes.
   */
  readonly reader: Reader;
  readonly sql: DialectSql;
  /** Runs the database's own checks of its pages, indexes and references; one sentence for each thing that is wrong. Writes nothing. */
  findDamage(): Promise<string[]>;
  /** A text that differs after a write was committed through this dialect; it may differ after one that was not. */
  revision(): Promise<string>;
  close(): Promise<void>;
}

export interface Reader {
  rows<Row>(query: CompiledQuery<Row>): Promise<Row[]>;
  /** The same rows as arrays in the order of the selection: cheaper, for hot queries. */
  tuples(query: CompiledQuery<object>): Promise<unknown[][]>;
}

export interface DialectSql {
  /** The database's clock in milliseconds since the Unix epoch: leases of several nodes must be compared by one clock. */
  readonly now: RawBuilder<number>;
  /** The texts of a JSON array, for `in`: one value however many texts there are, since a database bounds how many values a statement takes. */
  textsOf(json: Expression<string>): RawBuilder<string>;
  /** Around writes that are committed without waiting for the disk. */
  readonly unflushed: { readonly begin: RawBuilder<unknown>; readonly end: RawBuilder<unknown> };
  /** Column type for whole numbers up to 2^53. */
  readonly wholeNumber: RawBuilder<unknown>;
  /** Column type for bytes. */
  readonly bytes: RawBuilder<unknown>;
  /** End of `create table` for a plain table. */
  readonly plainTable: RawBuilder<unknown>;
  /** End of `create table` for a table whose rows lie in the order of their primary key, where the database can do that. */
  readonly clusteredTable: RawBuilder<unknown>;
  /** Makes a whole-number column the primary key that counts up and never uses a number twice. */
  identity(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** For the rest of its transaction, lets rows refer to rows that come later in it. */
  readonly deferReferences: RawBuilder<unknown>;
  /** Statements that keep `backup_counts` equal to the rows of `backups`, whoever writes them. */
  readonly countBackups: ReadonlyArray<RawBuilder<unknown>>;
}
