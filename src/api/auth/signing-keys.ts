import { deriveSigningKey, type Tc3Scope } from './tc3.ts';

const MOST_KEYS = 1000;

export interface SigningKeys {
  /** The signing key, kept or derived. */
  get(secretId: string, secretKey: string, scope: Tc3Scope): Buffer;
  /** Keeps a key whose signature has matched, so that strangers cannot fill the cache. */
  keep(secretId: string, secretKey: string, scope: Tc3Scope, signingKey: Buffer): void;
}

/** Derived keys by secret id, day and service: the oldest goes where there are too many. A changed secret is not served the old key. */
export function createSigningKeys(): SigningKeys {
  const keys = new Map<string, { secretKey: string; signingKey: Buffer }>();
  const nameOf = (secretId: string, scope: Tc3Scope) => `${secretId}/${scope.date}/${scope.service}`;
  return {
    get(secretId, secretKey, scope) {
      const kept = keys.get(nameOf(secretId, scope));
      return kept?.secretKey === secretKey ? kept.signingKey : deriveSigningKey(secretKey, scope);
    },
    keep(secretId, secretKey, scope, signingKey) {
      const name = nameOf(secretId, scope);
      if (keys.get(name)?.signingKey === signingKey) {
        return;
      }
      keys.set(name, { secretKey, signingKey });
      const [oldest] = keys.keys();
      if (keys.size > MOST_KEYS && oldest !== undefined) {
        keys.delete(oldest);
      }
    },
  };
}
