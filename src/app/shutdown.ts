import process from 'node:process';

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once: whoever sends it twice means it. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (told) {
        process.exit(signal === 'SIGINT' ? 130 : 143);
      }
      told = true;
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
