import { errnoOf } from '../../lib/errno.ts';
import type { DomainError } from '../../lib/errors.ts';
import { storageError } from '../object-storage.ts';

/** Conditions of the machine that pass by themselves. */
const PASSING = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * True where there is no object: nothing of that name, a directory in its place, a file in the place of its directory, or a symbolic link,
 * which this driver never makes and never follows.
 */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(errnoOf(error));
}

/** Turns what node:fs threw while `doing` something to `name` into the storage error that the contract names. */
export function toStorageError(error: unknown, doing: string, name: string): DomainError {
  const errno = errnoOf(error);
  switch (errno) {
    case 'EEXIST':
      return storageError('object-exists', `object ${name} exists already`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return storageError('storage-full', `no room left in the storage while ${doing} ${name}`, { cause: error });
    default: {
      const reason = errno === '' ? String(error) : errno;
      return storageError('storage-unavailable', `${reason} while ${doing} ${name}`, { retryable: PASSING.has(errno), cause: error });
    }
  }
}
