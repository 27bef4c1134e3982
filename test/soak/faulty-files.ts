import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { watchFiles } from './file-operations.ts';

/**
 * What is to happen at one file operation of a service that was started with this file as `--import`. It reads the fault from the file that
 * `REDKEEP_SOAK_FAULT` names at each operation below the directory `REDKEEP_SOAK_FILES`, and tells in `<file>.told` when it has happened.
 */
export interface Fault {
  /** Another one begins to count anew. */
  readonly id: number;
  /** The job of an engine thread, or `main` for the main thread. */
  readonly thread: string;
  /** From 1; the fault happens instead of this operation. */
  readonly at: number;
  /** Kinds of operation that are counted; all by default. */
  readonly kinds?: readonly string[];
  readonly what: 'kill' | 'EIO' | 'ENOSPC';
}

const { REDKEEP_SOAK_FAULT: control = '', REDKEEP_SOAK_FILES: directory = '' } = process.env;
const thread = isMainThread ? 'main' : String((workerData as { job?: string } | null)?.job);
const MESSAGES = { EIO: 'i/o error', ENOSPC: 'no space left on device' };

function readFault(): Fault | undefined {
  try {
    return JSON.parse(readFileSync(control, 'utf8')) as Fault;
  } catch {
    return undefined;
  }
}

if (control !== '') {
  let counted = { id: 0, operations: 0 };
  watchFiles(directory, async (operation, perform) => {
    const fault = readFault();
    if (fault === undefined || fault.thread !== thread || (fault.kinds !== undefined && !fault.kinds.includes(operation.kind))) {
      return perform();
    }
    counted = { id: fault.id, operations: counted.id === fault.id ? counted.operations + 1 : 1 };
    if (counted.operations !== fault.at) {
      return perform();
    }
    writeFileSync(`${control}.told`, `${operation.kind} ${operation.path.slice(directory.length)}`);
    if (fault.what === 'kill') {
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    }
    throw Object.assign(new Error(`${fault.what}: ${MESSAGES[fault.what]}, ${operation.kind}`), { code: fault.what });
  });
}
