import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { DomainError } from '../lib/errors.ts';
import { createReplicaConnection, type ReplicaConnection } from './replica-connection.ts';
import { encodeCommand } from './resp/encode-command.ts';

export interface MasterSessionOptions {
  /** The address to listen on; nothing else of this machine is opened. */
  readonly host: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** IP addresses that may connect; all others are closed without a word. */
  readonly targetAddresses: readonly string[];
  /** PEM texts; present means that the target connects by TLS. With `ca` it must show a certificate of it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** What FULLRESYNC tells: where the history of the RDB stands. 0 by default. */
  readonly replicationOffset?: number;
  readonly signal?: AbortSignal;
  /** How long the target may take no byte of the RDB; 60 s by default, as `repl-timeout`. */
  readonly stallTimeoutMs?: number;
  /** How long the target may send nothing while it loads, not even a newline; 300 s by default. */
  readonly loadTimeoutMs?: number;
}

/**
 * We are the master, for one replica and one RDB. It listens from the start; whoever connects gets nothing before it has given the one-time
 * password, and the first that then asks for the data is the session: nobody else is let in afterwards. After `close`, an abort or a failure
 * nothing stays open. Errors are `target-closed` and `target-stalled` (both retryable) and `aborted`.
 */
export interface MasterSession extends AsyncDisposable {
  readonly port: number;
  /** For this session alone; the target sends it as its `masterauth`, under any user. */
  readonly password: string;
  /** Fresh and random: with that of the source, an old replica of it could go on from data that has parted from its own. */
  readonly replicationId: string;
  readonly replicationOffset: number;
  /** Waits until the target has signed in and asked for the data. Throws `target-did-not-connect`. */
  waitForTarget(timeoutMs: number): Promise<void>;
  /** FULLRESYNC and the RDB, in the form that ends with a mark. Each piece is done with when the next one is asked for. */
  sendRdb(rdb: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number }>;
  /** Waits until the target has loaded everything, as it acknowledges: twice, the second time because we asked. */
  waitForLoad(): Promise<void>;
  /** Idempotent; never throws. */
  close(): Promise<void>;
}

const MARK_LENGTH = 40;
/** While the first piece is not there yet a newline each second keeps the target waiting (`replicationCron` of Redis sends the same). */
const NEWLINE_INTERVAL_MS = 1000;
/** A target tries again each second; what does not sign in soon is none. */
const SIGN_IN_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 8;

