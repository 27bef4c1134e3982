import { type DomainError, isDomainError } from '../lib/errors.ts';

/**
 * True where an error says that stored bytes of a backup are missing, are too few or do not authenticate. A store that fails to read, a key
 * that is wrong or was removed, and a format that is too new are none of it. A repository that is gone as a whole looks the same: whoever
 * blames the backup asks `requireDamage` of the engine first.
 */
export function isDamage(error: unknown): error is DomainError {
  return isDomainError(error, 'backup-damaged', 'manifest-missing');
}
