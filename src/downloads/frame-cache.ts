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
  /** Decodes a frame that is wanted soon, where it exists and where there is room for more such frames. */
  prepare(shard: CachedShard, number: number): void;
  /** Bytes of the decoded frames that nobody uses. */
  readonly keptBytes: number;
}

/** Three of the four threads of Node's pool, so that one stays for everything else. */
const MOST_DECODING = 3;
const KEPT_BYTES = 16 * 1024 * 1024;

interface Entry {
  readonly decoded: Promise<void>;
  readonly plainBytes: number;
  plain: Buffer | undefined;
  users: number;
  /** Nobody has asked for it yet, but somebody will. */
  isAhead: boolean;
}

function keyOf(shard: CachedShard, number: number): string {
  return `${shard.name}/${number}`;
}

export function createFrameCache(mostKeptBytes = KEPT_BYTES): FrameCache {
  // In order of last use.
  const entries = new Map<string, Entry>();
  const waiting: Array<() => void> = [];
  let decoding = 0;
  let keptBytes = 0;
  let aheadBytes = 0;

  function find(shard: CachedShard, number: number): Entry {
    const key = keyOf(shard, number);
    const known = entries.get(key);
    if (known !== undefined) {
      entries.delete(key);
      entries.set(key, known);
      return known;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Nobody may be waiting for it when it fails.
    promise.catch(() => {});
    const { plainBytes } = shard.reader.at(number);
    const entry: Entry = { decoded: promise, plainBytes, plain: undefined, users: 0, isAhead: false };
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
      keep(entry);
    } catch (error) {
      drop(key, entry);
      throw error;
    } finally {
      endTurn();
    }
  }

  /** Counts a frame that nobody uses, and throws the oldest such frames away where they are too many. */
  function keep(kept: Entry): void {
    if (kept.plain === undefined || kept.users > 0) {
      return;
    }
    keptBytes += kept.plainBytes;
    for (const [key, entry] of entries) {
      if (keptBytes <= mostKeptBytes) {
        return;
      }
      if (entry.plain !== undefined && entry.users === 0) {
        keptBytes -= entry.plainBytes;
        releaseMemory(entry.plain);
        drop(key, entry);
      }
    }
  }

  function drop(key: string, entry: Entry): void {
    entries.delete(key);
    settleAhead(entry);
  }

  function settleAhead(entry: Entry): void {
    if (entry.isAhead) {
      entry.isAhead = false;
      aheadBytes -= entry.plainBytes;
    }
  }

  return {
    get keptBytes() {
      return keptBytes;
    },

    async acquire(shard, number, signal) {
      signal.throwIfAborted();
      const entry = find(shard, number);
      settleAhead(entry);
      if (entry.plain !== undefined && entry.users === 0) {
        keptBytes -= entry.plainBytes;
      }
      entry.users++;
      let isReleased = false;
      const release = () => {
        if (!isReleased) {
          isReleased = true;
          entry.users--;
          keep(entry);
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
      if (number >= shard.reader.facts.frames || entries.has(keyOf(shard, number))) {
        return;
      }
      const { plainBytes } = shard.reader.at(number);
      if (aheadBytes + plainBytes <= mostKeptBytes) {
        aheadBytes += plainBytes;
        find(shard, number).isAhead = true;
      }
    },
  };
}
