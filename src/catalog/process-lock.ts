import { DomainError, isDomainError } from '../lib/errors.ts';
import { createPrivateFile } from './dialects/private-file.ts';
import { openSqlite, type SqliteConnection } from './dialects/sqlite-connection.ts';

export interface ProcessLock {
  release(): void;
}

/** Keeps held connections from the garbage collector, which would close them and so give the lock back. */
const held = new Set<SqliteConnection>();

/**
 * Takes the lock file `path` (made where it is missing) for this process until it releases it or ends in whatever way: the kernel holds
 * it. Throws `data-dir-in-use` while another holder lives. The file belongs to the lock alone: POSIX gives up a process's locks on a file
 * as soon as any descriptor of it is closed (sqlite.org/howtocorrupt.html section 2.2), so nothing else may open it.
 */
export function acquireProcessLock(path: string): ProcessLock {
  createPrivateFile(path);
  const connection = openSqlite(path, { readOnly: false, busyTimeoutMs: 0 });
  try {
    // A journal in memory: the lock must be had on a full disk too.
    connection.exec('pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    connection.close();
    if (isDomainError(error, 'catalog-unavailable') && error.retryable) {
      throw new DomainError('data-dir-in-use', `${path} is locked by a running Redkeep`, {
        cause: error,
        hint: 'stop that process, or give this one a data directory of its own',
      });
    }
    throw error;
  }
  held.add(connection);
  return {
    release() {
      held.delete(connection);
      connection.close();
    },
  };
}
