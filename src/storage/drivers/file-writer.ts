import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../lib/errno.ts';
import { isDomainError } from '../../lib/errors.ts';
import { type ObjectWriter, storageError } from '../object-storage.ts';
import { createDirectories, syncDirectories } from './directories.ts';
import { toStorageError } from './file-error.ts';

/**
 * Appended bytes after which a flush to disk starts in the background. Small enough that neither the last flush, which the caller waits for,
 * nor a commit of the catalog on the same disk, which the API waits for, stands behind much; large enough that the disk sees long
 * sequential writes.
 */
const FLUSH_BYTES = 8 * 1024 * 1024;

/**
 * The most that one write takes. A kernel without preemption does not let go of the processor within a write: one of a whole frame held it
 * for 4 to 7 ms, for which every request waited that had come meanwhile.
 */
const WRITE_BYTES = 256 * 1024;

export interface FileWriterPlace {
  readonly root: string;
  /** Directory of unfinished files, on the same file system as the root. */
  readonly unfinished: string;
  readonly name: string;
  readonly path: string;
  /** Puts the new object in the place of an old one instead of refusing. */
  readonly replace: boolean;
}

/**
 * Writes one object: temporary name, length-checked writes, fsync, then a hard link to the final name, which the kernel refuses where the
 * name is taken (rename would overwrite), then fsync of the directories. A failed fsync is final: the kernel may have dropped the pages
 * that it could not write, and a second fsync would report success over lost data.
 */
export async function openFileWriter(place: FileWriterPlace, signal: AbortSignal | undefined): Promise<ObjectWriter> {
  const { root, unfinished, name, path, replace } = place;
  const temporary = join(unfinished, `${process.pid}-${randomBytes(12).toString('hex')}`);
  let file: FileHandle | undefined;
  let failure: unknown;
  let writtenBytes = 0;
  let unflushedBytes = 0;
  let flush: Promise<void> | undefined;

  try {
    await createDirectories(root, unfinished);
    file = await open(temporary, 'wx', 0o600);
  } catch (error) {
    throw toStorageError(error, 'starting', name);
  }

  function usableFile(): FileHandle {
    signal?.throwIfAborted();
    if (failure !== undefined) {
      throw failure;
    }
    if (file === undefined) {
      throw new Error(`the writer of object ${name} is closed`);
    }
    return file;
  }

  function startFlush(handle: FileHandle): void {
    unflushedBytes = 0;
    flush = handle.datasync().then(
      () => {
        flush = undefined;
      },
      (error: unknown) => {
        failure ??= toStorageError(error, 'flushing', name);
      },
    );
  }

  async function complete(handle: FileHandle): Promise<void> {
    await flush;
    usableFile();
    await handle.sync();
    const { size } = await handle.stat();
    if (size !== writtenBytes) {
      throw storageError('storage-unavailable', `object ${name} has ${size} bytes on disk, ${writtenBytes} were written`);
    }
    file = undefined;
    await handle.close();
    signal?.throwIfAborted();
    await moveIntoPlace(temporary, place);
    try {
      await syncDirectories(root, path);
    } catch (error) {
      // Visible but perhaps not durable: take the name back, since the caller is told that nothing was stored.
      await (replace ? undefined : unlink(path).catch(() => {}));
      throw error;
    }
  }

  return {
    async append(bytes) {
      const handle = usableFile();
      try {
        await writeFully(handle, bytes, writtenBytes);
      } catch (error) {
        failure = isDomainError(error) ? error : toStorageError(error, 'writing', name);
        throw failure;
      }
      writtenBytes += bytes.byteLength;
      unflushedBytes += bytes.byteLength;
      if (unflushedBytes >= FLUSH_BYTES && flush === undefined && failure === undefined) {
        startFlush(handle);
      }
    },

    async finish() {
      const handle = usableFile();
      try {
        await complete(handle);
      } catch (error) {
        failure ??= isDomainError(error) || signal?.aborted ? error : toStorageError(error, 'finishing', name);
        throw failure;
      }
    },

    async abort() {
      failure ??= new Error(`the writer of object ${name} was aborted`);
      const handle = file;
      file = undefined;
      await flush;
      try {
        await handle?.close();
        await unlink(temporary);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') {
          throw toStorageError(error, 'aborting', name);
        }
      }
    },
  };
}

/** Writes all bytes; a short write is continued, and a write of nothing is an error. */
async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const wanted = Math.min(bytes.byteLength - done, WRITE_BYTES);
    const { bytesWritten } = await file.write(bytes, done, wanted, position + done);
    if (bytesWritten <= 0) {
      throw storageError('storage-unavailable', `the file system took 0 of ${wanted} bytes`);
    }
    done += bytesWritten;
  }
}

async function moveIntoPlace(temporary: string, { root, path, replace }: FileWriterPlace): Promise<void> {
  // A deletion beside us may remove the directory, empty until now, between the two steps: make it again, a few times.
  for (let attempt = 1; ; attempt++) {
    try {
      await createDirectories(root, join(path, '..'));
      if (replace) {
        await rename(temporary, path);
      } else {
        await link(temporary, path);
        // The object is in place; a second name that cannot be removed now is swept later.
        await unlink(temporary).catch(() => {});
      }
      return;
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR') {
        throw storageError('object-exists', 'a directory of the name is itself an object', { cause: error });
      }
      if (errnoOf(error) !== 'ENOENT' || attempt === 5) {
        throw error;
      }
    }
  }
}
