import { isDomainError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import { openRepository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';

/**
 * Throws `error` unless it says that the bytes of a backup are bad. Where the repository cannot be opened any more either, that is thrown: then
 * it is gone as a whole, which says nothing of the backup.
 */
export async function requireDamage(error: unknown, storage: ObjectStorage, keyring: Keyring): Promise<void> {
  if (!isDomainError(error, 'backup-damaged', 'manifest-missing')) {
    throw error;
  }
  await openRepository(storage, keyring);
}
