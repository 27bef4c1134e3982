import { describeError, isDomainError } from '../lib/errors.ts';
import { snapshotObject } from '../repository/format.ts';
import type { Repository } from '../repository/repository.ts';
import type { Report } from './check.ts';

/** Reads every catalog snapshot whole. */
export async function checkSnapshots({ snapshots }: Repository, report: Report): Promise<void> {
  for (const { number } of await snapshots.list()) {
    try {
      for await (const _piece of (await snapshots.open(number)).plain()) {
        // Reading it authenticates it.
      }
    } catch (error) {
      // A service beside may have removed it since it was listed.
      const isGone = isDomainError(error, 'object-not-found') && !(await snapshots.list()).some((other) => other.number === number);
      if (!isGone) {
        report(snapshotObject(number), `this snapshot of the catalog cannot be read: ${describeError(error)}`);
      }
    }
  }
}
