import { randomBytes } from 'node:crypto';
import { DomainError, isDomainError } from '../lib/errors.ts';
import type { ObjectStorage, StorageOptions } from '../storage/object-storage.ts';
import { type AttemptReader, openAttemptReader } from './attempt-reader.ts';
import { type AttemptWriter, createAttemptWriter } from './attempt-writer.ts';
import { type CatalogSnapshots, createCatalogSnapshots } from './catalog-snapshot.ts';
import { attemptPrefix, backupDamaged, MAX_SHARDS, manifestMissing, manifestObject, REPOSITORY_OBJECT } from './format.ts';
import type { Keyring } from './keyring.ts';
import { type ListedAttempt, listAttempts, listForeignObjects } from './list-attempts.ts';
import { MANIFEST_KEY_ID_BYTES, readManifestKeyId } from './manifest.ts';
import { encodeRepositoryObject, readRepositoryObject } from './repository-object.ts';
import type { AttemptRef, Manifest } from './types.ts';
import { authenticateAttempt, verifyAttempt } from './verify-attempt.ts';

/**
 * Backups as sealed objects in a storage: `docs/repository-format.md` describes every byte. It knows attempts and no catalog; which attempt
 * counts is for its caller to say.
 */
export interface Repository {
  /** 32 lower-case hex digits. */
  readonly repositoryId: string;
  readonly snapshots: CatalogSnapshots;
  /** Throws `attempt-exists` where anything lies under the attempt's prefix: nothing is ever overwritten. */
  startAttempt(ref: AttemptRef, shardCount: number, options?: StorageOptions): Promise<AttemptWriter>;
  /** Throws `manifest-missing` where the attempt is no backup; see `openAttemptReader` for the others. */
  openAttempt(ref: AttemptRef, options?: StorageOptions): Promise<AttemptReader>;
  /** Reads every stored byte back and returns the manifest; throws `backup-damaged` and what `openAttempt` throws. */
  verifyAttempt(ref: AttemptRef, options?: StorageOptions): Promise<Manifest>;
  /** Authenticates every stored byte without decompressing it; see `authenticateAttempt`. */
  authenticateAttempt(ref: AttemptRef, options?: StorageOptions): Promise<Manifest>;
  /** Id of the master key that an attempt needs. Throws `manifest-missing`, or `backup-damaged` where it does not begin as a manifest does. */
  keyIdOf(ref: AttemptRef, options?: StorageOptions): Promise<string>;
  /** Every attempt of which an object exists, whole or not, in order of name. */
  listAttempts(options?: StorageOptions): AsyncIterable<ListedAttempt>;
  /** Objects that belong neither to the repository itself nor to an attempt, and are no catalog snapshot. */
  listForeignObjects(options?: StorageOptions): AsyncIterable<{ name: string; sizeBytes: number }>;
  /**
   * Removes everything under an attempt's prefix, the manifest first, and looks that it is gone (else `attempt-not-removed`). An absent
   * attempt is success. Returns what was removed.
   */
  removeAttempt(ref: AttemptRef, options?: StorageOptions): Promise<{ objects: number; storedBytes: number }>;
}

/**
 * Makes a repository in an empty storage, under the active key, with the given id or a random one. Throws `repository-exists` where there
 * is one, and `storage-not-empty` where other objects lie there, which it would mix with backups.
 */
export async function createRepository(
  storage: ObjectStorage,
  keyring: Keyring,
  repositoryId = randomBytes(16).toString('hex'),
): Promise<Repository> {
  if ((await storage.stat(REPOSITORY_OBJECT)) !== undefined) {
    throw new DomainError('repository-exists', `${storage.url} holds a repository already`);
  }
  if (!(await isStorageEmpty(storage))) {
    throw new DomainError('storage-not-empty', `${storage.url} holds objects but no repository`, {
      hint: `bring back its ${REPOSITORY_OBJECT}, or name an empty storage`,
    });
  }
  await storage.put(REPOSITORY_OBJECT, encodeRepositoryObject(keyring, repositoryId));
  return toRepository(storage, keyring, repositoryId);
}

