import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runInThread, type ThreadOptions } from './run-in-thread.ts';
import type { ProofOptions, ProofRequest, ProofResult } from './run-proof.ts';
import { removeThrowaway } from './throwaway-server.ts';

export type { ProofProgress, ProofRequest, ProofResult, ProofServer } from './run-proof.ts';

const PREFIX = 'proof-';

/**
 * `runProof` in a worker thread of its own, with a directory under `workDirectory` that is gone when this settles, and the server in it,
 * also where the thread died.
 */
export async function proveBackup(
  { workDirectory, ...request }: Omit<ProofRequest, 'directory'> & { readonly workDirectory: string },
  options: ProofOptions & ThreadOptions,
): Promise<ProofResult> {
  const directory = join(workDirectory, PREFIX + randomBytes(8).toString('hex'));
  try {
    return await runInThread('proof', { ...request, directory }, options);
  } finally {
    await removeThrowaway(directory);
  }
}

/** Ends servers and removes directories that proofs of a killed process left in `workDirectory`. For its owner alone, before the first proof. */
export async function removeProofLeftovers(workDirectory: string): Promise<number> {
  const names = (await readdir(workDirectory).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    await removeThrowaway(join(workDirectory, name));
  }
  return names.length;
}
