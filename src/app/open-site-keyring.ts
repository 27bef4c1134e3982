import type { Catalog } from '../catalog/catalog.ts';
import type { Logger } from '../lib/logger.ts';
import type { Keyring } from '../repository/keyring.ts';
import { keyringFromText } from '../repository/keyring.ts';
import { loadKeyringFile, openKeyring } from '../repository/keyring-file.ts';
import { isStorageEmpty, rekeyRepository } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { Config } from './config.ts';
import { judgeKeyring, recordActiveKey } from './key-history.ts';
import { hasRepository } from './open-site-repository.ts';
import { sealSecretsAnew } from './sealed-secrets.ts';

/**
 * The keyring of a service, made only where neither catalog nor storage holds anything. Throws as `openKeyring` and `judgeKeyring` do.
 */
export async function openSiteKeyring(config: Config, catalog: Catalog, storage: ObjectStorage, log: Logger): Promise<Keyring> {
  const { keyring: opened, created } = await openKeyring({
    text: config.masterKey,
    path: config.dataDir.keyring,
    async isFresh() {
      return !(await hasRepository(catalog)) && (await isStorageEmpty(storage));
    },
  });
  if (created) {
    log.warn({ path: config.dataDir.keyring }, 'master-key.created: keep a copy elsewhere, no backup can be read without it');
  }
  return judgeKeyring(catalog, opened);
}

/**
 * Makes the active key the one in use: recorded first, then over the repository's key check and all secrets of the catalog. For a keyring
 * that is known to fit both; what a crash leaves undone the next call does.
 */
export async function useKeyring({
  catalog,
  storage,
  keyring,
}: {
  catalog: Catalog;
  storage: ObjectStorage;
  keyring: Keyring;
}): Promise<void> {
  await recordActiveKey(catalog, keyring, Date.now());
  await rekeyRepository(storage, keyring);
  await sealSecretsAnew(catalog, keyring);
}

/** The keyring that exists already, for commands that change nothing. */
export async function loadSiteKeyring(config: Config): Promise<Keyring> {
  return config.masterKey === undefined ? loadKeyringFile(config.dataDir.keyring) : keyringFromText(config.masterKey);
}
