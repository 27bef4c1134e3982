import { Releasers } from '../lib/releasers.ts';
import type { Config } from './config.ts';
import { readExportedKeys } from './exported-keys.ts';
import { openKeySite } from './key-site.ts';
import { findKeyUses } from './key-uses.ts';

export interface ListedKey {
  readonly keyId: string;
  /** lost: something needs it, and it is neither in the keyring nor known to have been removed. */
  readonly use: 'active' | 'open-only' | 'removed' | 'lost';
  /** Stored backups that need it. */
  readonly backups: number;
  /** Secrets of the catalog that need it; null where there is no catalog. */
  readonly secrets: number | null;
  readonly isExported: boolean;
}

/** The master keys of a site, the active one first, and how much needs each. Never a key. Changes nothing. */
export async function listMasterKeys(config: Config): Promise<ListedKey[]> {
  await using releasers = new Releasers();
  const site = await openKeySite(config, releasers, { readOnly: true, incomplete: true });
  const { keyring } = site;
  const uses = await findKeyUses(site);
  const exported = await readExportedKeys(config.dataDir);
  const needed = [...uses.backups.keys(), ...(uses.secrets?.keys() ?? [])];
  return [...new Set([...keyring.keyIds, ...keyring.removedKeyIds, ...needed])].map((keyId) => ({
    keyId,
    use: useOf(keyId),
    backups: uses.backups.get(keyId)?.length ?? 0,
    secrets: uses.secrets === undefined ? null : (uses.secrets.get(keyId) ?? 0),
    isExported: exported.includes(keyId),
  }));

  function useOf(keyId: string): ListedKey['use'] {
    if (keyId === keyring.activeKeyId) {
      return 'active';
    }
    if (keyring.keyIds.includes(keyId)) {
      return 'open-only';
    }
    return keyring.removedKeyIds.includes(keyId) ? 'removed' : 'lost';
  }
}
