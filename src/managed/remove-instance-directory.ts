import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../lib/errno.ts';
import { syncDirectory } from '../lib/sync-directory.ts';

const REMOVING_SUFFIX = '.removing';

/**
 * Removes an instance's directory from `parent`, durable when it resolves; an absent one is success. It is renamed first, so that a crash
 * leaves the whole of it or nothing that a server could be started in: half a directory would start with half its data. What an earlier
 * crash left under such a name goes, too.
 */
export async function removeInstanceDirectory(parent: string, directory: string): Promise<void> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const doomed = `${directory}${REMOVING_SUFFIX}`;
  await rm(doomed, { recursive: true, force: true });
  try {
    await rename(directory, doomed);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  await syncDirectory(parent);
  for (const name of await readdir(parent)) {
    if (name.endsWith(REMOVING_SUFFIX)) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
  await syncDirectory(parent);
}
