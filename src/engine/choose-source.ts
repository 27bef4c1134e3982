import { describeError, isDomainError } from '../lib/errors.ts';
import { type ReplicationInfo, readReplicationInfo } from '../redis/replication-info.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { readSourceInfo, type SourceInfo } from '../redis/source-info.ts';
import { requireHeadroom, requireStandalone } from './look-at-source.ts';
import type { BackupRequest } from './types.ts';

/** The server that a backup is read from. */
export interface ChosenSource {
  readonly address: SourceAddress;
  readonly info: SourceInfo;
  /** True where it is another server than the one that was named. */
  readonly isReplica: boolean;
  /** Which server it is and why, one sentence each; none where nothing was to be chosen. */
  readonly report: readonly string[];
}

/** One that does not answer is not worth waiting for: its master is there. */
const LOOK_TIMEOUT_MS = 3_000;
const MOST_CANDIDATES = 3;
/** A replica acknowledges each second, and hears a ping every ten; what is further behind is not what the operator takes for the data. */
const MOST_LAG_SECONDS = 15;

/**
 * Looks at the server that was named and, where a replica is preferred and it is a master, at its replicas: the one that has most is read
 * instead, if it surely holds the same history, is up to date, may not be written to by others, is of the same version and has memory to
 * fork. Throws what makes the named server no source; what speaks against a replica is told in the report.
 */
export async function chooseSource(
  { source, preferReplica = false, memoryCheck }: Pick<BackupRequest, 'source' | 'preferReplica' | 'memoryCheck'>,
  signal: AbortSignal,
): Promise<ChosenSource> {
  const info = await readSourceInfo(source, { signal });
  requireStandalone(info, source);
  const report: string[] = [];
  if (preferReplica && info.role !== 'replica') {
    const master = await readReplicationInfo(source, { signal });
    if (master === undefined) {
      report.push('replicas of the source are not known: its user lacks +info');
    }
    for (const address of listCandidates(master, source)) {
      const looked = await lookAtReplica(address, { master, info, memoryCheck, signal });
      if (typeof looked !== 'string') {
        return { address, info: looked.info, isReplica: true, report: [...report, looked.sentence] };
      }
      report.push(`the replica ${formatAddress(address)} was not read: ${looked}`);
    }
    report.push(`no replica could be read, but ${formatAddress(source)}, which was named`);
  }
  if (memoryCheck === 'refuse') {
    requireHeadroom(info, source);
  }
  return { address: source, info, isReplica: false, report };
}

/** The same user, password and certificates at the replicas' addresses, those that have most first. */
function listCandidates(master: ReplicationInfo | undefined, source: SourceAddress): SourceAddress[] {
  return (master?.replicas ?? [])
    .filter(({ isOnline, lagSeconds }) => isOnline && lagSeconds <= MOST_LAG_SECONDS)
    .toSorted((a, b) => b.offset - a.offset)
    .slice(0, MOST_CANDIDATES)
    .map(({ host, port }) => ({ ...source, host, port }));
}

interface Wanted {
  readonly master: ReplicationInfo | undefined;
  readonly info: SourceInfo;
  readonly memoryCheck: BackupRequest['memoryCheck'];
  readonly signal: AbortSignal;
}

/** What it is, or half a sentence on why it is not to be read. */
async function lookAtReplica(
  address: SourceAddress,
  { master, info: named, memoryCheck, signal }: Wanted,
): Promise<{ info: SourceInfo; sentence: string } | string> {
  const limits = { signal, timeoutMs: LOOK_TIMEOUT_MS };
  try {
    const replica = await readReplicationInfo(address, limits);
    const reason = replica === undefined ? 'its user lacks +info' : findFault(replica, master);
    if (replica === undefined || reason !== undefined) {
      return reason ?? '';
    }
    const info = await readSourceInfo(address, limits);
    requireStandalone(info, address);
    if (info.serverKind !== named.serverKind || info.serverVersion !== named.serverVersion) {
      return `it is ${info.serverKind} ${info.serverVersion}, its master ${named.serverKind} ${named.serverVersion}`;
    }
    if (memoryCheck === 'refuse') {
      requireHeadroom(info, address);
    }
    const behind = Math.max(0, (master?.offset ?? 0) - replica.offset);
    const sentence = `read from the replica ${formatAddress(address)}, at offset ${replica.offset}, ${behind} bytes behind its master when looked at`;
    return { info, sentence };
  } catch (error) {
    if (signal.aborted || !isDomainError(error)) {
      throw error;
    }
    return describeError(error);
  }
}

/** The address that a replica announces may be that of any other server, so that its history must be that of the master. */
function findFault(replica: ReplicationInfo, master: ReplicationInfo | undefined): string | undefined {
  if (replica.role !== 'replica' || replica.replicationId === '' || replica.replicationId !== master?.replicationId) {
    return 'who answers there is no replica of that master';
  }
  if (!replica.isLinkUp) {
    return 'its link to the master is down, or it has not all data yet';
  }
  if (replica.silentSeconds > MOST_LAG_SECONDS) {
    return `it has not heard its master for ${replica.silentSeconds} s`;
  }
  return replica.isWritable ? 'it may be written to (replica-read-only no)' : undefined;
}
