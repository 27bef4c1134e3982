import type { Session } from '../action.ts';
import { isTemporaryId, openToken } from '../auth/session-token.ts';
import { commonErrors } from '../errors/common-errors.ts';
import type { Credential, FindCredential } from './authenticate.ts';
import type { RequestContext } from './context.ts';

/** Who signs with a key, permanent or temporary. */
export interface Caller extends Credential {
  readonly temporary?: { readonly session: Session; readonly expiresAtS: number };
}

/**
 * Finds the key under which a request is signed; undefined where there is none. A temporary key lives in its token alone and only as
 * long as the permanent key that made it: a token that does not open, is another key's (also a permanent one's), is missing, or whose
 * maker is gone or disabled is AuthFailure.TokenFailure.
 */
export function findCaller(
  ctx: RequestContext,
  secretId: string,
  token: string,
  findCredential: FindCredential,
): Caller | undefined | Promise<Caller | undefined> {
  if (token === '') {
    if (isTemporaryId(secretId)) {
      throw commonErrors.tokenFailure();
    }
    return findCredential(secretId);
  }
  const opened = openToken(ctx.services.tokens, token);
  if (opened === undefined || opened.secretId !== secretId) {
    throw commonErrors.tokenFailure();
  }
  const { secretKey, grant } = opened;
  const { expiresAtS, name, policy } = grant;
  const toCaller = (maker: Credential | undefined): Caller => {
    if (maker === undefined) {
      throw commonErrors.tokenFailure();
    }
    return { ...maker, secretKey, temporary: { session: { name, policy }, expiresAtS } };
  };
  const maker = findCredential(grant.makerSecretId);
  return maker instanceof Promise ? maker.then(toCaller) : toCaller(maker);
}
