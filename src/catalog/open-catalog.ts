import { stat } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DomainError } from '../lib/errors.ts';
import type { Catalog, CatalogTables } from './catalog.ts';
import type { Dialect } from './dialect.ts';
import { removeSqlite, replaceSqlite } from './dialects/replace-sqlite.ts';
import { openSqliteDialect } from './dialects/sqlite.ts';
import { migrate, requireMigrated } from './migrations/migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { databaseScope, type Scope } from './scope.ts';
import { createAccessKeyStore } from './stores/access-key-store.ts';
import { createBackupStore } from './stores/backup-store.ts';
import { createDownloadRestrictionStore } from './stores/download-restriction-store.ts';
import { createEventStore } from './stores/event-store.ts';
import { createInstanceStore } from './stores/instance-store.ts';
import { createLifecycleStore } from './stores/lifecycle-store.ts';
import { createPolicyStore } from './stores/policy-store.ts';
import { createRecoveryStore } from './stores/recovery-store.ts';
import { createRestoreStore } from './stores/restore-store.ts';
import { createScheduleStore } from './stores/schedule-store.ts';
import { createSealedStore } from './stores/sealed-store.ts';
import { createSettingStore } from './stores/setting-store.ts';
import { createTagStore } from './stores/tag-store.ts';
import { createTaskStore } from './stores/task-store.ts';
import { createUserStore } from './stores/user-store.ts';

export interface OpenCatalogOptions {
  /** Migrates nothing and refuses every write; safe beside a process that serves. A transaction is then one state of the catalog. */
  readonly readOnly?: boolean;
}

/**
 * Opens the catalog at `sqlite:///absolute/path.db`, creating and migrating it where needed. Throws `catalog-unsupported` for another
 * scheme, `catalog-too-new` or (read-only) `catalog-too-old` for another schema, `catalog-unavailable` where it cannot be opened.
 */
export async function openCatalog(url: string, options: OpenCatalogOptions = {}): Promise<Catalog> {
  const dialect = openSqliteDialect(sqlitePath(url), { readOnly: options.readOnly ?? false });
  try {
    if (options.readOnly) {
      await requireMigrated(dialect, migrations);
    } else {
      await migrate(dialect, migrations);
    }
  } catch (error) {
    await dialect.close();
    throw error;
  }
  return createCatalog(dialect);
}

function createCatalog(dialect: Dialect): Catalog {
  const scope = databaseScope(dialect);
  return {
    ...createTables(scope),
    transaction: (work) => scope.atomic((inside) => work(createTables(inside))),
    findDamage: () => dialect.findDamage(),
    revision: () => dialect.revision(),
    close: () => dialect.close(),
  };
}

function createTables(scope: Scope): CatalogTables {
  return {
    settings: createSettingStore(scope),
    instances: createInstanceStore(scope),
    backups: createBackupStore(scope),
    lifecycle: createLifecycleStore(scope),
    schedules: createScheduleStore(scope),
    events: createEventStore(scope),
    tasks: createTaskStore(scope),
    users: createUserStore(scope),
    accessKeys: createAccessKeyStore(scope),
    policies: createPolicyStore(scope),
    sealed: createSealedStore(scope),
    recovery: createRecoveryStore(scope),
    downloadRestrictions: createDownloadRestrictionStore(scope),
    tags: createTagStore(scope),
    restores: createRestoreStore(scope),
  };
}

/** Migrates the catalog at `url`, which is made where there is none, and returns the names of the steps that ran. Throws `catalog-too-new`. */
export async function migrateCatalog(url: string): Promise<string[]> {
  const dialect = openSqliteDialect(sqlitePath(url), { readOnly: false });
  try {
    return await migrate(dialect, migrations);
  } finally {
    await dialect.close();
  }
}

/**
 * Makes way for a new catalog beside the one at `url`, to be filled at the URL that this gives to `fill`, and puts it into the place of the
 * old one, whose content stays in a file beside it. Only for who holds the catalog's lock. Where `fill` throws, nothing has changed.
 * Returns the path of the old one, undefined where there was none.
 */
export async function replaceCatalog(url: string, fill: (freshUrl: string) => Promise<void>): Promise<string | undefined> {
  const path = sqlitePath(url);
  const fresh = `${path}.rebuild`;
  const aside = `${path}.before-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await removeSqlite(fresh);
  try {
    await fill(pathToFileURL(fresh).href.replace(/^file:/, 'sqlite:'));
    return (await replaceSqlite(path, fresh, aside)) ? aside : undefined;
  } finally {
    await removeSqlite(fresh);
  }
}

/** Removes a catalog that nobody has open; an absent one is success. */
export async function removeCatalog(url: string): Promise<void> {
  await removeSqlite(sqlitePath(url));
}

/** Whether something lies where the catalog would; it need not be one. */
export async function isCatalogThere(url: string): Promise<boolean> {
  const status = await stat(sqlitePath(url)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw new DomainError('catalog-unavailable', `${sqlitePath(url)} cannot be looked at: ${error.code}`, { cause: error });
  });
  return status !== undefined && status.size > 0;
}

/**
 * The path of a catalog's file. Throws `catalog-unsupported` unless `url` is `sqlite:///absolute/path`. A URL may carry a password, so that
 * only its scheme is ever named.
 */
export function sqlitePath(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'sqlite:' && parsed.host === '' && parsed.pathname.length > 1 && parsed.search === '' && parsed.hash === '') {
    return fileURLToPath(`file://${parsed.pathname}`);
  }
  throw new DomainError('catalog-unsupported', `no catalog can be opened by this ${parsed?.protocol ?? ''} URL`, {
    hint: 'give sqlite:///absolute/path.db',
  });
}
