import type { ServerResponse } from 'node:http';
import type { DownloadAnswer } from '../downloads/serve-download.ts';

/** A client that takes nothing for so long is gone. Node looks at what the socket has got rid of, so that one that is only slow is not. */
const STALLED_MS = 60_000;

/**
 * Writes an answer, its bytes no faster than the client takes them. Where the bytes break off, the connection is cut, so that the client
 * finds less than was announced. Never rejects.
 */
export async function sendDownload(response: ServerResponse, answer: DownloadAnswer, stalledMs = STALLED_MS): Promise<void> {
  const { status, headers, text, send } = answer;
  response.writeHead(status, headers);
  if (send === undefined) {
    response.end(text);
    return;
  }
  const gone = new AbortController();
  let resume: (() => void) | undefined;
  const leave = () => {
    gone.abort();
    // The socket is closed by now and looks at no buffer any more; a write that waited for its turn is never told.
    resume?.();
  };
  response.once('close', leave);
  response.setTimeout(stalledMs, () => response.destroy());
  if (response.destroyed) {
    leave();
  }
  try {
    await send({
      signal: gone.signal,
      write: (bytes) =>
        new Promise<void>((resolve) => {
          resume = resolve;
          if (gone.signal.aborted) {
            resolve();
          } else {
            response.write(bytes, (error) => {
              if (error) {
                gone.abort();
              }
              resolve();
            });
          }
        }),
    });
    response.end();
  } catch {
    response.destroy();
  } finally {
    response.setTimeout(0);
  }
}
