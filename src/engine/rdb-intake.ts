import { createHash } from 'node:crypto';
import { DomainError } from '../lib/errors.ts';
import { createRdbChecksum } from '../redis/rdb/rdb-checksum.ts';
import { createRdbScanner, type RdbScan } from '../redis/rdb/scanner.ts';
import { FRAME_BYTES } from '../repository/format.ts';

/** What was learnt of an RDB while it passed. */
export interface RdbFacts {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly crc64: string;
  /** True where the source runs with `rdbchecksum no`, so that only the connection vouches for the bytes. */
  readonly checksumDisabled: boolean;
  readonly scan: RdbScan;
}

export interface RdbIntake {
  /** Takes the next bytes of the RDB; done with them when it returns or its promise resolves. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Hands out the last frame and judges the whole. Throws `rdb-checksum-different` and what the scanner throws. */
  finish(): Promise<RdbFacts>;
}

/**
 * Checks, scans and cuts an RDB into frames as it passes. `appendFrame` may use the frame's buffer until the call returns; its promise is
 * awaited before the next frame, so one frame is being stored while the next one fills. The last frame goes out in `finish` alone, since
 * only then it is known to be the last.
 */
export function createRdbIntake(appendFrame: (plain: Uint8Array, last: boolean) => Promise<unknown>): RdbIntake {
  const checksum = createRdbChecksum();
  const sha256 = createHash('sha256');
  const scanner = createRdbScanner();
  const frame = Buffer.allocUnsafe(FRAME_BYTES);
  let filledBytes = 0;
  let stored: Promise<unknown> = Promise.resolve();

  function take(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, FRAME_BYTES - filledBytes);
    frame.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), filledBytes);
    filledBytes += taken;
    return taken;
  }

  async function emit(last: boolean): Promise<void> {
    await stored;
    stored = appendFrame(frame.subarray(0, filledBytes), last);
    // Observed here so that a failure while the next frame fills is no unhandled rejection; it is thrown at the next `await stored`.
    stored.catch(() => {});
    filledBytes = 0;
  }

  async function takeOverFrames(bytes: Uint8Array, from: number): Promise<void> {
    for (let at = from; at < bytes.length; ) {
      await emit(false);
      at += take(bytes.subarray(at));
    }
  }

  return {
    write(bytes) {
      checksum.update(bytes);
      sha256.update(bytes);
      scanner.write(bytes);
      const taken = take(bytes);
      return taken === bytes.length ? undefined : takeOverFrames(bytes, taken);
    },
    async finish() {
      const scan = scanner.end();
      const { state, computed, trailer } = checksum.finish();
      if (state === 'different') {
        throw new DomainError('rdb-checksum-different', `the RDB says that its CRC-64 is ${trailer}, but it is ${computed}`, {
          retryable: true,
          hint: 'the bytes were damaged on their way or in the memory of the source; the backup was thrown away',
        });
      }
      await emit(true);
      await stored;
      return { sizeBytes: scan.sizeBytes, sha256: sha256.digest('hex'), crc64: computed, checksumDisabled: state === 'disabled', scan };
    },
  };
}
