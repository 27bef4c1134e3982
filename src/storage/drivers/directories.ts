import { mkdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../../lib/errno.ts';
import { syncDirectory } from '../../lib/sync-directory.ts';

/**
 * Makes `directory` and what is missing above it, mode 0700. Where the root itself is new, it and what was made above it are made durable
 * at once. Step by step, because the recursive mkdir of Node never returns where the kernel answers ENOENT below an existing directory.
 */
export async function createDirectories(root: string, directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      return;
    }
    if (errnoOf(error) !== 'ENOENT' || dirname(directory) === directory) {
      throw error;
    }
    await createDirectories(root, dirname(directory));
    await mkdir(directory, { mode: 0o700 }).catch(ignore('EEXIST'));
  }
  if (`${root}/`.startsWith(`${directory}/`)) {
    await syncDirectory(dirname(directory));
  }
}

/**
 * Makes the directory entry of the file at `path` durable, and those of all directories between it and the root: any of them may be new,
 * made by a process that died before it could flush them. A directory without changes costs next to nothing.
 */
export async function syncDirectories(root: string, path: string): Promise<void> {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    await syncDirectory(directory);
    if (directory === root) {
      return;
    }
  }
}

/** Removes the directories above `path` that are empty, up to the root, which stays; durable when it resolves. */
export async function removeEmptyDirectories(root: string, path: string): Promise<void> {
  for (let directory = dirname(path); directory !== root; directory = dirname(directory)) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') {
        continue;
      }
      if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error))) {
        return;
      }
      throw error;
    }
    await syncDirectory(dirname(directory)).catch(ignore('ENOENT'));
  }
}

function ignore(errno: string): (error: unknown) => void {
  return (error) => {
    if (errnoOf(error) !== errno) {
      throw error;
    }
  };
}
