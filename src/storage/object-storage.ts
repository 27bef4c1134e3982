import { DomainError } from '../lib/errors.ts';

/**
 * Named immutable objects. Names are `/`-separated relative paths of `[A-Za-z0-9._-]` segments that begin with a letter, a digit or `_`
 * (`lib/secure-path.ts`); any other name is `object-name-invalid`. No name is also the directory of another one.
 *
 * Every driver raises only the errors below, passes `test/contract/object-storage.suite.ts`, and states its differences as data in
 * `features`; callers never ask which driver they hold.
 */
export interface ObjectStorage {
  readonly features: StorageFeatures;
  /** The URL that the driver was made from, without a secret. */
  readonly url: string;

  /**
   * Starts a new object that is filled by appending. It becomes visible under `name` only when `finish` resolves, and is durable then.
   * Throws `object-exists` (at the latest in `finish`) where the name is taken: nothing is ever overwritten by this call.
   */
  create(name: string, options?: StorageOptions): Promise<ObjectWriter>;

  /**
   * Stores a small object in one step, durable when it resolves; a crash leaves the old object or the new one, never a part. Throws
   * `object-exists` where the name is taken, unless `replace` is true.
   */
  put(name: string, bytes: Uint8Array, options?: StorageOptions & { replace?: boolean }): Promise<void>;

  /**
   * Reads `length` bytes from `offset` (the whole object where neither is given). Throws `object-not-found`, and `object-truncated`
   * where the object ends early; never returns fewer bytes than asked for. The buffer is the caller's own: a driver keeps no view of it.
   */
  read(name: string, options?: StorageOptions & { offset?: number; length?: number }): Promise<Buffer>;

  /** Size of an object, or undefined where there is none. */
  stat(name: string, options?: StorageOptions): Promise<{ sizeBytes: number } | undefined>;

  /** Every finished object whose name starts with `prefix`, in byte order of the name. */
  list(prefix: string, options?: StorageOptions): AsyncIterable<{ name: string; sizeBytes: number }>;

  /** Removes an object, durable when it resolves. An absent object is success. */
  delete(name: string, options?: StorageOptions): Promise<void>;

  /**
   * Throws away what writers that died left behind: unfinished objects to which nothing was appended for `olderThanMs`. Opening a store
   * removes nothing, so that a reader may open it beside a running service; the owner calls this when it starts.
   */
  sweepUnfinished(olderThanMs: number, options?: StorageOptions): Promise<{ objects: number; sizeBytes: number }>;
}

export interface StorageOptions {
  signal?: AbortSignal;
}

/** One object in the making. The signal that `create` was given holds for all of it: once aborted, every call but `abort` throws its reason. */
export interface ObjectWriter {
  /**
   * Appends bytes. The driver may keep `bytes` only until the promise resolves. Appends are awaited one after the other. A failed append
   * is final: nothing but `abort` works afterwards.
   */
  append(bytes: Uint8Array): Promise<void>;
  /** Makes the object durable and visible, or throws and leaves nothing under the name. */
  finish(): Promise<void>;
  /** Throws the unfinished object away; safe to call at any time, also after a failed `finish`. */
  abort(): Promise<void>;
}

export interface StorageFeatures {
  /** False: bytes are gone when the process ends; refuse to call a backup stored. */
  readonly durable: boolean;
  /** Largest object in bytes; the repository starts another data object before it is reached. */
  readonly maxObjectBytes: number;
}

export type StorageErrorCode =
  /** The name breaks the rules of names. */
  | 'object-name-invalid'
  /** No object of that name. */
  | 'object-not-found'
  /** The name is taken. */
  | 'object-exists'
  /** The object ends before the range that was asked for. */
  | 'object-truncated'
  /** The store has no room (ENOSPC, EDQUOT). */
  | 'storage-full'
  /** The store cannot be reached or failed; `retryable` tells whether another try makes sense. */
  | 'storage-unavailable';

export function storageError(code: StorageErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}): DomainError {
  return new DomainError(code, message, options);
}
