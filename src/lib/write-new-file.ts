import { open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';
import { DomainError } from './errors.ts';
import { syncDirectory } from './sync-directory.ts';

/** Writes a file that must not exist yet, mode 0600, durable when it resolves. Throws `file-exists`; nothing is left where it throws. */
export async function writeNewFile(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if (errnoOf(error) === 'EEXIST') {
      throw new DomainError('file-exists', `${path} exists already and is not overwritten`, { hint: 'name another file', cause: error });
    }
    throw new DomainError('file-unwritable', `${path} cannot be written: ${errnoOf(error)}`, { cause: error });
  });
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}
