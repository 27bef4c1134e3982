import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawRequest, RawResponse } from '../api/http-message.ts';
import { DOWNLOAD_PREFIX } from '../downloads/link.ts';
import type { DownloadAnswer, DownloadRequest } from '../downloads/serve-download.ts';
import { DomainError } from '../lib/errors.ts';
import type { IpRanges } from '../lib/ip-range.ts';
import { clientAddress } from './client-address.ts';
import { compress } from './compress.ts';
import { type BodyReader, createBodyReader } from './read-body.ts';
import { sendDownload } from './send-download.ts';

export interface HttpServerOptions {
  /** Answers an API request; must not reject. */
  readonly handle: (request: RawRequest) => Promise<RawResponse>;
  /** Answers what is asked for below `/download/`; must not reject. Absent: nothing but the API is there. */
  readonly download?: (request: DownloadRequest) => Promise<DownloadAnswer>;
  /** Proxies whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: IpRanges;
  /** Whether `GET /healthz` answers 200 (ready) or 503. */
  readonly health: () => boolean | Promise<boolean>;
  /** What `GET /metrics` shows. */
  readonly metrics: () => Promise<{ contentType: string; text: string }>;
  readonly timeouts?: Partial<HttpTimeouts>;
}

export interface HttpTimeouts {
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestMs: number;
  /** How long a client may take nothing of an answer. */
  readonly stalledMs: number;
  /** Between two requests on a connection. */
  readonly idleMs: number;
  /** How long `close` waits for answers that are under way. */
  readonly closeMs: number;
}

export interface HttpServer {
  /** Resolves when connections are accepted. Port 0 picks a free one. Throws `listen-failed`. */
  listen(host: string, port: number): Promise<{ port: number }>;
  /** Accepts no more, lets what is under way be answered, then closes every connection. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUTS: HttpTimeouts = { headersMs: 15_000, requestMs: 60_000, stalledMs: 60_000, idleMs: 75_000, closeMs: 10_000 };

/** Request line and headers together; a query of 32 KB must fit. */
const MOST_HEADER_BYTES = 64 * 1024;
const MOST_HEADERS = 100;

/**
 * The socket side of the API: keeps bytes as they came, bounds sizes and times, and answers with HTTP 200 and JSON whatever was asked,
 * because official clients take any other status for a broken transport. Only `/healthz`, `/metrics` and what lies below `/download/` are not
 * the API.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const bodies = createBodyReader();
  let isClosing = false;
  const server = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.idleMs,
    connectionsCheckingInterval: Math.min(5_000, timeouts.headersMs, timeouts.requestMs),
    // A request without Host is answered in the envelope too: its signature cannot match.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  });
  server.maxHeadersCount = MOST_HEADERS;
  // Nothing read or written for so long, other than between requests.
  server.timeout = timeouts.stalledMs;

  // Node counts a connection that has sent nothing yet as active, so that closeIdleConnections would leave it open.
  const sockets = new Set<Socket>();
  // How many answers each owes: a client may send its next request before it has the last answer (RFC 9112, 9.3.2).
  const pending = new Map<Socket, number>();
  server.on('connection', (socket) => {
    // Node asks for the peer's address when it is first read, and after a reset there is none: a request without it would pass conditions
    // on addresses. Read now, it is kept.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    pending.set(socket, (pending.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (pending.get(socket) ?? 1) - 1;
      if (left > 0) {
        pending.set(socket, left);
        return;
      }
      pending.delete(socket);
      if (isClosing) {
        socket.destroySoon();
      }
    });
    if (isClosing) {
      response.setHeader('Connection', 'close');
    }
    answer(options, bodies, request, response).catch(() => response.destroy());
  };
  server.on('request', serve);
  // An Expect that Node does not know would be answered with 417.
  server.on('checkExpectation', serve);
  server.on('connect', (request, socket) => {
    answerSocket(options, socket, toRawRequest(options, request, EMPTY, false)).catch(() => socket.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const raw = rawRequestOf(error.code);
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
    } else if (raw === undefined) {
      const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
      endSocket(socket, `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    } else {
      answerSocket(options, socket, raw).catch(() => socket.destroy());
    }
  });

  return {
    async listen(host, port) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', reject);
      server.listen({ host, port }, resolve);
      await promise.catch((cause: Error) => {
        throw new DomainError('listen-failed', `cannot listen on ${host}:${port}: ${cause.message}`, {
          hint: 'choose another address with --host and --port',
          cause,
        });
      });
      server.removeListener('error', reject);
      return { port: (server.address() as AddressInfo).port };
    },

    async close() {
      isClosing = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) {
        if (!pending.has(socket)) {
          socket.destroy();
        }
      }
      const timer = setTimeout(() => server.closeAllConnections(), timeouts.closeMs);
      await promise;
      clearTimeout(timer);
    },
  };
}

const EMPTY = new Uint8Array(0);

async function answer(options: HttpServerOptions, bodies: BodyReader, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (hasTwoHosts(request)) {
    response.setHeader('Connection', 'close');
    send(response, 400, 'text/plain', '');
    return;
  }
  if (request.method === 'GET' && request.url === '/healthz') {
    const isReady = await options.health();
    send(response, isReady ? 200 : 503, 'text/plain', isReady ? 'ready\n' : 'not ready\n');
    return;
  }
  if (request.method === 'GET' && request.url === '/metrics') {
    const { contentType, text } = await options.metrics();
    send(response, 200, contentType, text);
    return;
  }
  if (options.download !== undefined && request.url?.startsWith(DOWNLOAD_PREFIX)) {
    const { method, path, headers, remoteAddress } = toRawRequest(options, request, EMPTY, false);
    await sendDownload(response, await options.download({ method, path, headers, address: remoteAddress }));
    return;
  }
  const call = (body: Uint8Array | undefined) => options.handle(toRawRequest(options, request, body ?? EMPTY, body === undefined));
  const { headers, body: text } = await (hasBody(request) ? bodies.read(request, call) : call(EMPTY));
  for (const name in headers) {
    response.setHeader(name, headers[name] ?? '');
  }
  const sizeBytes = Buffer.byteLength(text);
  const compressed = compress(text, sizeBytes, request.headers['accept-encoding']);
  if (compressed === undefined) {
    sendJson(response, text, sizeBytes);
  } else {
    const bytes = await compressed;
    response.setHeader('Content-Encoding', 'gzip');
    sendJson(response, bytes, bytes.length);
  }
}

/** The type is exactly this text: the Python SDK and tccli take an error for an empty success where a charset follows. */
function sendJson(response: ServerResponse, body: string | Buffer, sizeBytes: number): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': sizeBytes });
  response.end(body);
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** Node keeps the first Host and drops others, which a proxy in front may have read instead. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') {
      hosts++;
    }
  }
  return hosts > 1;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

