import { randomUUID } from 'node:crypto';
import { request as requestPlain } from 'node:http';
import { DomainError } from '../lib/errors.ts';
import { deriveSigningKey, formatTc3Authorization, hashCanonicalRequest, hashPayload, signTc3, utcDay } from './auth/tc3.ts';
import { PRODUCT_VERSIONS } from './versions.ts';

export interface ClientOptions {
  /** `http://host:port` or `https://host[:port]`; a path is not kept. */
  readonly endpoint: string;
  readonly secretId: string;
  readonly secretKey: string;
  /** Of a temporary key. */
  readonly token?: string | undefined;
  readonly region: string;
  /** How long an answer may take. Default: 60 s. */
  readonly timeoutMs?: number;
}

export interface Client {
  /**
   * Calls an action and returns its `Response`. Throws ApiCallError where the service answered with an error, and DomainError
   * `server-unreachable` or `answer-malformed`. `Answer` is what the caller knows the action to return; it is not checked.
   */
  call<Answer extends object = Record<string, unknown>>(
    product: string,
    action: string,
    parameters?: object,
  ): Promise<Answer & { RequestId: string }>;
}

/** The service answered with an error. */
export class ApiCallError extends Error {
  /** Wire code, such as `ResourceNotFound.InstanceNotExists`. */
  readonly code: string;
  readonly requestId: string;

  constructor(code: string, message: string, requestId: string) {
    super(message);
    this.name = 'ApiCallError';
    this.code = code;
    this.requestId = requestId;
  }
}

/** A caller that signs with TC3-HMAC-SHA256 and sends JSON, as the official SDKs do by default. It imports none of the actions. */
export function createClient(options: ClientOptions): Client {
  const url = URL.canParse(options.endpoint) ? new URL(options.endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new DomainError(
      'endpoint-invalid',
      `the endpoint is ${JSON.stringify(options.endpoint)}; it must be http://host:port or https://host`,
    );
  }
  return {
    async call<Answer extends object>(product: string, action: string, parameters: object = {}) {
      const version = Object.hasOwn(PRODUCT_VERSIONS, product) ? PRODUCT_VERSIONS[product as keyof typeof PRODUCT_VERSIONS] : undefined;
      if (version === undefined) {
        throw new DomainError(
          'product-unknown',
          `there is no product ${product}; products are ${Object.keys(PRODUCT_VERSIONS).join(', ')}`,
        );
      }
      const body = JSON.stringify(parameters);
      const headers = signHeaders(options, { host: url.host, product, version, action, body });
      return readAnswer<Answer>(await post(url, headers, body, options.timeoutMs ?? 60_000));
    },
  };
}

interface Call {
  readonly host: string;
  readonly product: string;
  readonly version: string;
  readonly action: string;
  readonly body: string;
}

function signHeaders({ secretId, secretKey, token = '', region }: ClientOptions, call: Call): Record<string, string> {
  const timestampS = Math.floor(Date.now() / 1000);
  const timestamp = String(timestampS);
  const scope = { date: utcDay(timestampS), service: call.product };
  const signedHeaders = 'content-type;host;x-tc-action';
  const canonicalHash = hashCanonicalRequest({
    method: 'POST',
    path: '/',
    query: '',
    headerLines: `content-type:application/json\nhost:${call.host}\nx-tc-action:${call.action.toLowerCase()}\n`,
    signedHeaders,
    payloadHash: hashPayload(call.body),
  });
  const signature = signTc3(deriveSigningKey(secretKey, scope), timestamp, scope, canonicalHash);
  return {
    Host: call.host,
    'Content-Type': 'application/json',
    'X-TC-Action': call.action,
    'X-TC-Version': call.version,
    'X-TC-Timestamp': timestamp,
    'X-TC-Region': region,
    ...(token === '' ? {} : { 'X-TC-Token': token }),
    'X-TC-Language': 'en-US',
    'X-TC-RequestClient': 'redkeep',
    'X-TC-TraceId': randomUUID(),
    Authorization: formatTc3Authorization({ secretId, ...scope, signedHeaders, signature }),
  };
}

async function post(url: URL, headers: Record<string, string>, body: string, timeoutMs: number): Promise<string> {
  // node:https takes as long to load as the whole client; most endpoints are plain and on loopback.
  const request = url.protocol === 'https:' ? (await import('node:https')).request : requestPlain;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (cause: Error) => {
    const isPlain = 'code' in cause && cause.code === 'EPROTO';
    reject(
      new DomainError('server-unreachable', `no answer from ${url.origin}: ${isPlain ? 'it does not speak TLS' : cause.message}`, {
        retryable: true,
        hint: isPlain ? `try http://${url.host}` : 'is the server running? start it with ./redkeep up, or name another one with --endpoint',
        cause,
      }),
    );
  };
  const sent = request(url.origin, {
    method: 'POST',
    headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    signal: AbortSignal.timeout(timeoutMs),
  });
  sent.once('error', fail);
  sent.once('response', (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    response.once('error', fail);
    response.once('end', () => resolve(text));
  });
  sent.end(body);
  return promise;
}

function readAnswer<Answer extends object>(text: string): Answer & { RequestId: string } {
  const answer = parseResponse(text);
  const error = answer['Error'];
  if (typeof error === 'object' && error !== null) {
    const { Code, Message } = error as Record<string, unknown>;
    throw new ApiCallError(String(Code), String(Message), String(answer['RequestId']));
  }
  return answer as Answer & { RequestId: string };
}

function parseResponse(text: string): Record<string, unknown> {
  try {
    const response: unknown = (JSON.parse(text) as Record<string, unknown>)['Response'];
    if (typeof response === 'object' && response !== null) {
      return response as Record<string, unknown>;
    }
  } catch {
    // not JSON at all: told below, like any other text that is not the envelope
  }
  throw new DomainError('answer-malformed', `the endpoint did not answer in the API's form: ${JSON.stringify(text.slice(0, 80))}`, {
    hint: 'check that --endpoint names a Redkeep server',
  });
}
