import { describeError, isDomainError } from '../lib/errors.ts';
import type { AttemptRef } from '../repository/types.ts';
import type { KeySite } from './key-site.ts';
import { countSecretsByKey } from './sealed-secrets.ts';

export interface KeyUses {
  /** Attempts with a manifest, by the id of the master key that each needs. */
  readonly backups: ReadonlyMap<string, readonly AttemptRef[]>;
  /** Secrets of the catalog; undefined where there is no catalog to ask. */
  readonly secrets: ReadonlyMap<string, number> | undefined;
  /** Manifests that do not tell their key, one sentence each. */
  readonly unknown: readonly string[];
}

/** What needs which master key. Reads the first bytes of each manifest. */
export async function findKeyUses({ repository, catalog }: Pick<KeySite, 'repository' | 'catalog'>): Promise<KeyUses> {
  const backups = new Map<string, AttemptRef[]>();
  const unknown: string[] = [];
  for await (const { ref, hasManifest } of repository?.listAttempts() ?? []) {
    if (!hasManifest) {
      continue;
    }
    try {
      const keyId = await repository?.keyIdOf(ref);
      backups.set(keyId ?? '', [...(backups.get(keyId ?? '') ?? []), ref]);
    } catch (error) {
      // A service beside may have removed it since it was listed.
      if (!isDomainError(error, 'manifest-missing')) {
        unknown.push(describeError(error));
      }
    }
  }
  return { backups, secrets: catalog === undefined ? undefined : await countSecretsByKey(catalog), unknown };
}
