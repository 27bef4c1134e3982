import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError, describeError } from '../../lib/errors.ts';

/**
 * Makes an empty file with mode 0600, durable in its directory, unless there is one. SQLite gives its `-wal` and `-shm` files the mode
 * of the database, so that this decides for all three.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return;
    }
    throw new DomainError('catalog-unavailable', `${path} cannot be created: ${describeError(error)}`, {
      cause: error,
      hint: 'create its directory and let this user write there',
    });
  }
}
