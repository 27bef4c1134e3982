import type { Catalog } from '../catalog/catalog.ts';
import { loadCatalog } from '../catalog/load-catalog.ts';
import { isCatalogThere, openCatalog, removeCatalog, replaceCatalog, sqlitePath } from '../catalog/open-catalog.ts';
import { EXPIRY_HELD_UNTIL, EXPIRY_HOLD_MS, SNAPSHOT_NUMBER } from '../catalog/recovery.ts';
import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import { decodeLines } from '../lib/lines.ts';
import { Releasers } from '../lib/releasers.ts';
import { openRepository, type Repository } from '../repository/repository.ts';
import { openStorage } from '../storage/registry.ts';
import { type Adoption, adoptManifests } from './adopt-manifests.ts';
import type { Config } from './config.ts';
import { findLostRestores } from './lost-restores.ts';
import { loadSiteKeyring } from './open-site-keyring.ts';
import { claimRepository, hasRepository } from './open-site-repository.ts';
import { lockSite } from './site-lock.ts';

export interface Rebuilt extends Adoption {
  /** The snapshot that was restored; undefined where manifests alone were there. */
  readonly snapshot: { readonly number: number; readonly takenAt: number } | undefined;
  /** Newer snapshots that could not be used, one sentence each. */
  readonly skipped: readonly string[];
  /** Tasks that were under way, and fail at the next start. */
  readonly givenUpTasks: readonly number[];
  /** Where the old catalog is now. */
  readonly keptAt: string | undefined;
  readonly expiryHeldUntil: number;
}

/** What makes a snapshot unusable, and an older one worth a try. A program that is too old, or a store that fails, is not among it. */
const UNUSABLE = ['snapshot-damaged', 'catalog-dump-invalid', 'master-key-missing', 'master-key-removed', 'object-not-found'];

/**
 * Makes a lost catalog anew from its repository: the newest snapshot that can be read, then every manifest that it does not know; without a
 * snapshot, or where `fromManifests` says so, from manifests alone. An old catalog is kept aside, and stays in its place where this throws.
 * Nothing expires for a week after. Throws `catalog-exists` unless `replace` is set, `data-dir-in-use` beside a service.
 */
export async function rebuildCatalog(config: Config, options: { fromManifests: boolean; replace: boolean }): Promise<Rebuilt> {
  await using releasers = new Releasers();
  await lockSite(config, releasers);
  if (!options.replace && !(await isBlank(config.catalogUrl))) {
    throw new DomainError('catalog-exists', `there is a catalog at ${sqlitePath(config.catalogUrl)}`, {
      hint: 'start the service with it; where it is not the right one, add --replace, which keeps it aside',
    });
  }
  const keyring = await loadSiteKeyring(config);
  const storage = await openStorage(config.storageUrl);
  const repository = await openRepository(storage, keyring);
  const at = Date.now();
  let rebuilt: Omit<Rebuilt, 'keptAt'> | undefined;
  const keptAt = await replaceCatalog(config.catalogUrl, async (freshUrl) => {
    const { snapshot, skipped } = options.fromManifests ? NO_SNAPSHOT : await loadNewest(repository, freshUrl);
    const catalog = await openCatalog(freshUrl);
    try {
      const givenUp = await catalog.recovery.giveUpTasks();
      await claimRepository(catalog, repository);
      const adoption = await adoptManifests({ catalog, repository, storage, keyring }, at);
      await recordSettings(catalog, repository, at);
      const stillGivenUp = await unfinishedOf(
        catalog,
        givenUp.map(({ taskId }) => taskId),
      );
      // From manifests alone every safety backup that was ever taken is adopted, which tells nothing.
      const lostRestores = await findLostRestores(catalog, givenUp, snapshot === undefined ? [] : adoption.adopted);
      const problems = [...adoption.problems, ...lostRestores];
      rebuilt = { ...adoption, problems, snapshot, skipped, givenUpTasks: stillGivenUp, expiryHeldUntil: at + EXPIRY_HOLD_MS };
    } finally {
      await catalog.close();
    }
  });
  if (rebuilt === undefined) {
    throw new Error('the catalog was replaced by one that was not made');
  }
  return { ...rebuilt, keptAt };
}

const NO_SNAPSHOT = { snapshot: undefined, skipped: [] };

/** True where no service has ever worked with the catalog: such a one comes from a start that was refused. */
async function isBlank(url: string): Promise<boolean> {
  if (!(await isCatalogThere(url))) {
    return true;
  }
  try {
    const catalog = await openCatalog(url, { readOnly: true });
    try {
      return !(await hasRepository(catalog));
    } finally {
      await catalog.close();
    }
  } catch (error) {
    if (isDomainError(error)) {
      return false;
    }
    throw error;
  }
}

async function loadNewest(repository: Repository, url: string): Promise<Pick<Rebuilt, 'snapshot' | 'skipped'>> {
  const skipped: string[] = [];
  for (const { number } of (await repository.snapshots.list()).toReversed()) {
    try {
      const { takenAt, plain } = await repository.snapshots.open(number);
      await loadCatalog(url, decodeLines(plain()));
      return { snapshot: { number, takenAt }, skipped };
    } catch (error) {
      if (!isDomainError(error, ...UNUSABLE)) {
        throw error;
      }
      skipped.push(`catalog snapshot ${number}: ${describeError(error)}`);
      await removeCatalog(url);
    }
  }
  return { snapshot: undefined, skipped };
}

async function recordSettings(catalog: Catalog, repository: Repository, at: number): Promise<void> {
  const newest = (await repository.snapshots.list()).at(-1)?.number ?? 0;
  await catalog.settings.set(SNAPSHOT_NUMBER, String(newest));
  await catalog.settings.set(EXPIRY_HELD_UNTIL, String(at + EXPIRY_HOLD_MS));
  for await (const backup of catalog.backups.all()) {
    await catalog.settings.setOnce('account-id', backup.accountId);
    break;
  }
}

async function unfinishedOf(catalog: Catalog, taskIds: readonly number[]): Promise<number[]> {
  const tasks = await Promise.all(taskIds.map((taskId) => catalog.tasks.get(taskId)));
  return tasks.filter((task) => task?.endedAt === null).map((task) => task?.taskId ?? 0);
}