/** Throws `listen-failed` and `aborted`. */
export async function openMasterSession(options: MasterSessionOptions): Promise<MasterSession> {
  const { signal, stallTimeoutMs = 60_000, loadTimeoutMs = 300_000 } = options;
  const password = randomBytes(24).toString('hex');
  const replicationId = randomBytes(20).toString('hex');
  const replicationOffset = Math.max(0, options.replicationOffset ?? 0);
  const allowed = new Set(options.targetAddresses.map(normalizeAddress));
  const sockets = new Set<Socket>();
  const target = Promise.withResolvers<ReplicaConnection>();
  target.promise.catch(() => {});
  let session: ReplicaConnection | undefined;
  let isClosed = false;

  const server = createServer(options.tls, accept);
  // Before a TLS handshake, and before `accept` otherwise.
  server.prependListener('connection', (socket: Socket) => {
    if (isClosed || session !== undefined || !allowed.has(normalizeAddress(socket.remoteAddress ?? ''))) {
      socket.destroy();
    }
  });
  // More than the limit at once can only be strangers; the target needs one.
  server.maxConnections = MAX_CONNECTIONS;

  function accept(socket: Socket): void {
    socket.on('error', () => {});
    if (socket.destroyed) {
      return;
    }
    sockets.add(socket);
    const limit = setTimeout(() => socket.destroy(), SIGN_IN_TIMEOUT_MS);
    socket.once('close', () => {
      clearTimeout(limit);
      sockets.delete(socket);
    });
    const connection = createReplicaConnection(socket, isPassword, () => {
      if (session !== undefined || isClosed) {
        return false;
      }
      clearTimeout(limit);
      session = connection;
      stopListening(socket);
      target.resolve(connection);
      return true;
    });
  }

  /** Compared as hashes, in a time that tells nothing of the content or the length. */
  function isPassword(given: string): boolean {
    const hash = (text: string) => createHash('sha256').update(text).digest();
    return timingSafeEqual(hash(given), hash(password));
  }

  function stopListening(but?: Socket): void {
    server.close();
    for (const socket of sockets) {
      if (socket !== but) {
        socket.destroy();
      }
    }
  }

  const abort = () => fail(new DomainError('aborted', 'the session with the target was ended on request'));

  function fail(error: DomainError): void {
    isClosed = true;
    signal?.removeEventListener('abort', abort);
    stopListening();
    target.reject(error);
    session?.fail(error);
  }

  async function close(): Promise<void> {
    fail(new DomainError('target-closed', 'the session with the target was closed by this side'));
  }

  if (signal?.aborted) {
    throw new DomainError('aborted', 'the session with the target was ended on request');
  }
  const port = await listen(server, options.host, options.port ?? 0);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) {
    abort();
  }

  async function sendRdb(rdb: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number }> {
    const connection = await target.promise;
    const mark = randomBytes(MARK_LENGTH / 2).toString('hex');
    await connection.write(`+FULLRESYNC ${replicationId} ${replicationOffset}\r\n`, stallTimeoutMs);
    let sizeBytes = 0;
    let newlines: NodeJS.Timeout | undefined = setInterval(
      () => void connection.write('\n', stallTimeoutMs).catch(() => {}),
      NEWLINE_INTERVAL_MS,
    );
    try {
      for await (const bytes of rdb) {
        if (newlines !== undefined) {
          clearInterval(newlines);
          newlines = undefined;
          await connection.write(`$EOF:${mark}\r\n`, stallTimeoutMs);
        }
        await connection.write(bytes, stallTimeoutMs);
        sizeBytes += bytes.length;
      }
    } finally {
      clearInterval(newlines);
    }
    // Nothing may follow it before the first ACK: the target looks for the mark at the end of what it has read.
    await connection.write(mark, stallTimeoutMs);
    return { sizeBytes };
  }

  async function waitForLoad(): Promise<void> {
    const connection = await target.promise;
    await connection.waitForAck(replicationOffset, loadTimeoutMs);
    const again = connection.waitForNextAck(replicationOffset, loadTimeoutMs);
    again.catch(() => {});
    await connection.write(encodeCommand(['REPLCONF', 'GETACK', '*']), stallTimeoutMs);
    await again;
  }

  return {
    port,
    password,
    replicationId,
    replicationOffset,
    sendRdb,
    waitForLoad,
    async waitForTarget(timeoutMs) {
      const limit = setTimeout(() => {
        const message = `nobody signed in on ${options.host} port ${port} within ${timeoutMs} ms`;
        const hint = 'check that the target can reach the address that is advertised to it';
        fail(new DomainError('target-did-not-connect', message, { hint }));
      }, timeoutMs);
      try {
        await target.promise;
      } finally {
        clearTimeout(limit);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createServer(tls: MasterSessionOptions['tls'], accept: (socket: Socket) => void): Server {
  if (tls === undefined) {
    return createTcpServer({ noDelay: true, keepAlive: true }, accept);
  }
  const { cert, key, ca } = tls;
  const server = createTlsServer({ cert, key, ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }) }, accept);
  return server.on('tlsClientError', () => {});
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const message = `no listening on ${host} port ${port}: ${error instanceof Error ? error.message : String(error)}`;
    throw new DomainError('listen-failed', message, { hint: 'name an address of this machine for the target to connect to', cause: error });
  }
  server.on('error', () => {});
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** An IPv4 address as it is, also where the socket is one of IPv6. */
function normalizeAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=[0-9.]+$)/, '');
}
