import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BackupRequest } from '../../src/engine/types.ts';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import { createKeyring } from '../../src/repository/keyring.ts';
import { createRepository, type Repository } from '../../src/repository/repository.ts';
import { createFileStorage } from '../../src/storage/drivers/file.ts';
import type { ObjectStorage } from '../../src/storage/object-storage.ts';
import { BACKUP_FACTS, BACKUP_ID } from './attempts.ts';

/** An empty repository in a directory of its own, for one backup by the engine alone. */
export interface BackupSite extends AsyncDisposable {
  readonly directory: string;
  readonly storage: ObjectStorage;
  readonly repository: Repository;
  request(source: SourceAddress, more?: Partial<BackupRequest>): BackupRequest;
  /** Every file of backups, unfinished ones included. */
  filesLeft(): Promise<string[]>;
}

/** In `directory`, which stays, or in a temporary one. */
export async function makeBackupSite(directory?: string): Promise<BackupSite> {
  const root = directory ?? (await mkdtemp(join(tmpdir(), 'redkeep-engine-')));
  const keyring = createKeyring();
  const storage = createFileStorage(root);
  const repository = await createRepository(storage, keyring);
  return {
    directory: root,
    storage,
    repository,
    request: ({ host, port }, more = {}) => ({
      backupId: BACKUP_ID,
      attempt: 1,
      source: { host, port },
      facts: BACKUP_FACTS,
      storageUrl: pathToFileURL(root).href,
      keyring: keyring.export(),
      skipDisklessDelay: false,
      memoryCheck: 'refuse',
      ...more,
    }),
    async filesLeft() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name !== 'repository.json')
        .map((entry) => join(entry.parentPath, entry.name));
    },
    async [Symbol.asyncDispose]() {
      if (directory === undefined) {
        await rm(root, { recursive: true, force: true });
      }
    },
  };
}
