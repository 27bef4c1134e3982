import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import { withTarget } from '../redis/target-client.ts';
import { countFunctions } from '../redis/target-state.ts';
import type { AttemptReader } from '../repository/attempt-reader.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository } from '../repository/repository.ts';
import type { AttemptRef, StoredShard } from '../repository/types.ts';
import { openStorage } from '../storage/registry.ts';
import { readsRdb } from './check-target.ts';
import { requireDamage } from './require-damage.ts';
import { sendAsMaster } from './send-as-master.ts';
import { startThrowawayServer, type ThrowawayServer } from './throwaway-server.ts';

/** A server that is installed here and may be started for a proof. */
export interface ProofServer {
  readonly path: string;
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
}

/** Everything that a proof needs; a plain message for its worker thread. */
export interface ProofRequest {
  readonly backup: AttemptRef;
  readonly storageUrl: string;
  /** The keyring as text, as `Keyring.export` gives it. */
  readonly keyring: string;
  /** The first that loads the backup's RDB version is used. */
  readonly servers: readonly ProofServer[];
  /** Of this proof alone; made and removed. */
  readonly directory: string;
  /** Address space that the throw-away server may take. */
  readonly memoryBytes: number;
}

export interface ProofResult {
  /** `failed` means that the backup is bad; `not-provable` says nothing about it. */
  readonly result: 'proven' | 'failed' | 'not-provable';
  /** One sentence; what was compared, or what is wrong or missing. */
  readonly reason: string;
  /** Of the throw-away server; empty where none fits, and where stored bytes are damaged. */
  readonly serverKind: 'redis' | 'valkey' | 'unknown';
  readonly serverVersion: string;
}

export interface ProofProgress {
  readonly phase: 'starting-server' | 'loading' | 'comparing';
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface ProofOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProofProgress) => void;
}

/** What servers have by default. */
const DATABASES = 16;
/** A dying server breaks its connections first and then writes a report. */
const FAILURE_TIMEOUT_MS = 5_000;

/**
 * Loads a stored backup into a server that is started for it alone, through the same session that restores use, and compares what it then
 * holds with what the scan of the backup counted. Throws only where nothing can be said, such as `storage-unavailable` and `aborted`.
 */
export async function runProof(request: ProofRequest, { signal, onProgress }: ProofOptions): Promise<ProofResult> {
  const repository = await openRepository(await openStorage(request.storageUrl), importKeyring(request.keyring));
  const progress = (phase: ProofProgress['phase'], sentBytes: number, totalBytes: number) => onProgress({ phase, sentBytes, totalBytes });
  let server: ProofServer | undefined;
  const judge = (result: ProofResult['result'], reason: string): ProofResult => ({
    result,
    reason,
    serverKind: server?.kind ?? 'unknown',
    serverVersion: server?.version ?? '',
  });

  /** Bytes that are not those that were stored, or come to another content, are the backup's fault; anything else is thrown. */
  async function judgeError(error: unknown): Promise<ProofResult> {
    if (isDomainError(error, 'restored-data-differs')) {
      return judge('failed', error.message);
    }
    await requireDamage(error, request);
    // No server has anything to do with it.
    return { result: 'failed', reason: error instanceof Error ? error.message : String(error), serverKind: 'unknown', serverVersion: '' };
  }

  let reader: AttemptReader;
  try {
    reader = await repository.openAttempt(request.backup, { signal });
  } catch (error) {
    return judgeError(error);
  }
  const [shard] = reader.manifest.shards;
  if (shard === undefined || reader.manifest.shards.length !== 1) {
    return judge('not-provable', `the backup has ${reader.manifest.shards.length} shards, and no server here is a cluster`);
  }
  server = request.servers.find((installed) => readsRdb(installed, shard));
  if (server === undefined) {
    return judge('not-provable', `no server is installed here that loads RDB version ${shard.rdbVersion} of ${nameWriter(shard)}`);
  }
  if ((shard.keys.byType['module'] ?? 0) > 0) {
    return judge('not-provable', 'the backup holds keys of a module, and no server here has it loaded');
  }

  progress('starting-server', 0, shard.sizeBytes);
  let throwaway: ThrowawayServer;
  try {
    throwaway = await startThrowawayServer({
      path: server.path,
      directory: request.directory,
      memoryBytes: request.memoryBytes,
      databases: Math.max(DATABASES, ...Object.keys(shard.keys.byDatabase).map((database) => Number(database) + 1)),
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    return judge('not-provable', describeError(error));
  }
  await using running = throwaway;
  try {
    await sendAsMaster({
      reader,
      target: running.address,
      endpoint: { listen: '127.0.0.1' },
      useTls: false,
      loadsAtOnce: false,
      signal,
      onSent: (sentBytes) => progress('loading', sentBytes, shard.sizeBytes),
    });
    progress('comparing', shard.sizeBytes, shard.sizeBytes);
    await requireSameFunctions(running, shard, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isDomainError(error, 'target-closed', 'target-unreachable')) {
      return judgeError(error);
    }
    const failure = await running.explainFailure(FAILURE_TIMEOUT_MS);
    if (failure?.ranOutOfMemory) {
      return judge('not-provable', `${request.memoryBytes} bytes of memory do not suffice to load the backup`);
    }
    if (failure !== undefined) {
      return judge('failed', `the server could not load the backup: ${failure.log}`);
    }
    throw error;
  }
  const { complete, total, withExpiry, functions } = shard.keys;
  return complete
    ? judge('proven', `${total} keys, ${withExpiry} with expiry, ${functions} function libraries loaded and counted equal`)
    : judge('proven', 'the backup was loaded; its keys had been counted in part only, so that counts were not compared');
}

async function requireSameFunctions({ address }: ThrowawayServer, { keys }: StoredShard, signal: AbortSignal): Promise<void> {
  const found = keys.complete ? await withTarget(address, signal, countFunctions) : undefined;
  if (found !== undefined && found !== keys.functions) {
    throw new DomainError('restored-data-differs', `${found} function libraries were loaded, the backup holds ${keys.functions}`);
  }
}

function nameWriter({ serverKind, serverVersion }: StoredShard): string {
  return serverVersion === '' ? 'an unknown server' : `${serverKind} ${serverVersion}`;
}
