import type { Manifest } from '../repository/types.ts';
import { runInThread, type ThreadOptions } from './run-in-thread.ts';
import type { BackupOptions, BackupRequest } from './types.ts';

/** `runBackup` in a worker thread of its own; what a thread that died had stored is for the sweep. */
export function takeBackup(request: BackupRequest, options: BackupOptions & ThreadOptions): Promise<Manifest> {
  return runInThread('backup', request, options);
}
