import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What lives on the heap and in array buffers of this process after a full collection. */
export async function bytesInUse(): Promise<number> {
  // Two rounds: finalizers of the first, such as those that free what a socket held, run between them.
  for (let round = 0; round < 2; round++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export const MB = 1024 * 1024;
