import { readFile, stat } from 'node:fs/promises';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { Releasers } from '../lib/releasers.ts';
import { writeNewFile } from '../lib/write-new-file.ts';
import { type Keyring, keyringToText, mergeKeyrings, rotateKeyring } from '../repository/keyring.ts';
import { loadKeyringFile, saveKeyringFile } from '../repository/keyring-file.ts';
import { encodeRecoveryFile, readRecoveryFile } from '../repository/recovery-file.ts';
import { openRepository } from '../repository/repository.ts';
import { openStorage } from '../storage/registry.ts';
import type { Config } from './config.ts';
import { recordExportedKeys } from './exported-keys.ts';
import { openKeySite } from './key-site.ts';
import { loadSiteKeyring, useKeyring } from './open-site-keyring.ts';
import { lockSite } from './site-lock.ts';

/**
 * Writes a recovery file of all master keys, which must not exist yet, and notes that it was made. Changes nothing that a service uses, so
 * it is safe beside one.
 */
export async function exportMasterKey(config: Config, path: string): Promise<Keyring> {
  const keyring = await loadSiteKeyring(config);
  await writeNewFile(path, encodeRecoveryFile(keyring, Date.now()));
  if ((await stat(config.dataDir.path).catch(() => undefined)) !== undefined) {
    await recordExportedKeys(config.dataDir, keyring.keyIds);
  }
  return keyring;
}

/**
 * Puts the keys of a recovery file into the keyring of a data directory: as they are where it has none, else for opening only. Throws
 * `master-key-wrong` where there was no keyring and these keys are not those of the repository at the storage.
 */
export async function importMasterKey(config: Config, path: string): Promise<{ keyring: Keyring; added: readonly string[] }> {
  if (config.masterKey !== undefined) {
    throw new DomainError('config-invalid', 'REDKEEP_MASTER_KEY is set, so that no keyring file is used', {
      hint: 'unset it, or add the keys of the file to it, each behind a comma',
    });
  }
  const brought = readRecoveryFile(await readText(path));
  await using releasers = new Releasers();
  await lockSite(config, releasers);
  const present = await loadIfThere(config.dataDir.keyring);
  if (present === undefined) {
    await assertFits(config, brought);
  }
  const keyring = present === undefined ? brought : mergeKeyrings(present, brought);
  await saveKeyringFile(config.dataDir.keyring, keyring, { replace: present !== undefined });
  return { keyring, added: keyring.keyIds.filter((keyId) => present?.keyIds.includes(keyId) !== true) };
}

/**
 * Makes a fresh active key; the old ones only open from then on. It is durable before anything is sealed under it, and then all secrets of
 * the catalog are. With REDKEEP_MASTER_KEY the variable's new value goes into the file `output`, and the next start under it does the rest.
 */
export async function rotateMasterKey(config: Config, output: string | undefined): Promise<{ keyring: Keyring; writtenTo: string }> {
  if (config.masterKey !== undefined && output === undefined) {
    throw new DomainError('usage-error', 'the master key is in REDKEEP_MASTER_KEY, which this command cannot change', {
      hint: 'give --output FILE, which gets the new value of the variable',
    });
  }
  if (config.masterKey === undefined && output !== undefined) {
    throw new DomainError('usage-error', `the master key is in ${config.dataDir.keyring}; --output is for REDKEEP_MASTER_KEY alone`);
  }
  await using releasers = new Releasers();
  await lockSite(config, releasers);
  const site = await openKeySite(config, releasers, { readOnly: false });
  const keyring = rotateKeyring(site.keyring);
  if (output !== undefined) {
    await writeNewFile(output, `${keyringToText(keyring)}\n`);
    return { keyring, writtenTo: output };
  }
  await saveKeyringFile(config.dataDir.keyring, keyring, { replace: true });
  if (site.catalog !== undefined && site.repository !== undefined) {
    await useKeyring({ catalog: site.catalog, storage: site.storage, keyring });
  }
  return { keyring, writtenTo: config.dataDir.keyring };
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new DomainError('file-unreadable', `${path} cannot be read: ${error.code}`, { cause: error });
  });
}

async function loadIfThere(path: string): Promise<Keyring | undefined> {
  try {
    return await loadKeyringFile(path);
  } catch (error) {
    if (isDomainError(error, 'master-key-missing')) {
      return undefined;
    }
    throw error;
  }
}

async function assertFits(config: Config, keyring: Keyring): Promise<void> {
  try {
    await openRepository(await openStorage(config.storageUrl), keyring);
  } catch (error) {
    if (!isDomainError(error, 'repository-missing')) {
      throw error;
    }
  }
}
