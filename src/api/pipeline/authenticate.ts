import type { Principal } from '../action.ts';
import { createSigningKeys, type SigningKeys } from '../auth/signing-keys.ts';
import { EMPTY_PAYLOAD_HASH, hashPayload, parseTc3Authorization, UNSIGNED_PAYLOAD_HASH, utcDay } from '../auth/tc3.ts';
import { verifyTc3, verifyV1 } from '../auth/verify.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { type RawRequest, readHeader } from '../http-message.ts';
import type { RequestContext, Step } from './context.ts';

/** What the account store knows of a key. */
export interface Credential {
  readonly secretKey: string;
  readonly accountId: string;
  /** Equal to `accountId` for the root account. */
  readonly uin: string;
}

/** Undefined where the key does not exist or is disabled. */
export type FindCredential = (secretId: string) => Credential | undefined | Promise<Credential | undefined>;

/** How far the timestamp may be from server time, both ways, in seconds ("common errors" page: five minutes). */
const WINDOW_S = 300;

/**
 * Verifies the signature over the raw bytes, then the age. Nonces are not remembered: Go's SDK sends the very same request again when it
 * retries.
 * Reads: form, parameters, timestamp, arrivedAt. Fills: principal.
 * Raises: AuthFailure.{InvalidAuthorization, SecretIdNotFound, SignatureFailure, SignatureExpire}, InvalidParameterValue.
 */
export function createAuthenticate(findCredential: FindCredential): Step {
  const keys = createSigningKeys();
  return (ctx) => (ctx.form === 'tc3' ? authenticateTc3(ctx, findCredential, keys) : authenticateV1(ctx, findCredential));
}

function authenticateTc3(ctx: RequestContext, findCredential: FindCredential, keys: SigningKeys): undefined | Promise<undefined> {
  const { raw, timestamp } = ctx;
  const authorization = parseTc3Authorization(readHeader(raw.headers, 'authorization'));
  if (authorization === undefined || !signsWhatItMust(authorization.signedHeaders)) {
    throw commonErrors.invalidAuthorization();
  }
  const { secretId } = authorization;
  return withCredential(findCredential(secretId), (credential) => {
    if (authorization.date !== utcDay(Number(timestamp))) {
      throw commonErrors.signatureFailure();
    }
    const signingKey = keys.get(secretId, credential.secretKey, authorization);
    const claim = {
      method: raw.method,
      path: raw.path,
      query: raw.method === 'GET' ? raw.query : '',
      host: readHeader(raw.headers, 'host'),
      headerValue: (name: string) => readHeader(raw.headers, name),
      payloadHash: payloadHashOf(raw),
      timestamp,
      authorization,
    };
    if (!verifyTc3(claim, signingKey)) {
      throw commonErrors.signatureFailure();
    }
    keys.keep(secretId, credential.secretKey, authorization, signingKey);
    accept(ctx, secretId, credential);
  });
}

function authenticateV1(ctx: RequestContext, findCredential: FindCredential): undefined | Promise<undefined> {
  const { raw, parameters } = ctx;
  const secretId = parameters['SecretId'] ?? '';
  const signatureMethod = parameters['SignatureMethod'] || 'HmacSHA1';
  if (signatureMethod !== 'HmacSHA1' && signatureMethod !== 'HmacSHA256') {
    throw commonErrors.invalidValue('SignatureMethod', signatureMethod);
  }
  return withCredential(findCredential(secretId), (credential) => {
    const host = readHeader(raw.headers, 'host');
    if (!verifyV1({ method: raw.method, path: raw.path, host, parameters, signatureMethod }, credential.secretKey)) {
      throw commonErrors.signatureFailure();
    }
    accept(ctx, secretId, credential);
  });
}

/** Goes on at once where the credential is at hand, so that the usual request waits for nothing. */
function withCredential(
  found: Credential | undefined | Promise<Credential | undefined>,
  verify: (credential: Credential) => void,
): undefined | Promise<undefined> {
  if (found instanceof Promise) {
    return found.then((credential) => withCredential(credential, verify));
  }
  if (found === undefined) {
    throw commonErrors.secretIdNotFound();
  }
  verify(found);
  return undefined;
}

/** The last check, so that only who holds the key learns that the clock is wrong. */
function accept(ctx: RequestContext, secretId: string, { accountId, uin }: Credential): void {
  if (Math.abs(ctx.arrivedAt / 1000 - Number(ctx.timestamp)) > WINDOW_S) {
    throw commonErrors.signatureExpire();
  }
  const principal: Principal = { secretId, accountId, uin };
  ctx.principal = principal;
}

/** Content-Type and Host must be signed ("Signature v3" page). */
function signsWhatItMust(signedHeaders: string): boolean {
  const names = signedHeaders.split(';');
  return names.includes('content-type') && names.includes('host');
}

function payloadHashOf(raw: RawRequest): string {
  if (readHeader(raw.headers, 'x-tc-content-sha256') === 'UNSIGNED-PAYLOAD') {
    return UNSIGNED_PAYLOAD_HASH;
  }
  return raw.method === 'GET' ? EMPTY_PAYLOAD_HASH : hashPayload(raw.body);
}
