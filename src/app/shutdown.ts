import { constants } from 'node:os';
import process from 'node:process';

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP (the terminal was closed). A second one ends the process at once: whoever sends it twice
 * means it.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (told) {
        process.exit(128 + constants.signals[signal]);
      }
      told = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, onSignal);
    }
  });
}
