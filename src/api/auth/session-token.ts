import { createHmac, randomBytes } from 'node:crypto';

/** Authenticated encryption under a key of the service. */
export interface TokenBox {
  seal(plain: Uint8Array): Uint8Array;
  /** Undefined for what `seal` has not made, or not under a key that is still held. */
  open(sealed: Uint8Array): Uint8Array | undefined;
}

/** What a temporary key may do, for whom and how long. */
export interface SessionGrant {
  /** The permanent key that asked for it: the temporary one ends with it. */
  readonly makerSecretId: string;
  readonly name: string;
  /** Policy document as JSON. */
  readonly policy: string;
  /** Unix seconds. */
  readonly expiresAtS: number;
}

export interface TemporaryKey {
  readonly secretId: string;
  readonly secretKey: string;
}

/** The vendor's SDK model: a token has at most 4096 bytes. */
const MOST_TOKEN_LENGTH = 4096;

/** Permanent ids are letters and digits only, so that a temporary one is told by its hyphen also where its token is missing. */
const ID_PREFIX = 'AKIDTMP-';

export function isTemporaryId(secretId: string): boolean {
  return secretId.startsWith(ID_PREFIX);
}

/**
 * A temporary key with its token. The token holds all that is known of the key, sealed: the service keeps nothing of it. Undefined where
 * the token would be longer than clients expect, which only the policy's length can cause.
 */
export function issueToken(box: TokenBox, grant: SessionGrant): (TemporaryKey & { token: string }) | undefined {
  const seed = randomBytes(32);
  const { policy, ...rest } = grant;
  const head = JSON.stringify({ ...rest, seed: seed.toString('base64url') });
  const token = Buffer.from(box.seal(Buffer.from(`${head}\n${policy}`))).toString('base64url');
  return token.length > MOST_TOKEN_LENGTH ? undefined : { ...deriveKey(seed), token };
}

/** The key and grant of a token that `issueToken` made; undefined for any other text. */
export function openToken(box: TokenBox, token: string): (TemporaryKey & { grant: SessionGrant }) | undefined {
  if (token.length > MOST_TOKEN_LENGTH || !/^[\w-]+$/.test(token)) {
    return undefined;
  }
  const plain = box.open(Buffer.from(token, 'base64url'));
  if (plain === undefined) {
    return undefined;
  }
  const text = Buffer.from(plain).toString('utf8');
  const end = text.indexOf('\n');
  // Sealed by us, so it has the form that we gave it.
  const { seed, ...rest } = JSON.parse(text.slice(0, end)) as Omit<SessionGrant, 'policy'> & { seed: string };
  return { ...deriveKey(Buffer.from(seed, 'base64url')), grant: { ...rest, policy: text.slice(end + 1) } };
}

/** Id and secret by separate labels: the id, which everybody sees, tells nothing of the secret. */
function deriveKey(seed: Uint8Array): TemporaryKey {
  const part = (label: string, length: number) => createHmac('sha256', seed).update(label).digest('base64url').slice(0, length);
  return { secretId: `${ID_PREFIX}${part('temporary-key/id', 32)}`, secretKey: part('temporary-key/secret', 43) };
}
