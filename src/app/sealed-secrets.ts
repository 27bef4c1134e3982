import type { Catalog } from '../catalog/catalog.ts';
import { SEALED_LABELS } from '../catalog/sealed-columns.ts';
import { type Keyring, keyIdOfSecret } from '../repository/keyring.ts';

/** Setting of the catalog: under which master key all its secrets are sealed. */
const SEALED_UNDER = 'secrets-sealed-under';

/**
 * Seals every secret of the catalog under the active key that is sealed under another one, in one transaction. Returns how many; looks at
 * none where the catalog knows that it was done. Throws what `Keyring.open` throws, and has changed nothing then.
 */
export async function sealSecretsAnew(catalog: Catalog, keyring: Keyring): Promise<number> {
  if ((await catalog.settings.get(SEALED_UNDER)) === keyring.activeKeyId) {
    return 0;
  }
  return catalog.transaction(async (tables) => {
    let changed = 0;
    for (const label of SEALED_LABELS) {
      for (const secret of await tables.sealed.all(label)) {
        if (keyIdOfSecret(secret.sealed) !== keyring.activeKeyId) {
          const aad = Buffer.from(secret.id);
          await tables.sealed.replace(label, secret, keyring.seal(label, keyring.open(label, secret.sealed, aad), aad));
          changed++;
        }
      }
    }
    await tables.settings.set(SEALED_UNDER, keyring.activeKeyId);
    return changed;
  });
}

/** How many secrets of the catalog need each master key. */
export async function countSecretsByKey(catalog: Catalog): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const label of SEALED_LABELS) {
    for (const { sealed } of await catalog.sealed.all(label)) {
      const keyId = keyIdOfSecret(sealed);
      counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
    }
  }
  return counts;
}
