import { DomainError, isDomainError } from '../lib/errors.ts';
import { type AdminClient, connectAdminClient } from '../redis/admin-client.ts';

export interface ServerConnection {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

/** Sends one command; commands that are sent without waiting go out in one batch, in order. An error reply is thrown as `AdminClient` does. */
export type SendCommand = (args: ReadonlyArray<string | Buffer>) => Promise<unknown>;

/**
 * Opens a connection, runs `work` and closes it again; the whole may take `timeoutMs`. Throws `server-unreachable` where nothing answers in
 * time or the connection breaks, `server-refused-password` where it answers and refuses; error replies to `work`'s own commands and what
 * `work` itself throws come as they are.
 */
export async function withServerConnection<T>(
  { host, port, password }: ServerConnection,
  timeoutMs: number,
  work: (send: SendCommand) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);

  function toUnreachable(cause: unknown): DomainError {
    const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : cause instanceof Error ? cause.message : String(cause);
    return new DomainError('server-unreachable', `no usable answer from ${host}:${port}: ${reason}`, { retryable: true, cause });
  }

  let opened: AdminClient;
  try {
    opened = await connectAdminClient({ host, port, password }, { signal, timeoutMs });
  } catch (error) {
    // An error reply to AUTH: another password, or none at all, so the server is not ours.
    if (isDomainError(error, 'source-auth-failed', 'source-permission-denied', 'source-refused')) {
      throw new DomainError('server-refused-password', `the server at ${host}:${port} refused the password`, { cause: error });
    }
    throw toUnreachable(error);
  }
  await using client = opened;
  try {
    return await work((args) => client.command(...args));
  } catch (error) {
    throw isDomainError(error, 'source-closed', 'source-unreachable', 'aborted') ? toUnreachable(error) : error;
  }
}
