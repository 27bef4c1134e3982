import { mkdir } from 'node:fs/promises';
import { sqlitePath } from '../catalog/open-catalog.ts';
import { acquireProcessLock } from '../catalog/process-lock.ts';
import type { Releasers } from '../lib/releasers.ts';
import type { Config } from './config.ts';

/**
 * Makes this process the only one that changes a site: its data directory (made where it is missing) and its catalog, which may lie
 * elsewhere, where another data directory could name it too. Throws `data-dir-in-use` where another one runs.
 */
export async function lockSite({ dataDir, catalogUrl }: Config, releasers: Releasers): Promise<void> {
  await mkdir(dataDir.path, { recursive: true, mode: 0o700 });
  for (const path of [dataDir.lock, `${sqlitePath(catalogUrl)}.lock`]) {
    const lock = acquireProcessLock(path);
    releasers.add(() => lock.release());
  }
}
