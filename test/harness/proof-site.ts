import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backup, Catalog } from '../../src/catalog/catalog.ts';
import { runBackup } from '../../src/engine/run-backup.ts';
import { findServer } from '../../src/managed/find-server.ts';
import { BACKUP_FACTS, BACKUP_ID } from './attempts.ts';
import { type BackupSite, makeBackupSite } from './backup-site.ts';
import { backupRow, instanceRow } from './catalog-rows.ts';
import type { RedisServer } from './redis-server.ts';
import { openTempCatalog } from './temp-catalog.ts';

/** The server that is installed here. */
export const SERVER = await findServer();

/** A catalog and a repository with one backup of `source`, available, as attempt 1. */
export interface ProofSite extends AsyncDisposable {
  readonly catalog: Catalog;
  readonly site: BackupSite;
  readonly storageUrl: string;
  readonly keyring: string;
  /** Empty again when the site is disposed of. */
  readonly workDirectory: string;
  backup(): Promise<Backup>;
  /** Changes one byte of the stored data. */
  damage(): Promise<void>;
}

export async function makeProofSite(source: RedisServer): Promise<ProofSite> {
  const temp = await openTempCatalog();
  const site = await makeBackupSite();
  const workDirectory = await mkdtemp(join(tmpdir(), 'redkeep-proofs-'));
  const request = site.request(source);
  const manifest = await runBackup(request, { signal: new AbortController().signal, onProgress: () => {} });
  const { catalog } = temp;
  const { accountId } = BACKUP_FACTS;
  await catalog.instances.insert(instanceRow({ accountId }));
  const [shard] = manifest.shards;
  await catalog.backups.insert(
    backupRow({
      ...BACKUP_FACTS,
      backupId: BACKUP_ID,
      state: 'available',
      attempt: 1,
      endedAt: manifest.endedAt,
      sizeBytes: shard?.sizeBytes ?? 0,
      serverKind: shard?.serverKind ?? '',
      serverVersion: shard?.serverVersion ?? '',
    }),
  );
  return {
    catalog,
    site,
    storageUrl: request.storageUrl,
    keyring: request.keyring,
    workDirectory,
    async backup() {
      const backup = await catalog.backups.get(BACKUP_ID);
      assert.ok(backup !== undefined);
      return backup;
    },
    async damage() {
      const data = (await site.filesLeft()).find((file) => file.includes('/data-')) ?? '';
      const bytes = await readFile(data);
      bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
      await chmod(data, 0o600);
      await writeFile(data, bytes);
    },
    async [Symbol.asyncDispose]() {
      assert.deepEqual(await readdir(workDirectory), [], 'every proof cleans up');
      await rm(workDirectory, { recursive: true });
      await site[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}
