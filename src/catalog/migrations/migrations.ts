import type { Transaction } from 'kysely';
import type { DialectSql } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import { initialMigration } from './0001-initial.ts';
import { accessMigration } from './0002-access.ts';
import { lifecycleMigration } from './0003-lifecycle.ts';
import { downloadsMigration } from './0004-downloads.ts';
import { managedMigration } from './0005-managed.ts';
import { proofsMigration } from './0006-proofs.ts';
import { restoresMigration } from './0007-restores.ts';
import { preferReplicaMigration } from './0008-prefer-replica.ts';
import { taskPhaseMigration } from './0009-task-phase.ts';

/** One step of the schema, written once for every database. Forward only; a released one is never changed. */
export interface Migration {
  /** Number and subject, as the file is named. */
  readonly name: string;
  up(db: Transaction<Schema>, dialect: DialectSql): Promise<void>;
}

/** All steps in their order. */
export const migrations: readonly Migration[] = [
  initialMigration,
  accessMigration,
  lifecycleMigration,
  downloadsMigration,
  managedMigration,
  proofsMigration,
  restoresMigration,
  preferReplicaMigration,
  taskPhaseMigration,
];
