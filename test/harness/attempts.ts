import { createHash } from 'node:crypto';
import type { Repository } from '../../src/repository/repository.ts';
import type { AttemptRef, BackupFacts, Manifest, ShardFacts } from '../../src/repository/types.ts';
import type { ObjectStorage } from '../../src/storage/object-storage.ts';

export const BACKUP_ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';

export const BACKUP_FACTS: BackupFacts = {
  accountId: '1000000001',
  region: 'ap-guangzhou',
  instanceId: 'crs-5a4py64p',
  instanceName: 'orders – 订单',
  type: 'manual',
  remark: 'for testing',
  startedAt: 1_536_036_681_000,
  expiresAt: 1_536_641_481_000,
};

/** Facts of a shard whose plaintext is `plain`, as an engine would tell them. */
export function shardFacts(plain: Uint8Array): ShardFacts {
  return {
    sizeBytes: plain.byteLength,
    sha256: createHash('sha256').update(plain).digest('hex'),
    crc64: '0123456789abcdef',
    rdbVersion: 10,
    serverVersion: '7.0.15',
    serverKind: 'redis',
    replicationId: '8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb',
    replicationOffset: 1234,
    keys: { complete: true, total: 3, withExpiry: 1, byDatabase: { 0: { keys: 3, withExpiry: 1 } }, byType: { string: 3 }, functions: 0 },
  };
}

/** Writes one attempt whose shards are given as frames. */
export async function writeAttempt(
  repository: Repository,
  ref: AttemptRef,
  shards: readonly Buffer[][],
  sections: Readonly<Record<string, string>> = {},
  endedAt = 1_536_036_690_000,
  facts: BackupFacts = BACKUP_FACTS,
): Promise<Manifest> {
  const writer = await repository.startAttempt(ref, shards.length);
  try {
    for (const [name, text] of Object.entries(sections)) {
      await writer.putSection(name, Buffer.from(text));
    }
    for (const [shard, frames] of shards.entries()) {
      for (const [number, plain] of frames.entries()) {
        await writer.appendFrame(shard, plain, number === frames.length - 1);
      }
    }
    const result = { facts, endedAt, report: ['nothing odd'] };
    return await writer.finish({ ...result, shards: shards.map((frames) => shardFacts(Buffer.concat(frames))) });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

export function cut(plain: Buffer, sizeBytes: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < Math.max(plain.length, 1); at += sizeBytes) {
    frames.push(plain.subarray(at, at + sizeBytes));
  }
  return frames;
}

/** The same storage with the calls that `over` names replaced: a fault of the outside world, or smaller limits. */
export function overrideStorage(storage: ObjectStorage, over: Partial<ObjectStorage>): ObjectStorage {
  return { ...storage, ...over };
}
