import type { Catalog } from '../catalog/catalog.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import { createRepository, openRepository, type Repository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';

/** Setting of the catalog that names its one repository. */
export const REPOSITORY_ID = 'repository-id';

/**
 * Opens the repository that the catalog names, or makes one for a catalog that names none yet. One repository belongs to one catalog: a
 * storage that is empty though the catalog expects a repository (not mounted, perhaps), or that holds the backups of another catalog, is
 * refused and left alone.
 */
export async function openSiteRepository(storage: ObjectStorage, keyring: Keyring, catalog: Catalog): Promise<Repository> {
  const expectedId = await catalog.settings.get(REPOSITORY_ID);
  const repository = await openOrCreate(storage, keyring, expectedId);
  if (expectedId === undefined) {
    // A repository without a backup was made by a start that did not get this far.
    for await (const _attempt of repository.listAttempts()) {
      throw belongsElsewhere(storage, repository);
    }
  }
  if ((await catalog.settings.setOnce(REPOSITORY_ID, repository.repositoryId)) !== repository.repositoryId) {
    throw belongsElsewhere(storage, repository);
  }
  return repository;
}

async function openOrCreate(storage: ObjectStorage, keyring: Keyring, expectedId: string | undefined): Promise<Repository> {
  try {
    return await openRepository(storage, keyring);
  } catch (error) {
    if (!isDomainError(error, 'repository-missing')) {
      throw error;
    }
    if (expectedId !== undefined) {
      throw new DomainError('repository-missing', `${storage.url} holds no repository, but the catalog expects ${expectedId} there`, {
        hint: 'is the volume mounted, and is --storage right?',
        cause: error,
      });
    }
    return createRepository(storage, keyring);
  }
}

function belongsElsewhere(storage: ObjectStorage, repository: Repository): DomainError {
  return new DomainError(
    'repository-foreign',
    `${storage.url} holds repository ${repository.repositoryId}, which belongs to another catalog`,
    {
      hint: 'start with the catalog that belongs to it, or name another --storage',
    },
  );
}