/**
 * Opens the repository in a storage. Throws `repository-missing`; then, before anything else of it is read,
 * `repository-format-unsupported`; then `repository-damaged`, or `master-key-wrong` where it was made under a key that the ring lacks.
 */
export async function openRepository(storage: ObjectStorage, keyring: Keyring): Promise<Repository> {
  const { repositoryId } = await readRepositoryObject(storage, keyring);
  return toRepository(storage, keyring, repositoryId);
}

/** Puts the key check of a repository under the active key, so that a retired one can go. Throws as `openRepository` does. */
export async function rekeyRepository(storage: ObjectStorage, keyring: Keyring): Promise<void> {
  const { repositoryId, keyId } = await readRepositoryObject(storage, keyring);
  if (keyId !== keyring.activeKeyId) {
    await storage.put(REPOSITORY_OBJECT, encodeRepositoryObject(keyring, repositoryId), { replace: true });
  }
}

/** True where a storage holds no object at all. Only then, and with an empty catalog, may a new master key be made. */
export async function isStorageEmpty(storage: ObjectStorage): Promise<boolean> {
  for await (const _object of storage.list('')) {
    return false;
  }
  return true;
}

function toRepository(storage: ObjectStorage, keyring: Keyring, repositoryId: string): Repository {
  async function listObjects(ref: AttemptRef, options: StorageOptions): Promise<Array<{ name: string; sizeBytes: number }>> {
    const objects: Array<{ name: string; sizeBytes: number }> = [];
    for await (const object of storage.list(attemptPrefix(ref), options)) {
      objects.push(object);
    }
    return objects;
  }

  const openAttempt: Repository['openAttempt'] = (ref, options = {}) => openAttemptReader({ storage, keyring, repositoryId }, ref, options);

  return {
    repositoryId,
    snapshots: createCatalogSnapshots(storage, keyring, repositoryId),
    openAttempt,

    async startAttempt({ backupId, attempt }, shardCount, options = {}) {
      const ref = { backupId, attempt };
      if (!Number.isInteger(shardCount) || shardCount < 1 || shardCount > MAX_SHARDS) {
        throw new RangeError(`${shardCount} shards are not 1 to ${MAX_SHARDS}`);
      }
      if ((await listObjects(ref, options)).length > 0) {
        throw new DomainError('attempt-exists', `attempt ${attempt} of backup ${backupId} exists already and is never overwritten`);
      }
      return createAttemptWriter({ storage, keyring, repositoryId, ref, shardCount, signal: options.signal });
    },

    verifyAttempt: async (ref, options = {}) => verifyAttempt(storage, await openAttempt(ref, options), options),
    authenticateAttempt: async (ref, options = {}) => authenticateAttempt(storage, await openAttempt(ref, options), options),

    async keyIdOf(ref, options = {}) {
      const name = manifestObject(ref);
      try {
        return readManifestKeyId(await storage.read(name, { ...options, offset: 0, length: MANIFEST_KEY_ID_BYTES }));
      } catch (error) {
        if (isDomainError(error, 'object-not-found')) {
          throw manifestMissing(ref, error);
        }
        throw isDomainError(error, 'object-truncated', 'sealed-data-damaged') ? backupDamaged(name, error.message, error) : error;
      }
    },

    listAttempts: (options = {}) => listAttempts(storage, options),
    listForeignObjects: (options = {}) => listForeignObjects(storage, options),

    async removeAttempt(ref, options = {}) {
      const found = await listObjects(ref, options);
      // Without its manifest an attempt is no backup: a crash after this line leaves garbage, never half a backup.
      await storage.delete(manifestObject(ref), options);
      for (const { name } of found) {
        await storage.delete(name, options);
      }
      const left = await listObjects(ref, options);
      if (left.length > 0) {
        throw new DomainError(
          'attempt-not-removed',
          `${left.length} objects under ${attemptPrefix(ref)} are still there after their removal`,
          {
            retryable: true,
          },
        );
      }
      return { objects: found.length, storedBytes: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
    },
  };
}
