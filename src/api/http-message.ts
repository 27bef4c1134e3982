import type { IncomingHttpHeaders } from 'node:http';

/** A request as it came from the wire: nothing decoded, nothing re-serialised, because signatures cover the very bytes. */
export interface RawRequest {
  readonly method: string;
  /** The request target before `?`, as sent. */
  readonly path: string;
  /** The request target after `?`, as sent; `` where there is none. */
  readonly query: string;
  /** Names in lower case, values trimmed. */
  readonly headers: IncomingHttpHeaders;
  /** Empty where `isOversize`. */
  readonly body: Uint8Array;
  /** True where the request went over a size limit and was not kept. */
  readonly isOversize: boolean;
  /** Address of the other end of the connection, or of the client that a trusted proxy names; absent where it is not known. */
  readonly remoteAddress?: string | undefined;
}

export interface RawResponse {
  /** Beside Content-Type and Content-Length, which never vary. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** Largest query string, form body and other body, in bytes: the vendor's documented limits ("request structure" page). */
export const SIZE_LIMITS = { queryBytes: 32 * 1024, formBytes: 1024 * 1024, jsonBytes: 10 * 1024 * 1024 } as const;

/** The value of a header that has one value; `` where it is absent. */
export function readHeader(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

/** True for a form content type, with or without parameters after it. */
export function isFormType(contentType: string): boolean {
  return mediaType(contentType) === 'application/x-www-form-urlencoded';
}

/** A content type without its parameters, in lower case. */
export function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
