import { releaseMemory } from '../lib/release-memory.ts';
import type { ShardReader } from '../repository/attempt-reader.ts';

/** The frames of one shard under a name that no other bytes have. */
export interface CachedShard {
  readonly name: string;
  readonly reader: ShardReader;
}

/** A decoded frame in use. Its bytes stay until `release`, and not longer. */
export interface FrameInUse {
  readonly plain: Buffer;
  release(): void;
}

/**
 * Decoded frames that all downloads share, so that memory and work do not grow with their number: at most `MOST_DECODING` frames are being
 * decoded at once, whoever asks first; those that nobody uses are kept up to `KEPT_BYTES`, the least recently used go first. A reader that is
 * slow gives its frame back while it waits, and has it decoded again where it is gone.
 */
export interface FrameCache {
  /** Throws `backup-damaged`, `storage-unavailable`, or the signal's reason. */
  acquire(shard: CachedShard, number: number, signal: AbortSignal): Promise<FrameInUse>;
  /** Decodes a frame that is wanted soon, where it exists. */
  prepare(shard: CachedShard, number: number): void;
  /** Bytes of all frames that are decoded now. */
  readonly bytes: number;
}

/** Three of the four threads of Node's pool, so that one stays for everything else. */
const MOST_DECODING = 3;
const KEPT_BYTES = 32 * 1024 * 1024;

interface Entry {
  readonly decoded: Promise<void>;
  plain: Buffer | undefined;
  users: number;
  /** Decode it although nobody waits for it yet. */
  isAhead: boolean;
}

export function createFrameCache(keptBytes = KEPT_BYTES): FrameCache {
  // In order of last use.
  const entries = new Map<string, Entry>();
  const waiting: Array<() => void> = [];
  let decoding = 0;
  let bytes = 0;

  function find(shard: CachedShard, number: number): Entry {
    const key = `${shard.name}/${number}`;
    const known = entries.get(key);
    if (known !== undefined) {
      entries.delete(key);
      entries.set(key, known);
      return known;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Nobody may be waiting for it when it fails.
    promise.catch(() => {});
    const entry: Entry = { decoded: promise, plain: undefined, users: 0, isAhead: false };
    entries.set(key, entry);
    void decode(key, entry, shard, number).then(resolve, reject);
    return entry;
  }

  /** Takes a turn, or is handed one by whoever ends; in both cases not before the caller has said that it wants the frame. */
  async function takeTurn(): Promise<void> {
    if (decoding === MOST_DECODING) {
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else {
      decoding++;
      await undefined;
    }
  }

  function endTurn(): void {
    const next = waiting.shift();
    if (next === undefined) {
      decoding--;
    } else {
      next();
    }
  }

  async function decode(key: string, entry: Entry, shard: CachedShard, number: number): Promise<void> {
    await takeTurn();
    try {
      if (entry.users === 0 && !entry.isAhead) {
        throw new Error('nobody waits for this frame any more');
      }
      entry.plain = (await shard.reader.read(number)).plain;
      bytes += entry.plain.length;
      makeRoom();
    } catch (error) {
      entries.delete(key);
      throw error;
    } finally {
      endTurn();
    }
  }

  function makeRoom(): void {
    for (const [key, { plain, users }] of entries) {
      if (bytes <= keptBytes) {
        return;
      }
      if (plain !== undefined && users === 0) {
        entries.delete(key);
        bytes -= plain.length;
        releaseMemory(plain);
      }
    }
  }

  return {
    get bytes() {
      return bytes;
    },

    async acquire(shard, number, signal) {
      signal.throwIfAborted();
      const entry = find(shard, number);
      entry.users++;
      let isReleased = false;
      const release = () => {
        if (!isReleased) {
          isReleased = true;
          entry.users--;
          makeRoom();
        }
      };
      signal.addEventListener('abort', release, { once: true });
      try {
        await entry.decoded;
        signal.throwIfAborted();
      } catch (error) {
        release();
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener('abort', release);
      }
      if (entry.plain === undefined) {
        throw new Error('a frame went while it was in use');
      }
      return { plain: entry.plain, release };
    },

    prepare(shard, number) {
      if (number < shard.reader.facts.frames) {
        find(shard, number).isAhead = true;
      }
    },
  };
}
