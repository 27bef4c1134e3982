import { existsSync, readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Nice values: behind the event loop of the API, and behind everything else of the machine. */
export const BEHIND_EVENT_LOOP = 10;
export const BEHIND_ALL = 19;

/**
 * Gives the calling thread a lower priority for the processor. On Linux alone a thread has one of its own (man sched, "The nice value");
 * elsewhere, and where /proc is not mounted, nothing happens, since it would be that of the whole process.
 */
export function lowerThreadPriority(nice: number): void {
  if (process.platform === 'linux' && existsSync('/proc/thread-self')) {
    // `<pid>/task/<tid>`
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, nice);
  }
}
