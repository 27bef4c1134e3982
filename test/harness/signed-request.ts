import { deriveSigningKey, formatTc3Authorization, hashCanonicalRequest, hashPayload, signTc3, utcDay } from '../../src/api/auth/tc3.ts';
import { joinV1Parameters, signV1, type V1Method } from '../../src/api/auth/v1.ts';
import type { RawRequest } from '../../src/api/http-message.ts';

export interface SignOptions {
  readonly key: { readonly secretId: string; readonly secretKey: string };
  readonly action: string;
  readonly version: string;
  readonly timestampS: number;
  readonly method: string;
  /** Path of the request line, and of the signature unless `signedPath` says otherwise. */
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly region: string | undefined;
  /** The Host header, and what is signed unless `signedHost` says otherwise. */
  readonly host: string;
  readonly signedHost: string;
  readonly signedPath: string;
  readonly service: string;
  readonly contentType: string;
  readonly signedHeaders: string;
  /** What is signed for headers other than host where it differs from what is sent. */
  readonly signedValues: Readonly<Record<string, string>>;
  readonly payloadHash: string;
  /** Further headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request of the TC3 form, signed as told. */
export function signTc3Request(given: Partial<SignOptions> & Pick<SignOptions, 'key' | 'action' | 'timestampS'>): RawRequest {
  const method = given.method ?? 'POST';
  const defaults = {
    version: '2018-04-12',
    path: '/',
    query: '',
    body: method === 'GET' ? '' : '{}',
    host: 'redis.tencentcloudapi.com',
    service: 'redis',
    contentType: method === 'GET' ? 'application/x-www-form-urlencoded' : 'application/json',
    signedHeaders: 'content-type;host',
    signedValues: {},
    headers: {},
  };
  const options = { ...defaults, ...given, method };
  const region = 'region' in given ? given.region : 'ap-guangzhou';
  const timestamp = String(options.timestampS);
  const headers: Record<string, string> = {
    host: options.host,
    'content-type': options.contentType,
    'x-tc-action': options.action,
    'x-tc-version': options.version,
    'x-tc-timestamp': timestamp,
    ...(region === undefined ? {} : { 'x-tc-region': region }),
    ...options.headers,
  };
  const scope = { date: utcDay(options.timestampS), service: options.service };
  const values: Record<string, string> = { ...headers, host: options.signedHost ?? options.host, ...options.signedValues };
  const canonicalHash = hashCanonicalRequest({
    method,
    path: options.signedPath ?? '/',
    query: method === 'GET' ? options.query : '',
    headerLines: options.signedHeaders
      .split(';')
      .map((name) => `${name}:${values[name] ?? ''}\n`)
      .join(''),
    signedHeaders: options.signedHeaders,
    payloadHash: options.payloadHash ?? hashPayload(method === 'GET' ? '' : options.body),
  });
  const signature = signTc3(deriveSigningKey(options.key.secretKey, scope), timestamp, scope, canonicalHash);
  const { secretId } = options.key;
  headers['authorization'] ??= formatTc3Authorization({ secretId, ...scope, signedHeaders: options.signedHeaders, signature });
  return {
    method,
    path: options.path,
    query: options.query,
    headers,
    body: Buffer.from(options.body),
    isOversize: false,
    remoteAddress: '127.0.0.1',
  };
}

export interface V1Options {
  readonly key: { readonly secretId: string; readonly secretKey: string };
  readonly method?: 'GET' | 'POST';
  readonly host?: string;
  readonly signedHost?: string;
  readonly path?: string;
  readonly signedPath?: string;
  readonly signatureMethod?: V1Method;
  readonly rename?: (name: string) => string;
  readonly timestampS: number;
  /** Parameters beside those that every request has; an empty value for one of these leaves it out. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A request of the v1 form, signed as told. */
export function signV1Request(options: V1Options): RawRequest {
  const { key, method = 'GET', host = 'redis.tencentcloudapi.com', path = '/', signatureMethod } = options;
  const parameters: Record<string, string> = {
    Version: '2018-04-12',
    Region: 'ap-guangzhou',
    Timestamp: String(options.timestampS),
    Nonce: '8816731921258481568',
    SecretId: key.secretId,
    ...(signatureMethod === undefined ? {} : { SignatureMethod: signatureMethod }),
    ...options.parameters,
  };
  const joined = joinV1Parameters(parameters, options.rename);
  parameters['Signature'] = signV1(key.secretKey, signatureMethod ?? 'HmacSHA1', {
    method,
    host: options.signedHost ?? host,
    path: options.signedPath ?? '/',
    joined,
  });
  const text = new URLSearchParams(parameters).toString();
  return {
    method,
    path,
    query: method === 'GET' ? text : '',
    headers: method === 'GET' ? { host } : { host, 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(method === 'GET' ? '' : text),
    isOversize: false,
    remoteAddress: '127.0.0.1',
  };
}
