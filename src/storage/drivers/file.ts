import { constants } from 'node:fs';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDomainError } from '../../lib/errors.ts';
import { assertObjectName, assertObjectPrefix, isObjectName, toSecurePath } from '../../lib/secure-path.ts';
import { syncDirectory } from '../../lib/sync-directory.ts';
import { type ObjectStorage, storageError } from '../object-storage.ts';
import { removeEmptyDirectories } from './directories.ts';
import { isAbsent, toStorageError } from './file-error.ts';
import { openFileWriter } from './file-writer.ts';

/** Directory of unfinished files under the root. It begins with a dot, so no object name reaches it. */
const UNFINISHED = '.tmp';

/** ext4 stops at 16 TiB with 4 KiB blocks. */
const MAX_OBJECT_BYTES = 8 * 2 ** 40;

/**
 * Objects as files (mode 0600) below the absolute directory `root`, which the first write makes (mode 0700). What is no regular file or has
 * a name that no object can have is left alone and never listed.
 */
export function createFileStorage(root: string): ObjectStorage {
  const base = resolve(root);
  const unfinished = join(base, UNFINISHED);

  async function openWriter(name: string, replace: boolean, signal: AbortSignal | undefined) {
    const path = toSecurePath(base, name);
    signal?.throwIfAborted();
    if (!replace && (await statFile(path, name)) !== undefined) {
      throw storageError('object-exists', `object ${name} exists already`);
    }
    return openFileWriter({ root: base, unfinished, name, path, replace }, signal);
  }

  return {
    features: { durable: true, maxObjectBytes: MAX_OBJECT_BYTES },
    url: pathToFileURL(base).href,

    create: (name, { signal } = {}) => openWriter(name, false, signal),

    async put(name, bytes, { signal, replace = false } = {}) {
      const writer = await openWriter(name, replace, signal);
      try {
        await writer.append(bytes);
        await writer.finish();
      } catch (error) {
        // The first error tells what went wrong; what a failing abort leaves behind is swept later.
        await writer.abort().catch(() => {});
        throw error;
      }
    },

    async read(name, { signal, offset = 0, length } = {}) {
      const path = toSecurePath(base, name);
      signal?.throwIfAborted();
      try {
        return await readRange(path, name, offset, length);
      } catch (error) {
        if (isAbsent(error)) {
          throw storageError('object-not-found', `object ${name} does not exist`, { cause: error });
        }
        throw isDomainError(error) ? error : toStorageError(error, 'reading', name);
      }
    },

    async stat(name, { signal } = {}) {
      const path = toSecurePath(base, name);
      signal?.throwIfAborted();
      return statFile(path, name);
    },

    async *list(prefix, { signal } = {}) {
      assertObjectPrefix(prefix);
      // No name outside the prefix's last whole directory can match, so the walk starts there.
      yield* walk(base, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, signal);
    },

    async delete(name, { signal } = {}) {
      assertObjectName(name);
      const path = toSecurePath(base, name);
      signal?.throwIfAborted();
      try {
        if ((await statFile(path, name)) !== undefined) {
          await unlink(path);
        }
        await syncDirectory(join(path, '..'));
        await removeEmptyDirectories(base, path);
      } catch (error) {
        if (!isAbsent(error)) {
          throw toStorageError(error, 'removing', name);
        }
      }
    },

    async sweepUnfinished(olderThanMs, { signal } = {}) {
      const before = Date.now() - olderThanMs;
      const swept = { objects: 0, sizeBytes: 0 };
      for (const entry of await readDirectory(unfinished)) {
        signal?.throwIfAborted();
        const path = join(unfinished, entry.name);
        try {
          const status = await lstat(path);
          if (status.isFile() && status.mtimeMs <= before) {
            await unlink(path);
            swept.objects += 1;
            // With a second link the bytes belong to a finished object, whose writer died just after naming it.
            swept.sizeBytes += status.nlink === 1 ? status.size : 0;
          }
        } catch (error) {
          if (!isAbsent(error)) {
            throw toStorageError(error, 'sweeping', entry.name);
          }
        }
      }
      return swept;
    },
  };
}

async function statFile(path: string, name: string): Promise<{ sizeBytes: number } | undefined> {
  try {
    const status = await lstat(path);
    return status.isFile() ? { sizeBytes: status.size } : undefined;
  } catch (error) {
    if (isAbsent(error)) {
      return undefined;
    }
    throw toStorageError(error, 'looking at', name);
  }
}

async function readRange(path: string, name: string, offset: number, length: number | undefined): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    const wanted = length ?? Math.max(0, size - offset);
    // Checked before allocating: the length may stem from damaged bytes.
    if (offset + wanted > size) {
      throw storageError('object-truncated', `object ${name} has ${size} bytes, bytes ${offset} to ${offset + wanted} were asked for`);
    }
    const bytes = Buffer.allocUnsafeSlow(wanted);
    for (let done = 0; done < wanted; ) {
      const { bytesRead } = await file.read(bytes, done, wanted - done, offset + done);
      if (bytesRead === 0) {
        throw storageError('object-truncated', `object ${name} ended at byte ${offset + done} while it was read`);
      }
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Files below `root`/`directory` whose name starts with `prefix`, in byte order of the whole name; `directory` is empty or ends with `/`. */
async function* walk(
  root: string,
  directory: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ name: string; sizeBytes: number }> {
  // A directory sorts as `name/`: its objects lie between `name.x` and `name0` in byte order.
  const names = (await readDirectory(join(root, directory)))
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && isObjectName(directory + entry.name))
    .map((entry) => directory + entry.name + (entry.isDirectory() ? '/' : ''))
    .filter((name) => name.startsWith(prefix) || (name.endsWith('/') && prefix.startsWith(name)))
    .sort();
  for (const name of names) {
    signal?.throwIfAborted();
    if (name.endsWith('/')) {
      yield* walk(root, name, prefix, signal);
      continue;
    }
    const status = await statFile(join(root, name), name);
    if (status !== undefined) {
      yield { name, ...status };
    }
  }
}

/** Entries of a directory; none where it does not exist, which it may cease to do while a listing runs. */
async function readDirectory(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) {
      return [];
    }
    throw toStorageError(error, 'listing', path);
  }
}
