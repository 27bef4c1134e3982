import { isDamage } from '../repository/is-damage.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository } from '../repository/repository.ts';
import { openStorage } from '../storage/registry.ts';

/** Where a backup was read, as every request of an engine's job says it. */
export interface ReadFrom {
  readonly storageUrl: string;
  /** The keyring as text, as `Keyring.export` gives it. */
  readonly keyring: string;
}

/**
 * Throws `error` unless it says that the bytes of a backup are bad. Where the repository cannot be opened any more either, that is thrown: then
 * it is gone as a whole (not mounted, the wrong key), which says nothing of the backup.
 */
export async function requireDamage(error: unknown, { storageUrl, keyring }: ReadFrom): Promise<void> {
  if (!isDamage(error)) {
    throw error;
  }
  await openRepository(await openStorage(storageUrl), importKeyring(keyring));
}

/** The error to throw in the place of `error`: itself, or where it looks like damage, what says that the repository is gone as a whole. */
export async function distrustDamage(error: unknown, from: ReadFrom): Promise<unknown> {
  try {
    await requireDamage(error, from);
    return error;
  } catch (other) {
    return other;
  }
}
