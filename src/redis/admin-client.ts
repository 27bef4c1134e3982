import { DomainError, isDomainError } from '../lib/errors.ts';
import { type LinkStage, toConnectionError } from './connection-errors.ts';
import { explainEarlyClose } from './early-close.ts';
import { formatAddress, type SourceAddress } from './source-address.ts';
import { toReplyError } from './source-errors.ts';

export interface AdminClientOptions {
  readonly signal?: AbortSignal;
  /** For the connection and for each answer; 10 s by default. */
  readonly timeoutMs?: number;
}

/** A connection for ordinary commands. It never reconnects by itself, so that a lost one is an error and not a second session. */
export interface AdminClient extends AsyncDisposable {
  /** The reply in RESP2 form. Commands that are sent without waiting go out in one batch, in order. An error reply is thrown as in `toReplyError`, under the command's name. */
  command(...args: ReadonlyArray<string | Buffer>): Promise<unknown>;
}

/** Throws as `openSourceLink` does, and `source-auth-failed`. The library is loaded on first use: it costs every start 0.1 s otherwise. */
export async function connectAdminClient(address: SourceAddress, options: AdminClientOptions = {}): Promise<AdminClient> {
  const { signal, timeoutMs = 10_000 } = options;
  const { createClient, ErrorReply } = await import('./redis-client.ts');
  const { host, port, tls, user, password } = address;
  const limits = { connectTimeout: timeoutMs, socketTimeout: timeoutMs, reconnectStrategy: false } as const;
  const client = createClient({
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    socket: tls === undefined ? { ...limits, host, port } : { ...limits, host, port, tls: true, ...toTlsOptions(tls) },
  });
  // Each failure is also thrown by the call that it concerns; without a listener the event would end the process.
  client.on('error', () => {});
  let stage: LinkStage = 'connecting';
  client.once('connect', () => {
    stage = 'connected';
  });

  // What a server says before it closes (too many clients, protected mode) is why it closes, whichever command meets the end.
  let refusal: DomainError | undefined;
  const abort = () => client.destroy();
  const toError = async (error: unknown, command: string): Promise<DomainError> => {
    if (signal?.aborted) {
      return new DomainError('aborted', `the connection to ${formatAddress(address)} was ended on request`);
    }
    if (error instanceof ErrorReply) {
      stage = 'answering';
      refusal = toReplyError(address, command, error.message);
      return refusal;
    }
    const failure = toConnectionError(address, error, stage);
    if (failure.code === 'source-closed' && refusal !== undefined) {
      return refusal;
    }
    return failure.code === 'source-closed' && stage === 'connected' ? explainEarlyClose(address, failure, signal) : failure;
  };

  if (signal?.aborted) {
    throw await toError(undefined, '');
  }
  signal?.addEventListener('abort', abort, { once: true });
  const end = () => {
    signal?.removeEventListener('abort', abort);
    if (client.isOpen) {
      client.destroy();
    }
  };
  try {
    await client.connect();
  } catch (error) {
    end();
    throw await toError(error, 'AUTH');
  }
  return {
    async command(...args) {
      try {
        const reply = await client.sendCommand([...args]);
        stage = 'answering';
        refusal = undefined;
        return reply;
      } catch (error) {
        throw await toError(error, String(args[0] ?? ''));
      }
    },
    async [Symbol.asyncDispose]() {
      end();
    },
  };
}

function toTlsOptions(tls: NonNullable<SourceAddress['tls']>): { ca?: string; cert?: string; key?: string; servername?: string } {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

/** The reply to `args`, or undefined where the user may not run it or the source does not know it. Every other error is thrown. */
export async function askIfAllowed(client: AdminClient, ...args: string[]): Promise<unknown> {
  try {
    return await client.command(...args);
  } catch (error) {
    if (isDomainError(error, 'source-permission-denied', 'source-refused')) {
      return undefined;
    }
    throw error;
  }
}

/** A flat RESP2 array of names and values, as CONFIG GET answers, as pairs; anything else is no pair at all. */
export function toPairs(reply: unknown): Array<readonly [string, string]> {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const pairs: Array<readonly [string, string]> = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    pairs.push([flat[index] ?? '', flat[index + 1] ?? '']);
  }
  return pairs;
}
