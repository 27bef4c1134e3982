import { open, rename, stat } from 'node:fs/promises';
import { errnoOf } from '../lib/errno.ts';

/** A server's log is read by people after a failure: some megabytes of it are enough, and one older file. */
const ROTATE_AT_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 8 * 1024;

/** Puts a log that has grown large aside as `<path>.1`. Only while no server writes to it. */
export async function rotateServerLog(path: string): Promise<void> {
  if ((await logSize(path)) > ROTATE_AT_BYTES) {
    await rename(path, `${path}.1`);
  }
}

export async function logSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      return 0;
    }
    throw error;
  }
}

/** The last lines that were written after byte `from`, at most `lines` of them. */
export async function readLogTail(path: string, from: number, lines = 8): Promise<string[]> {
  const size = await logSize(path);
  const start = Math.max(from, size - TAIL_BYTES);
  if (size <= start) {
    return [];
  }
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
  const text = buffer.subarray(0, bytesRead).toString('utf8');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-lines);
}
