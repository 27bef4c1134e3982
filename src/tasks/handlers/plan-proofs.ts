import type { Catalog } from '../../catalog/catalog.ts';
import { ensureProofTask } from '../../catalog/proof-task.ts';
import type { Clock } from '../../lib/clock.ts';
import type { ProofPolicy } from './prove-backup.ts';

/** The rest waits for the next plan: a proof by hand comes after those that are asked for already. */
const MOST_AT_ONCE = 20;

/**
 * Asks for the proofs that the policy wants and nobody has made: of backups from before the policy, and those whose proof found no storage. May
 * run at any time and any number of times. Returns how many are under way now.
 */
export async function planProofs({ catalog, clock, policy }: { catalog: Catalog; clock: Clock; policy: ProofPolicy }): Promise<number> {
  if (policy === 'none') {
    return 0;
  }
  const wanted = await catalog.lifecycle.unproven({ newestOnly: policy === 'newest', limit: MOST_AT_ONCE, at: clock.now() });
  for (const backup of wanted) {
    await catalog.transaction((tables) => ensureProofTask(tables, backup, { byHand: false, at: clock.now() }));
  }
  return wanted.length;
}
