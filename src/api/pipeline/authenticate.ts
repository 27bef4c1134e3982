import { explainTc3, explainV1 } from '../auth/explain-signature.ts';
import { createSigningKeys, type SigningKeys } from '../auth/signing-keys.ts';
import { EMPTY_PAYLOAD_HASH, hashPayload, parseTc3Authorization, UNSIGNED_PAYLOAD_HASH, utcDay } from '../auth/tc3.ts';
import { verifyTc3, verifyV1 } from '../auth/verify.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { type RawRequest, readHeader } from '../http-message.ts';
import type { RequestContext, Step } from './context.ts';
import { type Caller, findCaller } from './find-caller.ts';
import { isUnsigned } from './unsigned.ts';

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
 * retries. With `explains`, a signature that does not match is answered with what differs. Where the action allows a call without a key
 * and there is none, the principal stays nobody.
 * Reads: form, parameters, timestamp, arrivedAt. Fills: principal.
 * Raises: AuthFailure.{InvalidAuthorization, SecretIdNotFound, SignatureFailure, SignatureExpire, TokenFailure}, InvalidParameterValue.
 */
export function createAuthenticate(findCredential: FindCredential, { explains }: { explains: boolean }): Step {
  const keys = createSigningKeys();
  return (ctx) => {
    if (isUnsigned(ctx)) {
      return undefined;
    }
    return ctx.form === 'tc3' ? authenticateTc3(ctx, findCredential, keys, explains) : authenticateV1(ctx, findCredential, explains);
  };
}

function authenticateTc3(
  ctx: RequestContext,
  findCredential: FindCredential,
  keys: SigningKeys,
  explains: boolean,
): undefined | Promise<undefined> {
  const { raw, timestamp } = ctx;
  const authorization = parseTc3Authorization(readHeader(raw.headers, 'authorization'));
  if (authorization === undefined || !isSignable(authorization.signedHeaders)) {
    throw commonErrors.invalidAuthorization();
  }
  const { secretId } = authorization;
  return withCaller(findCaller(ctx, secretId, readHeader(raw.headers, 'x-tc-token'), findCredential), (caller) => {
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
    const signingKey = keys.get(secretId, caller.secretKey, authorization);
    if (authorization.date !== utcDay(Number(timestamp)) || !verifyTc3(claim, signingKey)) {
      throw commonErrors.signatureFailure(explains && isDirect(raw) ? explainTc3(claim, caller.secretKey, raw) : undefined);
    }
    keys.keep(secretId, caller.secretKey, authorization, signingKey);
    accept(ctx, secretId, caller);
  });
}

function authenticateV1(ctx: RequestContext, findCredential: FindCredential, explains: boolean): undefined | Promise<undefined> {
  const { raw, parameters } = ctx;
  const secretId = parameters['SecretId'] ?? '';
  const signatureMethod = parameters['SignatureMethod'] || 'HmacSHA1';
  if (signatureMethod !== 'HmacSHA1' && signatureMethod !== 'HmacSHA256') {
    throw commonErrors.invalidValue('SignatureMethod', signatureMethod);
  }
  return withCaller(findCaller(ctx, secretId, parameters['Token'] ?? '', findCredential), (caller) => {
    const host = readHeader(raw.headers, 'host');
    const claim = { method: raw.method, path: raw.path, host, parameters, signatureMethod } as const;
    if (!verifyV1(claim, caller.secretKey)) {
      throw commonErrors.signatureFailure(explains && isDirect(ctx.raw) ? explainV1(claim, caller.secretKey) : undefined);
    }
    accept(ctx, secretId, caller);
  });
}

/** Goes on at once where the credential is at hand, so that the usual request waits for nothing. */
function withCaller(
  found: Caller | undefined | Promise<Caller | undefined>,
  verify: (caller: Caller) => void,
): undefined | Promise<undefined> {
  if (found instanceof Promise) {
    return found.then((caller) => withCaller(caller, verify));
  }
  if (found === undefined) {
    throw commonErrors.secretIdNotFound();
  }
  verify(found);
  return undefined;
}

/** The last checks, so that only who holds the key learns that the clock is wrong or the key has expired. */
function accept(ctx: RequestContext, secretId: string, { accountId, uin, temporary }: Caller): void {
  if (Math.abs(ctx.arrivedAt / 1000 - Number(ctx.timestamp)) > WINDOW_S) {
    throw commonErrors.signatureExpire();
  }
  if (temporary !== undefined && ctx.arrivedAt >= temporary.expiresAtS * 1000) {
    throw commonErrors.tokenFailure();
  }
  ctx.principal = { secretId, accountId, uin, ...(temporary === undefined ? {} : { session: temporary.session }) };
}

/** Official clients sign two or three headers. */
const MOST_SIGNED_HEADERS = 20;

/**
 * Content-Type and Host must be signed ("Signature v3" page). Each name may come once and names are few: every one puts its header's
 * whole value into the text that is hashed, so that a short list could otherwise ask for gigabytes of it.
 */
function isSignable(signedHeaders: string): boolean {
  const names = signedHeaders.split(';', MOST_SIGNED_HEADERS + 1);
  return (
    names.length <= MOST_SIGNED_HEADERS && new Set(names).size === names.length && names.includes('content-type') && names.includes('host')
  );
}

function payloadHashOf(raw: RawRequest): string {
  if (readHeader(raw.headers, 'x-tc-content-sha256') === 'UNSIGNED-PAYLOAD') {
    return UNSIGNED_PAYLOAD_HASH;
  }
  return raw.method === 'GET' ? EMPTY_PAYLOAD_HASH : hashPayload(raw.body);
}

/** Whether a request comes from this machine itself: a proxy on it makes a stranger's request look so, but says that it is one. */
function isDirect({ headers, remoteAddress }: RawRequest): boolean {
  const isForwarded = Object.keys(headers).some((name) => /^(?:forwarded|via|x-real-ip|x-forwarded-.*)$/.test(name));
  return !isForwarded && /^(?:127\.|::1$|::ffff:127\.)/.test(remoteAddress ?? '');
}
