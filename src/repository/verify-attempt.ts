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
    for (const [number, expectedBytes] of facts.objectBytes.entries()) {
      const name = dataObject(manifest, shard, number);
      const sizeBytes = (await storage.stat(name, options))?.sizeBytes;
      if (sizeBytes !== expectedBytes) {
        throw backupDamaged(name, `it has ${sizeBytes ?? 'no'} bytes, ${expectedBytes} are expected`);
      }
    }
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
  for (const { name } of manifest.sections) {
    await reader.section(name, options);
  }
  return manifest;
}
