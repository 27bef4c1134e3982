import { createHash, randomBytes } from 'node:crypto';
import { isDomainError } from '../lib/errors.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { deriveKey, KEY_BYTES } from './encryption.ts';
import { attemptContext, dataObject, indexObject, MAX_MANIFEST_BYTES, MAX_SECTION_BYTES, manifestObject, sectionObject } from './format.ts';
import type { Keyring } from './keyring.ts';
import { encodeManifest } from './manifest.ts';
import { encodeSealedObject } from './sealed-object.ts';
import { createShardWriter, type ShardWriter } from './shard-writer.ts';
import type { AttemptRef, BackupFacts, Manifest, ShardFacts, StoredSection, StoredShard } from './types.ts';

/**
 * Writes one attempt. Nothing is a backup until `finish` resolves: the manifest is stored last, when everything that it names is durable.
 * After any error the attempt is dead; `abort` removes what it stored, and what a crash leaves is found by `Repository.listAttempts`.
 */
export interface AttemptWriter {
  /**
   * Appends at most 4 MiB to a shard, counted from 0; `last` marks its end, and every shard has exactly one last frame, perhaps empty.
   * Compresses and encrypts before it returns its promise: `plain` may be filled again at once. The frame may still be on its way to storage
   * when the promise resolves; its failure is thrown by the next call. One call after the other for each shard.
   */
  appendFrame(shard: number, plain: Uint8Array, last: boolean): Promise<{ storedBytes: number }>;
  /** Seals a small object beside the shards, at most 16 MiB. `name` is of [a-z0-9-] and used once. */
  putSection(name: string, bytes: Uint8Array): Promise<void>;
  /** Makes everything durable, the manifest last, and returns it. `shards` has one entry for each shard, in order. */
  finish(result: AttemptResult): Promise<Manifest>;
  /**
   * Removes what this writer stored, the manifest first; safe to call at any time, also while another call is under way, which then fails
   * or has its work undone. After `finish` it takes the backup back, for a caller
   * whose verification failed. Throws where the storage does; what is left is then found by `Repository.listAttempts`.
   */
  abort(): Promise<void>;
}

export interface AttemptResult {
  readonly facts: BackupFacts;
  readonly endedAt: number;
  readonly shards: readonly ShardFacts[];
  readonly report: readonly string[];
}

export interface AttemptPlace {
  readonly storage: ObjectStorage;
  readonly keyring: Keyring;
  readonly repositoryId: string;
  readonly ref: AttemptRef;
  readonly shardCount: number;
  readonly signal: AbortSignal | undefined;
}

export function createAttemptWriter({ storage, keyring, repositoryId, ref, shardCount, signal }: AttemptPlace): AttemptWriter {
  const options = signal === undefined ? {} : { signal };
  const dataKey = randomBytes(KEY_BYTES);
  const context = attemptContext(repositoryId, ref);
  const shards = Array.from({ length: shardCount }, (_, shard) => openShard(shard));
  const sections: StoredSection[] = [];
  /** Objects that may exist because of this writer, in the order in which they came. */
  const stored: string[] = [];
  const storing = new Set<Promise<void>>();
  let aborted = false;

  function openShard(shard: number): ShardWriter {
    return createShardWriter(
      { key: deriveKey(dataKey, `frames/${shard}`), context, shard },
      {
        maxBytes: storage.features.maxObjectBytes,
        create: (number) => storage.create(dataObject(ref, shard, number), options),
        finished: (number) => stored.push(dataObject(ref, shard, number)),
      },
    );
  }

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    if (aborted) {
      throw new Error('the attempt was aborted');
    }
    stored.push(name);
    const call = storage.put(name, bytes, options);
    storing.add(call);
    try {
      await call;
    } catch (error) {
      if (isDomainError(error, 'object-exists')) {
        // Not ours: another writer of the same attempt came first, and `abort` must not remove its work.
        stored.splice(stored.indexOf(name), 1);
      }
      throw error;
    } finally {
      storing.delete(call);
    }
  }

  async function finishShard(facts: ShardFacts, shard: number): Promise<StoredShard> {
    const writer = shards[shard];
    if (writer === undefined) {
      throw new RangeError(`shard ${shard} is not one of ${shardCount}`);
    }
    const { stored: storedFacts, plainBytes, index } = await writer.finish();
    if (plainBytes !== facts.sizeBytes) {
      throw new Error(`shard ${shard} has ${facts.sizeBytes} bytes, but ${plainBytes} were appended`);
    }
    await put(indexObject(ref, shard), encodeSealedObject('RKIX', deriveKey(dataKey, `index/${shard}`), context, index));
    return { ...facts, ...storedFacts };
  }

  return {
    appendFrame(shard, plain, last) {
      const writer = shards[shard];
      if (writer === undefined) {
        throw new RangeError(`shard ${shard} is not one of 0 to ${shardCount - 1}`);
      }
      return writer.appendFrame(plain, last);
    },

    async putSection(name, bytes) {
      if (bytes.byteLength > MAX_SECTION_BYTES) {
        throw new RangeError(`section ${name} has ${bytes.byteLength} bytes, at most ${MAX_SECTION_BYTES} are allowed`);
      }
      const sealed = encodeSealedObject('RKSC', deriveKey(dataKey, `section/${name}`), context, bytes);
      await put(sectionObject(ref, name), sealed);
      sections.push({ name, sizeBytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') });
    },

    async finish({ facts, endedAt, shards: shardFacts, report }) {
      if (shardFacts.length !== shardCount) {
        throw new RangeError(`${shardFacts.length} shards have facts, ${shardCount} were started`);
      }
      const storedShards: StoredShard[] = [];
      for (const [shard, entry] of shardFacts.entries()) {
        storedShards.push(await finishShard(entry, shard));
      }
      const manifest: Manifest = { ...ref, facts, endedAt, shards: storedShards, sections, report };
      const sealed = encodeManifest(keyring, dataKey, context, manifest);
      if (sealed.length > MAX_MANIFEST_BYTES) {
        throw new RangeError(`the manifest has ${sealed.length} bytes, at most ${MAX_MANIFEST_BYTES} are allowed`);
      }
      await put(manifestObject(ref), sealed);
      return manifest;
    },

    async abort() {
      aborted = true;
      for (const shard of shards) {
        await shard.abort();
      }
      // What is on its way would else arrive after its deletion.
      await Promise.allSettled(storing);
      // Newest first: a manifest goes before what it names. Without the caller's signal, which may be the very reason.
      for (let name = stored.at(-1); name !== undefined; name = stored.at(-1)) {
        await storage.delete(name);
        stored.pop();
      }
    },
  };
}
