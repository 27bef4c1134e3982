import { createHmac, hash } from 'node:crypto';

/**
 * The arithmetic of TC3-HMAC-SHA256 (the vendor's "Signature v3" page), for those who sign and those who verify. It knows texts and
 * keys, nothing of HTTP.
 */
export const TC3_ALGORITHM = 'TC3-HMAC-SHA256';
const SCOPE_END = 'tc3_request';

/** sha256 of the empty payload, which every GET has. */
export const EMPTY_PAYLOAD_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** sha256 of the word UNSIGNED-PAYLOAD, which stands for a payload that the client chose not to sign. */
export const UNSIGNED_PAYLOAD_HASH = '438d4109ef0d676b8c2c7ed13cdfcb418e494d53b843d4634ce3b1085f07bb96';

export interface CanonicalRequest {
  readonly method: string;
  readonly path: string;
  /** The query string as on the wire for GET, `` for POST. */
  readonly query: string;
  /** `name:value\n` for each signed header, in the order of `signedHeaders`. */
  readonly headerLines: string;
  /** Names joined by `;`. */
  readonly signedHeaders: string;
  readonly payloadHash: string;
}

export interface Tc3Scope {
  /** yyyy-mm-dd, UTC. */
  readonly date: string;
  readonly service: string;
}

export interface Tc3Authorization extends Tc3Scope {
  readonly secretId: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

export function hashPayload(payload: string | Uint8Array): string {
  return hash('sha256', payload, 'hex');
}

let lastDay = { number: 0, text: '1970-01-01' };

/** The UTC day of a timestamp in seconds, yyyy-mm-dd. */
export function utcDay(timestampS: number): string {
  const number = Math.floor(timestampS / 86_400);
  if (number !== lastDay.number) {
    lastDay = { number, text: new Date(number * 86_400_000).toISOString().slice(0, 10) };
  }
  return lastDay.text;
}

/** The key of one secret, day and service. It may be kept for that day: deriving it is half of the cost of a signature. */
export function deriveSigningKey(secretKey: string, scope: Tc3Scope): Buffer {
  return deriveKeys(secretKey, scope).signingKey;
}

/** The chain that leads to the signing key, each link as the documents name it. */
export function deriveKeys(secretKey: string, scope: Tc3Scope): { dateKey: Buffer; serviceKey: Buffer; signingKey: Buffer } {
  const dateKey = createHmac('sha256', `TC3${secretKey}`).update(scope.date).digest();
  const serviceKey = createHmac('sha256', dateKey).update(scope.service).digest();
  const signingKey = createHmac('sha256', serviceKey).update(SCOPE_END).digest();
  return { dateKey, serviceKey, signingKey };
}

export function hashCanonicalRequest(request: CanonicalRequest): string {
  const { method, path, query, headerLines, signedHeaders, payloadHash } = request;
  return hash('sha256', `${method}\n${path}\n${query}\n${headerLines}\n${signedHeaders}\n${payloadHash}`, 'hex');
}

/** The signature in lower-case hex. `timestamp` is the text of X-TC-Timestamp. */
export function signTc3(signingKey: Uint8Array, timestamp: string, scope: Tc3Scope, canonicalHash: string): string {
  const text = `${TC3_ALGORITHM}\n${timestamp}\n${scope.date}/${scope.service}/${SCOPE_END}\n${canonicalHash}`;
  return createHmac('sha256', signingKey).update(text).digest('hex');
}

const AUTHORIZATION =
  /^TC3-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{4}-\d{2}-\d{2})\/([^/,\s]+)\/tc3_request\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([^,\s]+)\s*$/;

/** The parts of an Authorization header, undefined where it does not have the form. Blanks after the commas are optional. */
export function parseTc3Authorization(text: string): Tc3Authorization | undefined {
  const [, secretId, date, service, signedHeaders, signature] = AUTHORIZATION.exec(text) ?? [];
  if (!secretId || !date || !service || !signedHeaders || !signature) {
    return undefined;
  }
  return { secretId, date, service, signedHeaders, signature };
}

export function formatTc3Authorization(authorization: Tc3Authorization): string {
  const { secretId, date, service, signedHeaders, signature } = authorization;
  return `${TC3_ALGORITHM} Credential=${secretId}/${date}/${service}/${SCOPE_END}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}
