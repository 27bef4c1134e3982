import { normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../lib/errors.ts';
import { createFileStorage } from './drivers/file.ts';
import { createMemoryStorage } from './drivers/memory.ts';
import type { ObjectStorage } from './object-storage.ts';

/** Every driver by the scheme of its URLs, with the form that an error shows. A driver with dependencies is imported by its function. */
const DRIVERS: ReadonlyMap<string, { readonly form: string; readonly open: (url: string) => Promise<ObjectStorage> }> = new Map([
  ['file', { form: 'file:///absolute/directory', open: async (url: string) => createFileStorage(parseFileUrl(url)) }],
  ['memory', { form: 'memory:', open: openMemory }],
]);

/**
 * Opens the object storage that `url` names. Makes, changes and removes nothing, so it is safe beside a running service. Throws
 * `storage-unsupported` for an unknown scheme and `storage-url-invalid` for a URL that its driver cannot read.
 */
export async function openStorage(url: string): Promise<ObjectStorage> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  const driver = scheme === undefined ? undefined : DRIVERS.get(scheme);
  if (driver === undefined) {
    const forms = [...DRIVERS.values()].map(({ form }) => form).join(', ');
    // Only the scheme is shown: the rest of a URL may hold a key.
    throw new DomainError(
      'storage-unsupported',
      `storage URL with ${scheme === undefined ? 'no scheme' : `scheme ${scheme}`} is not supported`,
      {
        hint: `use one of ${forms}`,
      },
    );
  }
  return driver.open(url);
}

/**
 * The directory of a `file:` URL. Only `file:///absolute/directory` passes: the URL parser would quietly turn `file:data` into `/data` and
 * `file://data/x` into a host, and resolve `..`.
 */
function parseFileUrl(url: string): string {
  const written = url.slice('file://'.length);
  if (!/^file:\/\/\/[^/]/i.test(url) || /[?#\\]/.test(url)) {
    throw invalidFileUrl(url);
  }
  let path: string;
  let decoded: string;
  try {
    path = fileURLToPath(url);
    decoded = decodeURIComponent(written);
  } catch {
    throw invalidFileUrl(url);
  }
  if (path !== decoded || path !== normalize(path) || path.includes('\0')) {
    throw invalidFileUrl(url);
  }
  return path;
}

function invalidFileUrl(url: string): DomainError {
  return new DomainError('storage-url-invalid', `storage URL ${JSON.stringify(url)} does not name an absolute directory`, {
    hint: 'write file:///absolute/directory, without .., ? or #',
  });
}

async function openMemory(url: string): Promise<ObjectStorage> {
  if (url !== 'memory:') {
    throw new DomainError('storage-url-invalid', 'a memory storage has no name: its URL is memory:');
  }
  return createMemoryStorage();
}
