import { link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../../lib/errno.ts';
import { isDomainError } from '../../lib/errors.ts';
import { syncDirectory } from '../../lib/sync-directory.ts';
import { openSqlite } from './sqlite-connection.ts';

/**
 * Puts the closed database `fresh` in the place of the one at `path`, whose content stays at `aside`. A crash leaves the old one or the new
 * one at `path`. Both must be in one directory, and nobody may have them open. Returns whether there was an old one.
 */
export async function replaceSqlite(path: string, fresh: string, aside: string): Promise<boolean> {
  const isThere = await linkIfThere(path, aside);
  if (isThere) {
    // Linked before the database is opened, which throws away a log that does not fit it.
    const hasLog = await linkIfThere(`${path}-wal`, `${aside}-wal`);
    settle(path);
    if (hasLog && (await stat(`${aside}-wal`)).size === 0) {
      await rm(`${aside}-wal`);
    }
    await syncDirectory(dirname(path));
  }
  // Whatever log was left would be taken for one of the new database (sqlite.org/howtocorrupt.html section 1.4).
  await removeSqliteLogs(path);
  await rename(fresh, path);
  await syncDirectory(dirname(path));
  return isThere;
}

/** Removes a database that nobody has open, with its logs; an absent one is success. */
export async function removeSqlite(path: string): Promise<void> {
  await removeSqliteLogs(path);
  await rm(path, { force: true });
}

async function removeSqliteLogs(path: string): Promise<void> {
  await rm(`${path}-wal`, { force: true });
  await rm(`${path}-shm`, { force: true });
}

/** Brings what is in a database's log into its file, where it is whole enough for that. */
function settle(path: string): void {
  try {
    const connection = openSqlite(path, { readOnly: false, busyTimeoutMs: 0 });
    try {
      connection.exec('pragma wal_checkpoint(truncate)');
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!isDomainError(error)) {
      throw error;
    }
  }
}

async function linkIfThere(from: string, to: string): Promise<boolean> {
  if ((await stat(from).catch(() => undefined)) === undefined) {
    return false;
  }
  try {
    await link(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      throw error;
    }
    return false;
  }
  return true;
}
