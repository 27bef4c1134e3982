import { DomainError } from '../lib/errors.ts';

export interface ServerConnection {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

/** Sends one command; commands that are sent without waiting go out in one batch, in order. Rejects with the server's error reply. */
export type SendCommand = (args: ReadonlyArray<string | Buffer>) => Promise<unknown>;

/**
 * Opens a connection, runs `work` and closes it again; the whole may take `timeoutMs`. Throws `server-unreachable` where nothing answers in
 * time or the connection breaks, `server-refused-password` where it answers and refuses; error replies to `work`'s own commands come as
 * they are.
 */
export async function withServerConnection<T>(
  connection: ServerConnection,
  timeoutMs: number,
  work: (send: SendCommand) => Promise<T>,
): Promise<T> {
  const { host, port, password } = connection;
  // Loaded on first use: it would cost every start of the service a tenth of a second.
  const { createClient } = await import('../redis/redis-client.ts');
  const client = createClient({
    RESP: 2,
    password,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: { host, port, connectTimeout: timeoutMs, reconnectStrategy: false },
  });
  let broken: unknown;
  client.on('error', (error) => {
    broken = error;
  });
  const timer = setTimeout(() => {
    broken = new Error(`no answer within ${timeoutMs} ms`);
    client.destroy();
  }, timeoutMs);
  try {
    await client.connect().catch((error) => {
      throw toConnectError(connection, broken ?? error);
    });
    return await work((args) => client.sendCommand(args));
  } catch (error) {
    throw broken === undefined || error instanceof DomainError ? error : toConnectError(connection, broken);
  } finally {
    clearTimeout(timer);
    if (client.isOpen) {
      client.destroy();
    }
  }
}

function toConnectError({ host, port }: ServerConnection, cause: unknown): DomainError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // WRONGPASS and NOAUTH: another password. "ERR AUTH … called without any password configured": none at all, so not ours.
  return /^(WRONGPASS|NOAUTH|NOPERM|ERR .*AUTH)/.test(reason)
    ? new DomainError('server-refused-password', `the server at ${host}:${port} refused the password`, { cause })
    : new DomainError('server-unreachable', `no usable answer from ${host}:${port}: ${reason}`, { retryable: true, cause });
}
