import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `install` unless it has run to its end in `dir` for the same `stamp` before. Several test processes may ask at once: one
 * installs, the others wait for it.
 */
export async function installOnce(dir: string, stamp: string, install: () => Promise<void>): Promise<void> {
  const stampFile = join(dir, 'installed.txt');
  const isDone = async () => (await readFile(stampFile, 'utf8').catch(() => undefined)) === stamp;
  if (await isDone()) {
    return;
  }
  const lock = `${dir}.lock`;
  await mkdir(dirname(dir), { recursive: true });
  await takeLock(lock);
  try {
    if (!(await isDone())) {
      await mkdir(dir, { recursive: true });
      await install();
      await writeFile(stampFile, stamp);
    }
  } finally {
    await rm(lock, { force: true });
  }
}

/** The lock is a file that names its owner, so that one whose owner was killed is taken over. */
async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) {
      await rm(lock, { force: true });
    } else {
      await delay(200);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
