import files, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

/** One call of node:fs/promises that touches what lies below a directory. */
export type FileOperation =
  | { readonly kind: 'create' | 'unlink' | 'mkdir' | 'rmdir' | 'open' | 'read' | 'sync' | 'sync-directory'; readonly path: string }
  | { readonly kind: 'link' | 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Buffer; readonly position: number };

/** Stands around each operation: does it, does it not, notes it, or throws. */
export type AroundFileOperation = <T>(operation: FileOperation, perform: () => Promise<T>) => Promise<T>;

/**
 * From now on, each call of node:fs/promises by which the program changes or reads files below `directory` goes through `around`, wherever it
 * is made in this thread. Returns what ends that.
 */
export function watchFiles(directory: string, around: AroundFileOperation): () => void {
  const root = resolve(directory);
  const isWatched = (path: unknown): path is string => typeof path === 'string' && `${resolve(path)}/`.startsWith(`${root}/`);
  const { open, link, rename, unlink, mkdir, rmdir } = files;

  const replaced = {
    async open(path: string, flags: string | number = 'r', mode?: number) {
      if (!isWatched(path)) {
        return open(path, flags, mode);
      }
      const handle = await around({ kind: flags === 'wx' ? 'create' : 'open', path: resolve(path) }, () => open(path, flags, mode));
      return watchHandle(handle, resolve(path), around);
    },
    link: (path: string, to: string) =>
      isWatched(to) ? around({ kind: 'link', path: resolve(path), to: resolve(to) }, () => link(path, to)) : link(path, to),
    rename: (path: string, to: string) =>
      isWatched(to) ? around({ kind: 'rename', path: resolve(path), to: resolve(to) }, () => rename(path, to)) : rename(path, to),
    unlink: (path: string) => (isWatched(path) ? around({ kind: 'unlink', path: resolve(path) }, () => unlink(path)) : unlink(path)),
    mkdir: (path: string, options?: { mode?: number; recursive?: boolean }) =>
      isWatched(path) ? around({ kind: 'mkdir', path: resolve(path) }, () => mkdir(path, options)) : mkdir(path, options),
    rmdir: (path: string) => (isWatched(path) ? around({ kind: 'rmdir', path: resolve(path) }, () => rmdir(path)) : rmdir(path)),
  };
  Object.assign(files, replaced);
  syncBuiltinESMExports();
  return () => {
    Object.assign(files, { open, link, rename, unlink, mkdir, rmdir });
    syncBuiltinESMExports();
  };
}

async function watchHandle(handle: FileHandle, path: string, around: AroundFileOperation): Promise<FileHandle> {
  const isDirectory = (await handle.stat()).isDirectory();
  const { write, read, sync, datasync } = handle;
  const flush = (perform: () => Promise<void>) => around({ kind: isDirectory ? 'sync-directory' : 'sync', path }, perform);
  return Object.assign(handle, {
    write(bytes: Uint8Array, offset: number, length: number, position: number) {
      const copy = Buffer.from(bytes.subarray(offset, offset + length));
      return around({ kind: 'write', path, bytes: copy, position }, () => Reflect.apply(write, handle, [bytes, offset, length, position]));
    },
    read: (...args: unknown[]) => around({ kind: 'read', path }, () => Reflect.apply(read, handle, args)),
    sync: () => flush(() => sync.call(handle)),
    datasync: () => flush(() => datasync.call(handle)),
  });
}
