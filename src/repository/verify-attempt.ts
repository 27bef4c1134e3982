import { createHash } from 'node:crypto';
import { releaseMemory } from '../lib/release-memory.ts';
import type { ObjectStorage, StorageOptions } from '../storage/object-storage.ts';
import type { AttemptReader } from './attempt-reader.ts';
import { backupDamaged, dataObject } from './format.ts';
import type { Manifest } from './types.ts';

/**
 * Reads every stored byte of a backup back: data objects have their exact sizes, every frame authenticates, is in its place and
 * decompresses, and the whole has the frame count, tags, length and SHA-256 that the manifest tells; every section opens. Throws
 * `backup-damaged` at the first difference.
 */
export async function verifyAttempt(storage: ObjectStorage, reader: AttemptReader, options: StorageOptions): Promise<Manifest> {
  const { manifest } = reader;
  for (const [shard, facts] of manifest.shards.entries()) {
    await requireObjectSizes(storage, manifest, shard, options);
    const whole = createHash('sha256');
    const tags = createHash('sha256');
    let plainBytes = 0;
    for await (const { plain, tag } of reader.decodedFrames(shard, options)) {
      whole.update(plain);
      tags.update(tag);
      plainBytes += plain.length;
      releaseMemory(plain);
    }
    if (plainBytes !== facts.sizeBytes || whole.digest('hex') !== facts.sha256 || tags.digest('hex') !== facts.tagsSha256) {
      throw backupDamaged(`shard ${shard} of ${manifest.backupId}`, 'its length, SHA-256 or tags are not those in the manifest');
    }
  }
  await readSections(reader, options);
  return manifest;
}

/**
 * Reads every stored byte of a backup and authenticates it, without decompressing: what passes is bit for bit what `verifyAttempt` found good
 * when the backup was made, at a fraction of its time. For whoever goes on to decompress it and compares the SHA-256 then. Throws
 * `backup-damaged`.
 */
export async function authenticateAttempt(storage: ObjectStorage, reader: AttemptReader, options: StorageOptions): Promise<Manifest> {
  const { manifest } = reader;
  for (const [shard, facts] of manifest.shards.entries()) {
    await requireObjectSizes(storage, manifest, shard, options);
    const frames = await reader.openShard(shard, options);
    const tags = createHash('sha256');
    let ahead = frames.authenticate(0, options);
    for (let number = 0; number < facts.frames; number++) {
      const current = ahead;
      if (number + 1 < facts.frames) {
        // One is read while the other is decrypted.
        ahead = frames.authenticate(number + 1, options);
        ahead.catch(() => {});
      }
      try {
        tags.update(await current);
      } catch (error) {
        await Promise.allSettled([ahead]);
        throw error;
      }
      options.signal?.throwIfAborted();
    }
    if (tags.digest('hex') !== facts.tagsSha256) {
      throw backupDamaged(`shard ${shard} of ${manifest.backupId}`, 'its tags are not those in the manifest');
    }
  }
  await readSections(reader, options);
  return manifest;
}

async function requireObjectSizes(storage: ObjectStorage, manifest: Manifest, shard: number, options: StorageOptions): Promise<void> {
  for (const [number, expectedBytes] of (manifest.shards[shard]?.objectBytes ?? []).entries()) {
    const name = dataObject(manifest, shard, number);
    const sizeBytes = (await storage.stat(name, options))?.sizeBytes;
    if (sizeBytes !== expectedBytes) {
      throw backupDamaged(name, `it has ${sizeBytes ?? 'no'} bytes, ${expectedBytes} are expected`);
    }
  }
}

async function readSections(reader: AttemptReader, options: StorageOptions): Promise<void> {
  for (const { name } of reader.manifest.sections) {
    await reader.section(name, options);
  }
}
