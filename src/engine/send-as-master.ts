import { createHash } from 'node:crypto';
import { DomainError } from '../lib/errors.ts';
import { releaseMemory } from '../lib/release-memory.ts';
import type { AdminClient } from '../redis/admin-client.ts';
import { type MasterSession, type MasterSessionOptions, openMasterSession } from '../redis/master-session.ts';
import { resolveAddresses } from '../redis/resolve-addresses.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { withPatience, withTarget } from '../redis/target-client.ts';
import { readTargetState } from '../redis/target-state.ts';
import type { AttemptReader } from '../repository/attempt-reader.ts';
import { backupDamaged } from '../repository/format.ts';
import type { KeyCounts, StoredShard } from '../repository/types.ts';
import { requireSameRun } from './end-replication.ts';

/** How a target reaches this process while it is its master. */
export interface ReplicationEndpoint {
  /** The address to listen on. */
  readonly listen: string;
  /** The host that the target is told; that of `listen` where absent. */
  readonly advertise?: string;
  /** PEM texts for targets with `tls-replication yes`. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

export interface SendOptions {
  readonly reader: AttemptReader;
  readonly target: SourceAddress;
  /** The run of the target that was looked at: another one is told nothing. Absent for a server that is ours alone. */
  readonly runId?: string;
  readonly endpoint: ReplicationEndpoint;
  readonly useTls: boolean;
  /** Let the target load while it receives; for one that holds nothing, since a transfer that is cut then leaves nothing. */
  readonly loadsAtOnce: boolean;
  readonly signal?: AbortSignal;
  readonly onSent: (sentBytes: number) => void;
  /** Awaited before the target's settings are changed, and before it is told to be a replica. */
  readonly before?: (step: 'set-credentials' | 'replicate', session: MasterSession, port: number) => Promise<void>;
  /** Called when the target follows us, that is before any data is sent. */
  readonly onFollowing?: () => Promise<void>;
}

/** A target that has not come by then will not: it connects within a second of being told. */
const CONNECT_TIMEOUT_MS = 10_000;
/** One that has just loaded everything may be busy, or have no connection left, for a moment. */
const LOOK_PATIENCE_MS = 30_000;

/**
 * Makes the target load a backup, as its master; every frame is authenticated as it is read. Every stored byte must have been
 * authenticated before, since the target dies of a wrong RDB. When this resolves, the target holds exactly the backup and is still our replica; when it
 * throws, the state of the target is for the caller to find out and to settle. Throws `target-did-not-connect` before any byte was sent, and
 * `target-restarted` before the target was told to be a replica.
 */
export async function sendAsMaster(options: SendOptions): Promise<void> {
  const { reader, target, endpoint, signal, before } = options;
  const [shard] = reader.manifest.shards;
  if (shard === undefined || reader.manifest.shards.length !== 1) {
    throw new DomainError(
      'backup-has-many-shards',
      `backup ${reader.manifest.backupId} has ${reader.manifest.shards.length} shards, not one`,
    );
  }
  const sessionOptions: MasterSessionOptions = {
    host: endpoint.listen,
    targetAddresses: await resolveAddresses(target.host),
    replicationOffset: shard.replicationOffset,
    ...(options.useTls && endpoint.tls !== undefined ? { tls: endpoint.tls } : {}),
    ...(signal === undefined ? {} : { signal }),
  };
  await using session = await openMasterSession(sessionOptions);
  await before?.('set-credentials', session, session.port);
  const tell = (work: (client: AdminClient) => Promise<unknown>) =>
    withTarget(target, signal, async (client) => {
      if (options.runId !== undefined) {
        requireSameRun(target, options.runId, await readTargetState(client));
      }
      await work(client);
    });
  await tell(async (client) => {
    await client.command('CONFIG', 'SET', 'masterauth', session.password);
    if (options.loadsAtOnce) {
      await client.command('CONFIG', 'SET', 'repl-diskless-load', 'on-empty-db');
    }
  });
  await before?.('replicate', session, session.port);
  await tell((client) => client.command('REPLICAOF', endpoint.advertise ?? endpoint.listen, String(session.port)));
  await session.waitForTarget(CONNECT_TIMEOUT_MS);
  await options.onFollowing?.();
  await session.sendRdb(readPlain(options, shard));
  await session.waitForLoad();
  const state = await withPatience(target, { patienceMs: LOOK_PATIENCE_MS, signal }, readTargetState);
  requireSameCounts(state.databases, shard.keys, target);
}

/** Throws before it ends, and so before the mark is sent, where the whole is not what the manifest says: the target then keeps its old data. */
async function* readPlain({ reader, onSent, signal }: SendOptions, { tagsSha256, sizeBytes }: StoredShard): AsyncGenerator<Buffer> {
  // A tag vouches for its frame, and costs the target less time than a second sum over the plaintext would.
  const tags = createHash('sha256');
  let sentBytes = 0;
  for await (const { plain, tag } of reader.decodedFrames(0, signal === undefined ? {} : { signal })) {
    yield plain;
    tags.update(tag);
    sentBytes += plain.length;
    onSent(sentBytes);
    // Sent when the next one is asked for; not where the sending failed and the socket may still read it.
    releaseMemory(plain);
  }
  if (sentBytes !== sizeBytes || tags.digest('hex') !== tagsSha256) {
    throw backupDamaged(`shard 0 of ${reader.manifest.backupId}`, 'its length or tags are not those in the manifest');
  }
}

/** A replica removes no key by itself, so that the counts are those of the backup to the last key. */
function requireSameCounts(databases: KeyCounts['byDatabase'], expected: KeyCounts, target: SourceAddress): void {
  if (!expected.complete) {
    return;
  }
  const describe = (counts: KeyCounts['byDatabase']) =>
    Object.entries(counts)
      .map(([database, { keys, withExpiry }]) => `db${database}: ${keys} keys, ${withExpiry} with expiry`)
      .sort()
      .join('; ') || 'no keys';
  const [found, wanted] = [describe(databases), describe(expected.byDatabase)];
  if (found !== wanted) {
    throw new DomainError('restored-data-differs', `${formatAddress(target)} loaded ${found}, the backup holds ${wanted}`);
  }
}
