import { DomainError } from '../lib/errors.ts';
import type { ByteReceiver } from './source-link.ts';

/**
 * Takes the bytes of an RDB. They are valid only during the call or, where it answers a promise, until that settles; reading waits so long.
 */
export type RdbSink = (bytes: Uint8Array) => void | Promise<void>;

/** The framing of one RDB on a replication link; `receive` answers the rest after the RDB once that is complete. */
export interface RdbTransfer {
  readonly form: 'length' | 'eof';
  readonly receive: ByteReceiver;
  /** Bytes handed to the sink so far. */
  sizeBytes(): number;
}

/** Magic, end-of-file opcode and checksum: nothing shorter is an RDB. */
const SMALLEST_RDB_BYTES = 18;
const MARK_BYTES = 40;

/**
 * Reads the header line: `$<length>`, or `$EOF:<mark>` where the source streams without knowing the length and ends with the mark (redis.io
 * replication docs; `readSyncBulkPayload` of Redis). Throws `source-protocol-error` for any other.
 */
export function createRdbTransfer(header: string, sink: RdbSink): RdbTransfer {
  const eof = /^\$EOF:([0-9a-zA-Z]{40})$/.exec(header);
  if (eof?.[1] !== undefined) {
    return createMarkedTransfer(Buffer.from(eof[1]), sink);
  }
  const length = /^\$([0-9]{1,16})$/.exec(header);
  const sizeBytes = Number(length?.[1] ?? -1);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < SMALLEST_RDB_BYTES) {
    const expected = `$EOF:<40 characters> or $<length> of at least ${SMALLEST_RDB_BYTES}`;
    const message = `an RDB is announced by ${expected}, not by ${JSON.stringify(header.slice(0, 100))}`;
    throw new DomainError('source-protocol-error', message);
  }
  return createCountedTransfer(sizeBytes, sink);
}

function createCountedTransfer(sizeBytes: number, sink: RdbSink): RdbTransfer {
  let received = 0;
  return {
    form: 'length',
    sizeBytes: () => received,
    receive(bytes) {
      const taken = Math.min(sizeBytes - received, bytes.length);
      received += taken;
      const rest = received === sizeBytes ? bytes.subarray(taken) : undefined;
      const delivered = sink(bytes.subarray(0, taken));
      return delivered instanceof Promise ? delivered.then(() => rest) : rest;
    },
  };
}

/** The last 39 bytes are always held back, since a mark may begin in them; so no byte of the mark ever reaches the sink. */
function createMarkedTransfer(mark: Buffer, sink: RdbSink): RdbTransfer {
  let received = 0;
  let held = Buffer.alloc(0);

  function deliver(first: Buffer, second: Buffer, rest: Buffer | undefined): Buffer | undefined | Promise<Buffer | undefined> {
    received += first.length + second.length;
    const delivered = first.length > 0 ? sink(first) : undefined;
    if (delivered instanceof Promise) {
      return delivered.then(() => (second.length > 0 ? sink(second) : undefined)).then(() => rest);
    }
    const deliveredToo = second.length > 0 ? sink(second) : undefined;
    return deliveredToo instanceof Promise ? deliveredToo.then(() => rest) : rest;
  }

  return {
    form: 'eof',
    sizeBytes: () => received,
    receive(bytes) {
      const before = held;
      const seam = Buffer.concat([before, bytes.subarray(0, MARK_BYTES - 1)]);
      const inSeam = seam.indexOf(mark);
      if (inSeam >= 0) {
        return deliver(seam.subarray(0, inSeam), seam.subarray(0, 0), bytes.subarray(inSeam + MARK_BYTES - before.length));
      }
      const inBytes = bytes.indexOf(mark);
      if (inBytes >= 0) {
        return deliver(before, bytes.subarray(0, inBytes), bytes.subarray(inBytes + MARK_BYTES));
      }
      if (bytes.length < MARK_BYTES - 1) {
        const settled = Math.max(0, seam.length - (MARK_BYTES - 1));
        held = seam.subarray(settled);
        return deliver(seam.subarray(0, settled), bytes.subarray(0, 0), undefined);
      }
      const settled = bytes.length - (MARK_BYTES - 1);
      held = Buffer.from(bytes.subarray(settled)); // a copy: the caller uses its buffer again
      return deliver(before, bytes.subarray(0, settled), undefined);
    },
  };
}
