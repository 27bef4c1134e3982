import { equalSignatures, hostCandidates, pathCandidates } from './candidates.ts';
import { hashCanonicalRequest, signTc3, type Tc3Authorization } from './tc3.ts';
import { dotted, joinV1Parameters, signV1, type V1Method } from './v1.ts';

export interface Tc3Claim {
  readonly method: string;
  /** As in the request line. */
  readonly path: string;
  readonly query: string;
  /** The Host header, byte for byte. */
  readonly host: string;
  /** The value of any other signed header as sent; `` where it is absent. */
  readonly headerValue: (name: string) => string;
  readonly payloadHash: string;
  /** The text of X-TC-Timestamp. */
  readonly timestamp: string;
  readonly authorization: Tc3Authorization;
}

/** True where the signature matches one of the ways in which an official client signs this request. */
export function verifyTc3(claim: Tc3Claim, signingKey: Uint8Array): boolean {
  const { method, query, payloadHash, timestamp, authorization } = claim;
  const { signedHeaders, signature } = authorization;
  const names = signedHeaders.split(';');
  const hosts = hostCandidates(claim.host);
  for (const path of pathCandidates(claim.path)) {
    const tried = new Set<string>();
    for (const lowers of LOWERINGS) {
      for (const host of hosts) {
        const headerLines = joinHeaders(names, host, claim.headerValue, lowers);
        if (tried.has(headerLines)) {
          continue;
        }
        tried.add(headerLines);
        const canonicalHash = hashCanonicalRequest({ method, path, query, headerLines, signedHeaders, payloadHash });
        if (equalSignatures(signature, signTc3(signingKey, timestamp, authorization, canonicalHash))) {
          return true;
        }
      }
    }
  }
  return false;
}

type Lowering = (name: string) => boolean;

/** SDKs sign values as sent; the documents' examples lower-case the action, their text all values. */
export const LOWERINGS: readonly Lowering[] = [() => false, (name) => name === 'x-tc-action', () => true];

function joinHeaders(names: readonly string[], host: string, headerValue: (name: string) => string, lowers: Lowering): string {
  let lines = '';
  for (const name of names) {
    const value = name === 'host' ? host : headerValue(name);
    lines += `${name}:${name !== 'host' && lowers(name) ? value.toLowerCase() : value}\n`;
  }
  return lines;
}

export interface V1Claim {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** Decoded, with Signature. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly signatureMethod: V1Method;
}

/** True where the signature matches one of the ways in which an official client signs this request. */
export function verifyV1(claim: V1Claim, secretKey: string): boolean {
  const { method, parameters, signatureMethod } = claim;
  const signature = parameters['Signature'] ?? '';
  const asSent = joinV1Parameters(parameters);
  const withDots = asSent.includes('_') ? joinV1Parameters(parameters, dotted) : asSent;
  for (const joined of withDots === asSent ? [asSent] : [asSent, withDots]) {
    for (const path of pathCandidates(claim.path)) {
      for (const host of hostCandidates(claim.host)) {
        if (equalSignatures(signature, signV1(secretKey, signatureMethod, { method, host, path, joined }))) {
          return true;
        }
      }
    }
  }
  return false;
}
