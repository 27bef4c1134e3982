import type { Catalog } from '../catalog/catalog.ts';
import { removeProofLeftovers } from '../engine/prove-backup.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { findServers } from '../managed/find-server.ts';
import { planProofs } from '../tasks/handlers/plan-proofs.ts';
import { createProveBackupHandler, type ProveBackupOptions } from '../tasks/handlers/prove-backup.ts';
import { repeat } from '../tasks/repeat.ts';
import type { TaskHandler } from '../tasks/task.ts';
import type { Config } from './config.ts';

/** A backup that nobody has asked a proof for is found within this time. */
const PLAN_INTERVAL_MS = 10 * 60_000;

/** Share of the memory that is available when a proof starts, over all proofs that may run at once. */
const MEMORY_SHARE = 0.5;

/**
 * Removes what the throw-away servers of a killed service left, and makes the handler of proofs. Under the lock of the data directory: nobody
 * else's proof runs in it.
 */
export async function openProofs(
  config: Config,
  site: Pick<ProveBackupOptions, 'catalog' | 'keyring' | 'onProof' | 'onAlarm'> & { readonly log: Logger },
): Promise<TaskHandler> {
  const { dataDir, proof, proofMemoryBytes, proofConcurrency } = config;
  const left = await removeProofLeftovers(dataDir.proofs);
  if (left > 0) {
    site.log.warn({ directories: left }, 'proofs.leftovers-removed');
  }
  return createProveBackupHandler({
    ...site,
    clock: systemClock,
    policy: proof,
    storageUrl: config.storageUrl,
    servers: findServers,
    workDirectory: dataDir.proofs,
    memoryBytes: () => proofMemoryBytes ?? Math.floor((process.availableMemory() * MEMORY_SHARE) / proofConcurrency),
    concurrency: proofConcurrency,
  });
}

/** Asks for the proofs that are due and that no backup has asked for, at the start and then every ten minutes. */
export function startProofPlan(
  config: Config,
  { catalog, log, wakeWorker }: { catalog: Catalog; log: Logger; wakeWorker: () => void },
): { stop(): Promise<void> } {
  return repeat({
    async look() {
      if ((await planProofs({ catalog, clock: systemClock, policy: config.proof })) > 0) {
        wakeWorker();
      }
    },
    intervalMs: PLAN_INTERVAL_MS,
    log,
    event: 'proofs.plan-failed',
  });
}
