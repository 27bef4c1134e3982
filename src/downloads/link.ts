import type { DownloadRestriction } from '../catalog/download-restriction.ts';

/** What a link lets its bearer fetch: one shard of one attempt, from where the restriction allows, until it expires. */
export interface LinkClaims {
  readonly backupId: string;
  readonly attempt: number;
  readonly shard: number;
  /** Last part of the link's path, and what the bytes are called. */
  readonly fileName: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  readonly restriction: DownloadRestriction;
  /** Who asked for the link, for the audit log. */
  readonly uin: string;
}

/** Signs links and tells those that it has signed; `Keyring` does. */
export interface LinkSigner {
  sign(label: string, text: Uint8Array): Uint8Array;
  verifies(label: string, text: Uint8Array, signature: Uint8Array): boolean;
}

const LABEL = 'download-link';
export const DOWNLOAD_PREFIX = '/download/';

/** Long enough for the longest restriction that can be set, short enough not to be worth parsing where it is longer. */
const MOST_TOKEN_LENGTH = 32 * 1024;

/** Path of a link: `/download/<claims>.<signature>/<file name>`, both parts base64url. Whoever has it may read what it says. */
export function createLinkPath(signer: LinkSigner, claims: LinkClaims): string {
  const text = Buffer.from(JSON.stringify(claims));
  const signature = Buffer.from(signer.sign(LABEL, text));
  return `${DOWNLOAD_PREFIX}${text.toString('base64url')}.${signature.toString('base64url')}/${claims.fileName}`;
}

/** The claims of a path that `createLinkPath` made; undefined for any other. Whether they still hold is for the caller to see. */
export function readLinkPath(signer: LinkSigner, path: string): LinkClaims | undefined {
  const [token = '', fileName = '', ...rest] = path.slice(DOWNLOAD_PREFIX.length).split('/');
  if (rest.length > 0 || token.length > MOST_TOKEN_LENGTH || !/^[\w-]+\.[\w-]+$/.test(token)) {
    return undefined;
  }
  const [textPart = '', signaturePart = ''] = token.split('.');
  const text = Buffer.from(textPart, 'base64url');
  const signature = Buffer.from(signaturePart, 'base64url');
  // Of several texts that decode to the same bytes only the one that was given out is the link.
  const isExact = text.toString('base64url') === textPart && signature.toString('base64url') === signaturePart;
  if (!isExact || !signer.verifies(LABEL, text, signature)) {
    return undefined;
  }
  // Signed by us, so it has the form that we gave it.
  const claims = JSON.parse(text.toString()) as LinkClaims;
  return claims.fileName === fileName ? claims : undefined;
}
