import { runInThread, type ThreadOptions } from './run-in-thread.ts';
import type { ScrubOptions, ScrubRequest, ScrubResult } from './run-scrub.ts';

export type { ScrubRequest, ScrubResult } from './run-scrub.ts';

/** `runScrub` in a worker thread of its own. */
export function scrubBackup(request: ScrubRequest, options: ScrubOptions & ThreadOptions): Promise<ScrubResult> {
  return runInThread('scrub', request, options);
}
