import type { Catalog } from '../catalog/catalog.ts';
import { isCatalogThere, openCatalog } from '../catalog/open-catalog.ts';
import { isDomainError } from '../lib/errors.ts';
import type { Releasers } from '../lib/releasers.ts';
import type { Keyring } from '../repository/keyring.ts';
import { openRepository, type Repository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { openStorage } from '../storage/registry.ts';
import type { Config } from './config.ts';
import { judgeKeyring, withRemovedKeys } from './key-history.ts';
import { loadSiteKeyring } from './open-site-keyring.ts';
import { hasRepository } from './open-site-repository.ts';

/** All that keys protect, as far as it is there. */
export interface KeySite {
  readonly keyring: Keyring;
  readonly storage: ObjectStorage;
  /** Absent where no service has run yet, or where it is lost. */
  readonly catalog: Catalog | undefined;
  readonly repository: Repository | undefined;
}

/**
 * Opens what a keyring protects. Throws where the keyring does not fit it, or where the catalog expects a repository that is not there.
 * `incomplete` lets a keyring pass that lacks an older key.
 */
export async function openKeySite(
  config: Config,
  releasers: Releasers,
  options: { readOnly: boolean; incomplete?: boolean },
): Promise<KeySite> {
  const ring = await loadSiteKeyring(config);
  let catalog: Catalog | undefined;
  if (await isCatalogThere(config.catalogUrl)) {
    const opened = await openCatalog(config.catalogUrl, options);
    releasers.add(() => opened.close());
    catalog = opened;
  }
  const judge = options.incomplete === true ? withRemovedKeys : judgeKeyring;
  const keyring = catalog === undefined ? ring : await judge(catalog, ring);
  const storage = await openStorage(config.storageUrl);
  try {
    return { keyring, storage, catalog, repository: await openRepository(storage, keyring) };
  } catch (error) {
    if (isDomainError(error, 'repository-missing') && !(catalog !== undefined && (await hasRepository(catalog)))) {
      return { keyring, storage, catalog, repository: undefined };
    }
    throw error;
  }
}
