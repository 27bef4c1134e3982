import type { RestoreOptions, RestoreRequest, RestoreResult, SettleRequest, SettleResult } from './restore-types.ts';
import { runInThread, type ThreadOptions } from './run-in-thread.ts';

/** `runRestore` in a worker thread of its own. Where that died, the last mark is to be settled. */
export function restoreBackup(request: RestoreRequest, options: RestoreOptions & ThreadOptions): Promise<RestoreResult> {
  return runInThread('restore', request, options);
}

/** `runSettle` in a worker thread of its own. */
export function settleRestore(request: SettleRequest, options: RestoreOptions & ThreadOptions): Promise<SettleResult> {
  return runInThread('settle', request, options);
}
