import type { IncomingMessage } from 'node:http';
import { isFormType, SIZE_LIMITS } from '../api/http-message.ts';

/**
 * How much of a body over its limit is still read, and thrown away: a client that is answered while it sends may never see the answer.
 * Past this its connection is cut.
 */
const MOST_DRAINED_BYTES = 64 * 1024 * 1024;

/** What Node has read of a connection before it can be told to wait. Hardly a call of an official client is larger. */
const SMALL_BYTES = 64 * 1024;

/** Of 10 MB each, so that callers whom nobody knows yet hold 160 MB together. */
const MOST_LARGE = 16;

export interface BodyReader {
  /**
   * What `use` makes of the bytes of a body, undefined where it is over its content type's limit; at once where its length says that it
   * would not even be drained to the end. Rejects where the connection breaks or sends far too much.
   */
  read<Result>(request: IncomingMessage, use: (body: Uint8Array | undefined) => Promise<Result>): Promise<Result>;
}

/**
 * Reads bodies of requests, which are not authenticated yet: at most `mostLarge` that are not small at a time, until they are used. Others
 * wait unread, no longer than a request may take, in the order in which they came.
 */
export function createBodyReader(mostLarge = MOST_LARGE): BodyReader {
  let large = 0;
  const waiting = new Set<() => void>();

  /** Calls `go` when there is room, and returns what ends the wait or gives the room back. */
  function enter(go: () => void): () => void {
    let isIn = false;
    const begin = () => {
      waiting.delete(begin);
      isIn = true;
      large++;
      go();
    };
    if (large < mostLarge) {
      begin();
    } else {
      waiting.add(begin);
    }
    return () => {
      waiting.delete(begin);
      if (isIn) {
        isIn = false;
        large--;
        const [next] = waiting;
        next?.();
      }
    };
  }

  return {
    async read(request, use) {
      let leave: (() => void) | undefined;
      try {
        const body = await readBody(request, {
          beforeMore(go) {
            leave = enter(go);
          },
          holdsNothing: () => leave?.(),
        });
        return await use(body);
      } finally {
        leave?.();
      }
    },
  };
}

/** `beforeMore` is called once, where a body is not small, and what it is given when it may be read on; `holdsNothing` where it is let go. */
interface Room {
  readonly beforeMore: (go: () => void) => void;
  readonly holdsNothing: () => void;
}

function readBody(request: IncomingMessage, { beforeMore, holdsNothing }: Room): Promise<Uint8Array | undefined> {
  const limit = isFormType(request.headers['content-type'] ?? '') ? SIZE_LIMITS.formBytes : SIZE_LIMITS.jsonBytes;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  let chunks: Uint8Array[] = [];
  let size = 0;
  // Answered before it is sent, it is not kept either.
  const isHopeless = Number(request.headers['content-length'] ?? 0) > MOST_DRAINED_BYTES;
  if (isHopeless) {
    resolve(undefined);
  }
  request.on('data', (chunk: Uint8Array) => {
    const wasSmall = size <= SMALL_BYTES;
    size += chunk.length;
    if (isHopeless || size > limit) {
      chunks = [];
      holdsNothing();
      if (size > MOST_DRAINED_BYTES) {
        reject(new Error('body far over its limit'));
        request.destroy();
      }
      return;
    }
    chunks.push(chunk);
    if (wasSmall && size > SMALL_BYTES) {
      request.pause();
      beforeMore(() => request.resume());
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
