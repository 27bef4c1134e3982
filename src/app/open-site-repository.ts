import { randomBytes } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import { createRepository, openRepository, type Repository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';

/** Setting of the catalog: id of its one repository, chosen before the repository is made, so that no other catalog can take it. */
const REPOSITORY_ID = 'repository-id';
/** Setting of the catalog: the repository exists. From then on a storage without it is a fault, an unmounted volume perhaps. */
const REPOSITORY_MADE = 'repository-made';

/** True where the catalog has made its repository: then something sealed exists. */
export async function hasRepository(catalog: Catalog): Promise<boolean> {
  return (await catalog.settings.get(REPOSITORY_MADE)) !== undefined;
}

/**
 * Opens the repository of a catalog, or makes it at the first start. One repository belongs to one catalog: a storage that lost it, or that
 * holds the repository of another catalog, is refused and left alone.
 */
export async function openSiteRepository(storage: ObjectStorage, keyring: Keyring, catalog: Catalog): Promise<Repository> {
  const repositoryId = await catalog.settings.setOnce(REPOSITORY_ID, randomBytes(16).toString('hex'));
  const repository = await openOrCreate(storage, keyring, catalog, repositoryId);
  if (repository.repositoryId !== repositoryId) {
    const message = `${storage.url} holds repository ${repository.repositoryId}, which belongs to another catalog`;
    throw new DomainError('repository-foreign', message, {
      hint: (await hasRepository(catalog))
        ? 'start with the catalog that belongs to it, or name another --storage'
        : 'this catalog is new: where the right one is lost, run `redkeep catalog rebuild`',
    });
  }
  await catalog.settings.setOnce(REPOSITORY_MADE, 'yes');
  return repository;
}

/** Makes a catalog that is rebuilt the one of a repository. Throws `repository-foreign` where it knows another one. */
export async function claimRepository(catalog: Catalog, { repositoryId }: Repository): Promise<void> {
  const known = await catalog.settings.setOnce(REPOSITORY_ID, repositoryId);
  if (known !== repositoryId) {
    throw new DomainError('repository-foreign', `the catalog belongs to repository ${known}, not to ${repositoryId}`);
  }
  await catalog.settings.setOnce(REPOSITORY_MADE, 'yes');
}

/** The id that the catalog's repository must have. */
export function repositoryIdOf(catalog: Catalog): Promise<string | undefined> {
  return catalog.settings.get(REPOSITORY_ID);
}

async function openOrCreate(storage: ObjectStorage, keyring: Keyring, catalog: Catalog, repositoryId: string): Promise<Repository> {
  try {
    return await openRepository(storage, keyring);
  } catch (error) {
    if (!isDomainError(error, 'repository-missing')) {
      throw error;
    }
    if (await hasRepository(catalog)) {
      throw new DomainError('repository-missing', `${storage.url} holds no repository, but the catalog expects ${repositoryId} there`, {
        hint: 'is the volume mounted, and is --storage right?',
        cause: error,
      });
    }
    return createRepository(storage, keyring, repositoryId);
  }
}
