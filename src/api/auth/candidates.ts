import { timingSafeEqual } from 'node:crypto';

/**
 * The values that the official clients may have signed for what the wire shows, likeliest first, none twice. Node's SDK signs the host
 * without the port that it sends, Python's may send a whole URL as Host and sign that, the documents lower-case what the SDKs do not.
 */
export function hostCandidates(host: string): readonly string[] {
  const bare = withoutPort(host);
  const lowered = host.toLowerCase();
  if (lowered === host) {
    return bare === host ? [host] : [host, bare];
  }
  return [...new Set([host, bare, lowered, bare.toLowerCase()])];
}

/** `host` without a `:port` at its end; brackets of an IPv6 address stay, as they do in a URL's host name. */
export function withoutPort(host: string): string {
  let end = host.length;
  while (end > 0 && isDigit(host.charCodeAt(end - 1))) {
    end--;
  }
  const isPort = end > 0 && end < host.length && host[end - 1] === ':';
  if (!isPort || (host.startsWith('[') ? host[end - 2] !== ']' : host.startsWith(':'))) {
    return host;
  }
  return host.slice(0, end - 1);
}

/** `/` first: no action has another path, and Go's SDK signs `/` even where it sends another one. */
export function pathCandidates(path: string): readonly string[] {
  return path === '/' ? ['/'] : ['/', path];
}

/** Compares in time that does not depend on where the texts differ; only their lengths show, which are no secret. */
export function equalSignatures(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
