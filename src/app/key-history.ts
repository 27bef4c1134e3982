import type { Catalog } from '../catalog/catalog.ts';
import { DomainError } from '../lib/errors.ts';
import { type Keyring, rememberRemoved } from '../repository/keyring.ts';

/** Settings of the catalog: when each master key became the active one, by its id, and when it was removed. */
const USED = 'master-key-used/';
const REMOVED = 'master-key-removed/';

/** The keyring with what the catalog knows of removed keys, which the environment's form cannot tell. */
export async function withRemovedKeys(catalog: Catalog, keyring: Keyring): Promise<Keyring> {
  return rememberRemoved(keyring, [...(await catalog.settings.below(REMOVED)).keys()]);
}

/**
 * The keyring with what the catalog knows of removed keys. Throws where it lacks a key that was
 * in use and was not removed: `master-key-rotated` where it is a copy from before a rotation, `master-key-wrong` where it has none of the
 * catalog's keys, `master-key-missing` where one of them is lost.
 */
export async function judgeKeyring(catalog: Catalog, keyring: Keyring): Promise<Keyring> {
  const used = [...(await catalog.settings.below(USED))].sort(([, a], [, b]) => Number(a) - Number(b)).map(([keyId]) => keyId);
  const known = await withRemovedKeys(catalog, keyring);
  const lacking = used.filter((keyId) => !known.keyIds.includes(keyId) && !known.removedKeyIds.includes(keyId));
  const [newest] = used.slice(-1);
  if (lacking.length === 0 || newest === undefined) {
    return known;
  }
  const holds = `the keyring holds ${known.keyIds.join(', ')}`;
  if (!used.some((keyId) => known.keyIds.includes(keyId))) {
    throw new DomainError('master-key-wrong', `this site was made under master key ${newest}, ${holds}`, {
      hint: 'bring back the keyring.json or REDKEEP_MASTER_KEY that was in use, or `redkeep master-key import` an export of it',
    });
  }
  if (lacking.includes(newest)) {
    throw new DomainError('master-key-rotated', `the master key was rotated to ${newest}, ${holds}: it is a copy from before`, {
      hint: 'bring back the keyring of after the rotation, or `redkeep master-key import` an export that was made since',
    });
  }
  throw new DomainError('master-key-missing', `master key ${lacking.join(', ')} was in use before and is lost, ${holds}`, {
    hint: 'bring it back with `redkeep master-key import`, or give it up with `redkeep master-key remove --force`, and what needs it with it',
  });
}

/** Records, before anything is sealed under it, that the active key is in use. */
export async function recordActiveKey(catalog: Catalog, { activeKeyId }: Keyring, at: number): Promise<void> {
  await catalog.settings.setOnce(USED + activeKeyId, String(at));
}

export async function recordRemovedKey(catalog: Catalog, keyId: string, at: number): Promise<void> {
  await catalog.settings.set(REMOVED + keyId, String(at));
}
