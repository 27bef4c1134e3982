import { type DomainError, isDomainError } from '../lib/errors.ts';
import type { SourceAddress } from './source-address.ts';
import { toReplyError } from './source-errors.ts';
import { openSourceLink } from './source-link.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const LISTEN_TIMEOUT_MS = 2_000;

/**
 * A better word for a connection that the source closed before it answered anything. What it said in closing (a TLS alert, `-ERR max number
 * of clients reached`) is lost where we had sent something before it came, so this connects once more and only listens. Never throws.
 */
export async function explainEarlyClose(address: SourceAddress, error: DomainError, signal?: AbortSignal): Promise<DomainError> {
  try {
    const link = await openSourceLink(address, {
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      idleTimeoutMs: LISTEN_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      const line = await link.readLine();
      return line.startsWith('-') ? toReplyError(address, 'the connection', line.slice(1)) : error;
    } finally {
      link.destroy();
    }
  } catch (second) {
    return isDomainError(second, 'source-tls-failed') ? second : error;
  }
}
