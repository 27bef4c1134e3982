import type { ObjectStorage, StorageOptions } from '../storage/object-storage.ts';
import { parseAttemptObject, parseAttemptPrefix, parseSnapshotObject, REPOSITORY_OBJECT } from './format.ts';
import type { AttemptRef } from './types.ts';

export interface ListedAttempt {
  readonly ref: AttemptRef;
  /** False: not a backup, or not yet. */
  readonly hasManifest: boolean;
  readonly objects: number;
  /** Bytes of all its objects. */
  readonly storedBytes: number;
  /** Names under its prefix that the format does not know. */
  readonly foreignObjects: readonly string[];
}

/** Every attempt of which an object is visible. Objects that are still being written are not. */
export async function* listAttempts(storage: ObjectStorage, options: StorageOptions): AsyncGenerator<ListedAttempt> {
  let current: (ListedAttempt & { objects: number; storedBytes: number; hasManifest: boolean; foreignObjects: string[] }) | undefined;
  // In byte order of the name, the objects of one attempt follow each other.
  for await (const { name, sizeBytes } of storage.list('backups/', options)) {
    const ref = parseAttemptPrefix(name);
    if (ref === undefined) {
      continue;
    }
    if (current?.ref.backupId !== ref.backupId || current.ref.attempt !== ref.attempt) {
      if (current !== undefined) {
        yield current;
      }
      current = { ref, hasManifest: false, objects: 0, storedBytes: 0, foreignObjects: [] };
    }
    current.objects += 1;
    current.storedBytes += sizeBytes;
    const known = parseAttemptObject(name);
    current.hasManifest ||= known?.isManifest === true;
    if (known === undefined) {
      current.foreignObjects.push(name);
    }
  }
  if (current !== undefined) {
    yield current;
  }
}

export async function* listForeignObjects(
  storage: ObjectStorage,
  options: StorageOptions,
): AsyncGenerator<{ name: string; sizeBytes: number }> {
  for await (const object of storage.list('', options)) {
    const { name } = object;
    if (name !== REPOSITORY_OBJECT && parseSnapshotObject(name) === undefined && parseAttemptPrefix(name) === undefined) {
      yield object;
    }
  }
}
