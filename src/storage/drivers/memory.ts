import { assertObjectName, assertObjectPrefix } from '../../lib/secure-path.ts';
import { type ObjectStorage, type ObjectWriter, storageError } from '../object-storage.ts';

/**
 * Objects in this process's memory: the reference of the contract, for tests. Each call makes a separate, empty store. Not durable, and
 * `features` says so.
 */
export function createMemoryStorage(): ObjectStorage {
  const objects = new Map<string, Buffer>();

  function store(name: string, bytes: Buffer, replace: boolean): void {
    if (!replace && objects.has(name)) {
      throw alreadyExists(name);
    }
    objects.set(name, bytes);
  }

  return {
    features: { durable: false, maxObjectBytes: 2 ** 31 },
    url: 'memory:',

    async create(name, { signal } = {}) {
      assertObjectName(name);
      signal?.throwIfAborted();
      if (objects.has(name)) {
        throw alreadyExists(name);
      }
      return createMemoryWriter((bytes) => store(name, bytes, false), signal);
    },

    async put(name, bytes, { signal, replace = false } = {}) {
      assertObjectName(name);
      signal?.throwIfAborted();
      store(name, Buffer.from(bytes), replace);
    },

    async read(name, { signal, offset = 0, length } = {}) {
      assertObjectName(name);
      signal?.throwIfAborted();
      const bytes = objects.get(name);
      if (bytes === undefined) {
        throw storageError('object-not-found', `object ${name} does not exist`);
      }
      const end = offset + (length ?? Math.max(0, bytes.length - offset));
      if (end > bytes.length) {
        throw storageError('object-truncated', `object ${name} has ${bytes.length} bytes, bytes ${offset} to ${end} were asked for`);
      }
      return Buffer.from(bytes.subarray(offset, end));
    },

    async stat(name, { signal } = {}) {
      assertObjectName(name);
      signal?.throwIfAborted();
      const bytes = objects.get(name);
      return bytes === undefined ? undefined : { sizeBytes: bytes.length };
    },

    async *list(prefix, { signal } = {}) {
      assertObjectPrefix(prefix);
      for (const name of [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()) {
        signal?.throwIfAborted();
        const bytes = objects.get(name);
        if (bytes !== undefined) {
          yield { name, sizeBytes: bytes.length };
        }
      }
    },

    async delete(name, { signal } = {}) {
      assertObjectName(name);
      signal?.throwIfAborted();
      objects.delete(name);
    },

    async sweepUnfinished() {
      // An unfinished object lives in its writer alone and goes with it.
      return { objects: 0, sizeBytes: 0 };
    },
  };
}

function createMemoryWriter(store: (bytes: Buffer) => void, signal: AbortSignal | undefined): ObjectWriter {
  let chunks: Buffer[] | undefined = [];

  function usableChunks(): Buffer[] {
    signal?.throwIfAborted();
    if (chunks === undefined) {
      throw new Error('the object writer is closed');
    }
    return chunks;
  }

  return {
    async append(bytes) {
      usableChunks().push(Buffer.from(bytes));
    },
    async finish() {
      const bytes = Buffer.concat(usableChunks());
      chunks = undefined;
      store(bytes);
    },
    async abort() {
      chunks = undefined;
    },
  };
}

function alreadyExists(name: string): Error {
  return storageError('object-exists', `object ${name} exists already`);
}