function toRawRequest({ trustedProxies }: HttpServerOptions, request: IncomingMessage, body: Uint8Array, isOversize: boolean): RawRequest {
  const { method = '', url = '', headers } = request;
  const { remoteAddress } = request.socket;
  const forwarded = headers['x-forwarded-for'];
  const mark = url.indexOf('?');
  return {
    method,
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    headers,
    body,
    isOversize,
    // Node joins the values of a header that comes several times, in their order.
    remoteAddress:
      trustedProxies === undefined
        ? remoteAddress
        : clientAddress(remoteAddress, Array.isArray(forwarded) ? forwarded.join(',') : forwarded, trustedProxies),
  };
}

/** What the parser refused but the envelope has a code for. */
function rawRequestOf(code: string | undefined): RawRequest | undefined {
  const raw = { method: 'GET', path: '/', query: '', headers: {}, body: EMPTY, isOversize: false };
  switch (code) {
    case 'HPE_INVALID_METHOD':
      return { ...raw, method: 'unknown' };
    case 'HPE_HEADER_OVERFLOW':
      return { ...raw, isOversize: true, method: 'POST' };
    default:
      return undefined;
  }
}

/** Answers where the parser gave no response object, and closes. */
async function answerSocket(options: HttpServerOptions, socket: Duplex, raw: RawRequest): Promise<void> {
  const { body } = await options.handle(raw);
  endSocket(
    socket,
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** How long a client may keep a connection that is at its end. Closed at once, one that still sends might never see the answer. */
const LINGER_MS = 2_000;

/** Says the last of a connection, and closes it also where the client does not. */
function endSocket(socket: Duplex, text: string): void {
  socket.end(text);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
