import { describeError } from '../lib/errors.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository } from '../repository/repository.ts';
import type { AttemptRef } from '../repository/types.ts';
import { openStorage } from '../storage/registry.ts';
import { withPace } from '../storage/wrappers/pace.ts';
import { requireDamage } from './require-damage.ts';

/** Everything that a scrub needs; a plain message for its worker thread. */
export interface ScrubRequest {
  readonly backup: AttemptRef;
  readonly storageUrl: string;
  /** The keyring as text, as `Keyring.export` gives it. */
  readonly keyring: string;
  /** Stored bytes that may be read in a second. */
  readonly bytesPerSecond: number;
}

export interface ScrubResult {
  readonly result: 'intact' | 'damaged';
  /** What is wrong; `` where nothing is. */
  readonly reason: string;
}

export interface ScrubProgress {
  readonly phase: 'reading';
  /** Stored bytes so far. */
  readonly readBytes: number;
}

export interface ScrubOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ScrubProgress) => void;
}

/**
 * Reads every stored byte of a backup back at a bounded rate. Throws where the storage or the key fails, which says nothing of the bytes: a
 * repository that cannot be opened after something was missing in it is gone as a whole, not damaged.
 */
export async function runScrub({ backup, storageUrl, keyring, bytesPerSecond }: ScrubRequest, options: ScrubOptions): Promise<ScrubResult> {
  let readBytes = 0;
  const storage = withPace(await openStorage(storageUrl), {
    bytesPerSecond,
    onRead(bytes) {
      readBytes += bytes;
      options.onProgress({ phase: 'reading', readBytes });
    },
  });
  const repository = await openRepository(storage, importKeyring(keyring));
  try {
    await repository.verifyAttempt(backup, { signal: options.signal });
    return { result: 'intact', reason: '' };
  } catch (error) {
    await requireDamage(error, { storageUrl, keyring });
    return { result: 'damaged', reason: describeError(error) };
  }
}
