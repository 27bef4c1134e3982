import type { TokenBox } from '../api/auth/session-token.ts';
import type { FindCredential } from '../api/pipeline/authenticate.ts';
import type { AccessKey } from '../catalog/access.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SealedLabel } from '../catalog/sealed-columns.ts';
import { isDomainError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import type { RootCredential } from './root-credential.ts';

const KEY_LABEL: SealedLabel = 'access-key';
const TOKEN_LABEL = 'session-token';
const NO_CONTEXT = Buffer.alloc(0);

/** Opened secrets that are kept, so that a user's usual call costs no decryption: a fifth of it. */
const MOST_OPENED = 1000;

/**
 * The root credential, then the active keys of users. The row is read at each call, so a key that was disabled or deleted by any node is
 * refused from then on.
 */
export function createFindCredential(root: RootCredential, accountId: string, catalog: Catalog, keyring: Keyring): FindCredential {
  const open = rememberOpened(keyring);
  const ofUser = async (secretId: string) => {
    const key = await catalog.accessKeys.get(secretId);
    return key?.status === 'active' ? { secretKey: open(key), accountId: key.accountId, uin: key.uin } : undefined;
  };
  const ofRoot = { secretKey: root.secretKey, accountId, uin: accountId };
  return (secretId) => (secretId === root.secretId ? ofRoot : ofUser(secretId));
}

/** Opens each sealed secret once; one that was sealed anew is another one. */
function rememberOpened(keyring: Keyring): (key: AccessKey) => string {
  const opened = new Map<string, { sealed: Uint8Array; secretKey: string }>();
  return (key) => {
    const known = opened.get(key.secretId);
    if (known !== undefined && Buffer.compare(known.sealed, key.sealedSecretKey) === 0) {
      return known.secretKey;
    }
    const secretKey = openSecretKey(keyring, key);
    const [oldest] = opened.keys();
    if (opened.size >= MOST_OPENED && oldest !== undefined) {
      opened.delete(oldest);
    }
    opened.set(key.secretId, { sealed: key.sealedSecretKey, secretKey });
    return secretKey;
  };
}

/** Seals a secret key for its row. It is bound to its id: moved to another row it does not open. */
export function sealSecretKey(keyring: Keyring, secretId: string, secretKey: string): Uint8Array {
  return keyring.seal(KEY_LABEL, Buffer.from(secretKey), Buffer.from(secretId));
}

/** Throws `sealed-data-damaged` or `master-key-missing`. */
export function openSecretKey(keyring: Keyring, { secretId, sealedSecretKey }: AccessKey): string {
  return keyring.open(KEY_LABEL, sealedSecretKey, Buffer.from(secretId)).toString();
}

export function createTokenBox(keyring: Keyring): TokenBox {
  return {
    seal: (plain) => keyring.seal(TOKEN_LABEL, plain, NO_CONTEXT),
    open(sealed) {
      try {
        return keyring.open(TOKEN_LABEL, sealed, NO_CONTEXT);
      } catch (error) {
        // Anybody can send any token.
        if (isDomainError(error, 'sealed-data-damaged', 'master-key-missing', 'master-key-removed')) {
          return undefined;
        }
        throw error;
      }
    },
  };
}
