import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { errnoOf } from '../lib/errno.ts';

/**
 * Which process a pid meant when it was written down. A pid alone is reused; with its start time and the boot that the start time counts
 * from it is not. Both texts are empty on a system without /proc, where a recorded pid can be found gone but never proven to be ours.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/<pid>/stat (man proc_pid_stat). */
  readonly startTicks: string;
  readonly bootId: string;
}

/** gone: it ended, or its pid means another process now. unverifiable: something has that pid and nothing tells what. */
export type ProcessState = 'running' | 'gone' | 'unverifiable';

const HAS_PROC = existsSync('/proc/self/stat');

/** The identity of a process that runs now, undefined where there is none (a zombie counts as none: it will never run again). */
export async function readIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  if (!HAS_PROC) {
    return isPidTaken(pid) ? { pid, startTicks: '', bootId: '' } : undefined;
  }
  const stat = await readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) {
    return undefined;
  }
  // The second field is the name in parentheses and may hold spaces and parentheses itself: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === undefined || startTicks === undefined || state === 'Z' || state === 'X') {
    return undefined;
  }
  return { pid, startTicks, bootId: ((await readOrUndefined('/proc/sys/kernel/random/boot_id')) ?? '').trim() };
}

/** Whether the process that was written down is the one that has its pid now. */
export async function checkIdentity(recorded: ProcessIdentity): Promise<ProcessState> {
  const now = await readIdentity(recorded.pid);
  if (now === undefined) {
    return 'gone';
  }
  if (now.startTicks === '') {
    return 'unverifiable';
  }
  return now.startTicks === recorded.startTicks && now.bootId === recorded.bootId ? 'running' : 'gone';
}

/** Sends `signal` to exactly that process. A process that is gone, or cannot be verified, is left alone: false. */
export async function signalProcess(recorded: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
  if ((await checkIdentity(recorded)) !== 'running') {
    return false;
  }
  try {
    process.kill(recorded.pid, signal);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') {
      return false;
    }
    throw error;
  }
}

/**
 * Servers that work in `directory` now, by their name and working directory, whether anybody wrote them down or not: one that was started
 * just before a crash of the service, or a fork child that outlived its parent. Undefined where there is no /proc to tell.
 */
export async function findServersIn(directory: string): Promise<number[] | undefined> {
  if (!HAS_PROC) {
    return undefined;
  }
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name) || (await workingDirectory(name)) !== directory) {
      continue;
    }
    const command = await readOrUndefined(`/proc/${name}/comm`);
    if (command !== undefined && /^(redis|valkey)-/.test(command) && (await readIdentity(Number(name))) !== undefined) {
      found.push(Number(name));
    }
  }
  return found;
}

async function workingDirectory(pid: string): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch {
    // Ended meanwhile, or another user's: not a server of ours either way.
    return undefined;
  }
}

function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
