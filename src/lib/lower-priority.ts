import { existsSync, readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Gives the calling thread the lowest priority for the processor (nice 19). On Linux alone a thread has one of its own (man sched, "The nice
 * value"); elsewhere, and where /proc is not mounted, nothing happens, since it would be that of the whole process.
 */
export function lowerThreadPriority(): void {
  if (process.platform === 'linux' && existsSync('/proc/thread-self')) {
    // `<pid>/task/<tid>`
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, 19);
  }
}
