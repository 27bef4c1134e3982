import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';

/** Below this, a few packets, compressing costs more than it saves. */
const LEAST_BYTES = 4096;
/** Up to this a thread's round trip takes longer than compressing does: about 0.2 ms. */
const MOST_BYTES_AT_ONCE = 64 * 1024;
/** Level 1: three quarters of the time of the default level, for answers that differ by a tenth in size. */
const LEVEL = { level: 1 } as const;

const gzipInThread = promisify<string, typeof LEVEL, Buffer>(gzip);

/**
 * An answer compressed, undefined where its caller's Accept-Encoding does not allow gzip or it is not worth it. gzip or nothing: Go's SDK
 * fails on every other encoding, and reads `deflate` in its own way.
 */
export function compress(text: string, sizeBytes: number, acceptEncoding: string | undefined): Buffer | Promise<Buffer> | undefined {
  if (sizeBytes < LEAST_BYTES || acceptEncoding === undefined || !acceptsGzip(acceptEncoding)) {
    return undefined;
  }
  return sizeBytes <= MOST_BYTES_AT_ONCE ? gzipSync(text, LEVEL) : gzipInThread(text, LEVEL);
}

/** Whether an Accept-Encoding names gzip, or else `*`, with a weight above 0 (RFC 9110, 12.5.3). */
export function acceptsGzip(acceptEncoding: string): boolean {
  let any = false;
  for (const item of acceptEncoding.split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    if (coding === 'gzip' || coding === 'x-gzip') {
      return !isRefused;
    }
    any ||= coding === '*' && !isRefused;
  }
  return any;
}
