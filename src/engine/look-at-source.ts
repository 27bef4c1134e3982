import { DomainError } from '../lib/errors.ts';
import { openReplicaSession } from '../redis/replica-session.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { readSourceInfo, type SourceInfo } from '../redis/source-info.ts';

/** Of what the source holds, must be left on its machine. Measured copies under heavy writes came to 39 %, with none to next to nothing. */
const LEAST_HEADROOM_SHARE = 0.1;

/**
 * Looks whether a source can be backed up, without starting a synchronisation: signs in, asks what it is, and shakes hands as a replica.
 * Throws the errors of both and of `requireStandalone`.
 */
export async function lookAtSource(address: SourceAddress, signal: AbortSignal): Promise<SourceInfo> {
  const info = await readSourceInfo(address, { signal });
  requireStandalone(info, address);
  await using _session = await openReplicaSession(address, { signal, rdbOnly: true });
  return info;
}

/** Throws `source-is-cluster`, since a backup of one node would pass for a whole, and `source-is-sentinel`. */
export function requireStandalone(info: SourceInfo, address: SourceAddress): void {
  if (info.mode === 'cluster') {
    throw new DomainError('source-is-cluster', `${formatAddress(address)} runs in cluster mode, which is not supported yet`, {
      hint: 'attach a standalone server: a backup of one node holds its own slots only and would pass for the whole',
    });
  }
  if (info.mode === 'sentinel') {
    throw new DomainError('source-is-sentinel', `${formatAddress(address)} is a Sentinel, which holds no data`, {
      hint: 'attach the master or a replica that it watches',
    });
  }
}

/**
 * Throws `source-memory-short` where copies of the pages that change during a backup's fork may take the source's machine to its end. Not
 * retryable: nobody need wait a quarter of an hour to hear of it.
 */
export function requireHeadroom(info: SourceInfo, address: SourceAddress): void {
  const { residentBytes, machineBytes } = info;
  if (residentBytes !== undefined && machineBytes !== undefined && machineBytes - residentBytes < residentBytes * LEAST_HEADROOM_SHARE) {
    const [used, machine] = [residentBytes, machineBytes].map((sizeBytes) => Math.round(sizeBytes / 1024 ** 2));
    const message = `${formatAddress(address)} holds ${used} of its machine's ${machine} MiB, and a backup makes it fork: the system may end it`;
    throw new DomainError('source-memory-short', message, {
      hint: 'give it a larger machine, back up a replica on another one, or serve with REDKEEP_MEMORY_CHECK=warn where it is hardly written to',
    });
  }
}
