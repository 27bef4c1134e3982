import type { Catalog } from '../catalog/catalog.ts';
import type { Logger } from '../lib/logger.ts';
import type { Keyring } from '../repository/keyring.ts';
import { keyringFromText } from '../repository/keyring.ts';
import { loadKeyringFile, openKeyring } from '../repository/keyring-file.ts';
import { isStorageEmpty } from '../repository/repository.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { Config } from './config.ts';
import { hasRepository } from './open-site-repository.ts';

/** The keyring of a service, made only where neither catalog nor storage holds anything. Throws as `openKeyring` does. */
export async function openSiteKeyring(config: Config, catalog: Catalog, storage: ObjectStorage, log: Logger): Promise<Keyring> {
  const { keyring, created } = await openKeyring({
    text: config.masterKey,
    path: config.dataDir.keyring,
    async isFresh() {
      return !(await hasRepository(catalog)) && (await isStorageEmpty(storage));
    },
  });
  if (created) {
    log.warn({ path: config.dataDir.keyring }, 'master-key.created: keep a copy elsewhere, no backup can be read without it');
  }
  return keyring;
}

/** The keyring that exists already, for commands that change nothing. */
export async function loadSiteKeyring(config: Config): Promise<Keyring> {
  return config.masterKey === undefined ? loadKeyringFile(config.dataDir.keyring) : keyringFromText(config.masterKey);
}
