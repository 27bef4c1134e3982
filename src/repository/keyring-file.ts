import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../lib/errno.ts';
import { DomainError } from '../lib/errors.ts';
import { syncDirectory } from '../lib/sync-directory.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';
import { createKeyring, importKeyring, type Keyring, keyringFromText } from './keyring.ts';

/** A keyring of a thousand keys is smaller. */
const MAX_KEYRING_BYTES = 256 * 1024;

/**
 * Reads the keyring at `path`. Throws `master-key-missing` where there is no file, `master-key-unreadable` where it is damaged, cannot be
 * read, or may be read by others than its owner.
 */
export async function loadKeyringFile(path: string): Promise<Keyring> {
  return importKeyring(await readPrivateText(path));
}

/**
 * Writes the keyring, mode 0600, durable when it resolves: only then may anything be sealed under its active key. Throws
 * `master-key-exists` where the file exists, unless `replace` is true; a crash leaves the old file or the new one.
 */
export async function saveKeyringFile(path: string, keyring: Keyring, options: { replace?: boolean } = {}): Promise<void> {
  if (options.replace === true) {
    await writeFileDurably(path, keyring.export(), 0o600);
    return;
  }
  const fresh = `${path}.${randomBytes(6).toString('hex')}.new`;
  await writeFileDurably(fresh, keyring.export(), 0o600);
  try {
    // A link, because a rename would silently take the place of a key that backups depend on.
    await link(fresh, path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      throw new DomainError('master-key-exists', `a keyring exists already at ${path}`, { cause: error });
    }
    throw error;
  } finally {
    await unlink(fresh);
  }
  await syncDirectory(dirname(path));
}

export interface KeyringPlace {
  /** What `REDKEEP_MASTER_KEY` holds; the file is not looked at where it is given. */
  readonly text: string | undefined;
  readonly path: string;
  /** Asked only where there is no key at all: true where repository **and** catalog are empty, so that nothing can be lost with an old key. */
  readonly isFresh: () => Promise<boolean>;
}

/**
 * The keyring that this service runs on: from the environment, else from the file, else, on a fresh service alone, a new one, which is
 * durable in the file when this resolves (`created` is true then). Throws `master-key-missing` where there is none and something sealed
 * may exist, since a new key would hide the loss of the old one.
 */
export async function openKeyring(place: KeyringPlace): Promise<{ keyring: Keyring; created: boolean }> {
  if (place.text !== undefined) {
    return { keyring: keyringFromText(place.text), created: false };
  }
  try {
    return { keyring: await loadKeyringFile(place.path), created: false };
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'master-key-missing' && (await place.isFresh()))) {
      throw error;
    }
  }
  const keyring = createKeyring();
  await saveKeyringFile(place.path, keyring);
  return { keyring, created: true };
}

async function readPrivateText(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if ((mode & 0o077) !== 0) {
        const shown = (mode & 0o777).toString(8).padStart(4, '0');
        throw new DomainError('master-key-unreadable', `${path} has mode ${shown}: others than its owner may use it`, {
          hint: `chmod 600 ${path}; whoever has read it can open every backup that is sealed under it`,
        });
      }
      if (size > MAX_KEYRING_BYTES) {
        throw new DomainError('master-key-unreadable', `${path} has ${size} bytes, a keyring has at most ${MAX_KEYRING_BYTES}`);
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof DomainError) {
      throw error;
    }
    if (errnoOf(error) === 'ENOENT') {
      throw new DomainError('master-key-missing', `there is no master key at ${path}`, {
        hint: 'bring back that file from a copy, or set REDKEEP_MASTER_KEY',
        cause: error,
      });
    }
    throw new DomainError('master-key-unreadable', `${path} cannot be read: ${errnoOf(error)}`, { cause: error });
  }
}
