import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import { syncDirectory } from '../lib/sync-directory.ts';

export interface FileSource {
  readonly url: string;
  /** As the service has announced it. */
  readonly sizeBytes: number;
}

export interface DownloadFileOptions {
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
  /** Between two tries; doubled each time. */
  readonly pauseMs?: number;
}

/** Tries in a row that may bring nothing. */
const MOST_FAILURES = 5;

/**
 * Downloads a file under the name `<path>.part`, compares its length and its SHA-256 with what the service says, and gives it its name only
 * then, durably; a crash leaves the part or the whole. A connection that breaks is resumed where it broke, and so is the part of an earlier run.
 * Resolves to the SHA-256, hex. Throws `download-refused` with the service's own words, and `download-broken`, both of which leave the part.
 */
export async function downloadFile(source: FileSource, path: string, options: DownloadFileOptions): Promise<string> {
  const part = `${path}.part`;
  const file = await open(part, 'a+', 0o600);
  try {
    const found = await startFrom(file, source.sizeBytes);
    let sha256 = await fetchRest(source, file, found, options);
    if (sha256 === undefined && found.doneBytes > 0) {
      // The part was of other bytes.
      await file.truncate(0);
      sha256 = await fetchRest(source, file, { doneBytes: 0, hash: createHash('sha256') }, options);
    }
    if (sha256 === undefined) {
      throw new DomainError('download-broken', 'the bytes that came are not those whose SHA-256 the service tells', {
        hint: `remove ${part} and try again; redkeep check tells whether the stored bytes are right`,
      });
    }
    await file.sync();
    await rename(part, path);
    await syncDirectory(dirname(path));
    return sha256;
  } finally {
    await file.close();
  }
}

interface Start {
  doneBytes: number;
  readonly hash: Hash;
}

/** Hashes what an earlier run has left; what is longer than the file cannot be a part of it. */
async function startFrom(file: FileHandle, sizeBytes: number): Promise<Start> {
  const hash = createHash('sha256');
  const { size } = await file.stat();
  if (size > sizeBytes) {
    await file.truncate(0);
    return { doneBytes: 0, hash };
  }
  for await (const bytes of file.createReadStream({ start: 0, autoClose: false })) {
    hash.update(bytes as Buffer);
  }
  return { doneBytes: size, hash };
}

/** Appends what is missing. Resolves to the SHA-256 where it is the one that the service tells, else to undefined. */
async function fetchRest(
  { url, sizeBytes }: FileSource,
  file: FileHandle,
  start: Start,
  { onProgress, pauseMs = 500 }: DownloadFileOptions,
): Promise<string | undefined> {
  let expected: string | undefined;
  for (let failures = 0; expected === undefined || start.doneBytes < sizeBytes; ) {
    const before = start.doneBytes;
    try {
      expected = await fetchFrom(url, sizeBytes, start, async (bytes) => {
        await file.appendFile(bytes);
        start.hash.update(bytes);
        start.doneBytes += bytes.length;
        onProgress(start.doneBytes, sizeBytes);
      });
    } catch (error) {
      if (isDomainError(error) && !error.retryable) {
        throw error;
      }
      failures = start.doneBytes > before ? 0 : failures + 1;
      if (failures === MOST_FAILURES) {
        throw new DomainError('download-broken', `broke off after ${start.doneBytes} of ${sizeBytes} bytes: ${describeError(error)}`, {
          hint: 'run the same command again to go on from there',
          cause: error,
        });
      }
      await sleep(pauseMs * 2 ** failures);
    }
  }
  const sha256 = start.hash.digest('hex');
  return sha256 === expected ? sha256 : undefined;
}

/** One request for everything from `doneBytes` on. Resolves to the SHA-256 of the whole file that the service tells. */
async function fetchFrom(
  url: string,
  sizeBytes: number,
  { doneBytes }: Start,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<string> {
  // Of a whole file one byte is asked for once more, since a range behind the end is none.
  const from = Math.min(doneBytes, sizeBytes - 1);
  const response = await fetch(url, { headers: from === 0 ? {} : { Range: `bytes=${from}-` } });
  if (response.status !== (from === 0 ? 200 : 206)) {
    const text = (await response.text()).trim().slice(0, 500);
    throw new DomainError('download-refused', `the link was refused with status ${response.status}: ${text}`, {
      retryable: response.status >= 500,
    });
  }
  const total = from === 0 ? response.headers.get('content-length') : response.headers.get('content-range')?.split('/')[1];
  const [, digest] = /^"([0-9a-f]{64})"$/.exec(response.headers.get('etag') ?? '') ?? [];
  if (Number(total) !== sizeBytes || digest === undefined || response.body === null) {
    throw new DomainError('download-refused', `the link gives a file of ${total ?? 'unknown'} bytes where ${sizeBytes} were announced`);
  }
  if (doneBytes === sizeBytes) {
    await response.body.cancel();
    return digest;
  }
  for await (const bytes of response.body) {
    await take(bytes);
  }
  return digest;
}
