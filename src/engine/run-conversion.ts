import { DomainError } from '../lib/errors.ts';
import { releaseMemory } from '../lib/release-memory.ts';
import { createRdbChecksum } from '../redis/rdb/rdb-checksum.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository, type Repository } from '../repository/repository.ts';
import type { AttemptRef, StoredShard } from '../repository/types.ts';
import { openStorage } from '../storage/registry.ts';
import { requireDamage } from './require-damage.ts';

/** Everything that a conversion needs; a plain message for its worker thread. */
export interface ConversionRequest {
  readonly backup: AttemptRef;
  readonly storageUrl: string;
  /** The keyring as text, as `Keyring.export` gives it. */
  readonly keyring: string;
}

export interface ConversionResult {
  /** RDB bytes over all shards, counted as they came out. */
  readonly sizeBytes: number;
}

export interface ConversionProgress {
  readonly phase: 'reading';
  readonly readBytes: number;
  readonly totalBytes: number;
}

export interface ConversionOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ConversionProgress) => void;
}

/**
 * Reads a backup whole, as a download would: every frame authenticated and decompressed, the RDB's own CRC-64 computed anew and compared with
 * its trailer and with the manifest, every byte counted. Nothing is written: a download decodes frames as they are asked for, and what is
 * shown here is that they all can be. Throws `backup-damaged` at the first difference, `manifest-missing`, what says that the repository is gone as
 * a whole, `storage-unavailable`, or the signal's reason.
 */
export async function runConversion(request: ConversionRequest, options: ConversionOptions): Promise<ConversionResult> {
  const repository = await openRepository(await openStorage(request.storageUrl), importKeyring(request.keyring));
  try {
    return await readWhole(repository, request.backup, options);
  } catch (error) {
    await requireDamage(error, request);
    throw error;
  }
}

async function readWhole(repository: Repository, backup: AttemptRef, { signal, onProgress }: ConversionOptions): Promise<ConversionResult> {
  const { manifest, frames } = await repository.openAttempt(backup, { signal });
  const totalBytes = manifest.shards.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let readBytes = 0;
  for (const [number, shard] of manifest.shards.entries()) {
    const checksum = createRdbChecksum();
    let shardBytes = 0;
    for await (const plain of frames(number, { signal })) {
      checksum.update(plain);
      shardBytes += plain.length;
      readBytes += plain.length;
      releaseMemory(plain);
      onProgress({ phase: 'reading', readBytes, totalBytes });
    }
    requireSame(shard, shardBytes, checksum.finish(), `shard ${number} of ${manifest.backupId}`);
  }
  return { sizeBytes: readBytes };
}

function requireSame(
  shard: StoredShard,
  sizeBytes: number,
  { state, computed }: ReturnType<ReturnType<typeof createRdbChecksum>['finish']>,
  what: string,
): void {
  if (sizeBytes !== shard.sizeBytes || computed !== shard.crc64 || state === 'different') {
    throw new DomainError(
      'backup-damaged',
      `${what} came out with ${sizeBytes} bytes and CRC-64 ${computed}, the manifest says ${shard.sizeBytes} and ${shard.crc64}`,
      { hint: 'this backup cannot be trusted; restore from another one and check the storage' },
    );
  }
}
