import type { IncomingMessage } from 'node:http';
import { isFormType, SIZE_LIMITS } from '../api/http-message.ts';

/**
 * How much of a body over its limit is still read, and thrown away: a client that is answered while it sends may never see the answer.
 * Past this its connection is cut.
 */
const MOST_DRAINED_BYTES = 64 * 1024 * 1024;

/**
 * The bytes of a body, undefined where it is over its content type's limit; at once where its length says that it would not even be
 * drained to the end. Rejects where the connection breaks or sends far too much.
 */
export function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const limit = isFormType(request.headers['content-type'] ?? '') ? SIZE_LIMITS.formBytes : SIZE_LIMITS.jsonBytes;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  let chunks: Uint8Array[] = [];
  let size = 0;
  if (Number(request.headers['content-length'] ?? 0) > MOST_DRAINED_BYTES) {
    resolve(undefined);
  }
  request.on('data', (chunk: Uint8Array) => {
    size += chunk.length;
    if (size <= limit) {
      chunks.push(chunk);
    } else {
      chunks = [];
      if (size > MOST_DRAINED_BYTES) {
        reject(new Error('body far over its limit'));
        request.destroy();
      }
    }
  });
  request.once('end', () => resolve(size > limit ? undefined : joinChunks(chunks)));
  request.once('error', reject);
  request.once('close', () => reject(new Error('connection closed within a body')));
  return promise;
}

/** Most bodies come in one chunk, which is then the body. */
function joinChunks(chunks: Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
