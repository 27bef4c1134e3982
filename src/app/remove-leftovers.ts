import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataDir } from '../lib/data-dir.ts';

/** Names that a durable write uses before its rename or link: only a killed process leaves one. */
const LEFTOVER = /\.[0-9a-f]{12}\.(tmp|new)$/;

/**
 * Removes from a data directory what killed processes left: unfinished writes, one of which may hold a key, and the note of where a service
 * answered. Only under the lock.
 */
export async function removeLeftovers(dataDir: DataDir): Promise<void> {
  for (const name of await readdir(dataDir.path)) {
    if (LEFTOVER.test(name)) {
      await rm(join(dataDir.path, name), { force: true });
    }
  }
  await rm(dataDir.serving, { force: true });
}
