import { DomainError } from '../lib/errors.ts';
import { openReplicaSession } from '../redis/replica-session.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { readSourceInfo, type SourceInfo } from '../redis/source-info.ts';

/**
 * Looks whether a source can be backed up, without starting a synchronisation: signs in, asks what it is, and shakes hands as a replica.
 * Throws the errors of both, and `source-is-cluster`.
 */
export async function lookAtSource(address: SourceAddress, signal: AbortSignal): Promise<SourceInfo> {
  const info = await readSourceInfo(address, { signal });
  requireStandalone(info, address);
  await using _session = await openReplicaSession(address, { signal, rdbOnly: true });
  return info;
}

/** A cluster's data lies on several servers: a backup of one of them would pass for a whole. */
export function requireStandalone(info: SourceInfo, address: SourceAddress): void {
  if (info.clusterEnabled) {
    throw new DomainError('source-is-cluster', `${formatAddress(address)} runs in cluster mode, which is not supported yet`);
  }
}
