const CRLF = '\r\n';
/** The headers of one part; clients send under a hundred bytes. */
const MOST_HEADER_BYTES = 8192;

/**
 * Whether a body has the form of `multipart/form-data` with the boundary that its content type names: parts between boundaries, each
 * with a `Content-Disposition: form-data` that has a name, and the closing boundary at the end (RFC 2046 5.1, RFC 7578 4.2). Goes over
 * the body once and keeps nothing of it.
 */
export function isMultipart(body: Uint8Array, contentType: string): boolean {
  const boundary = readBoundary(contentType);
  if (boundary === undefined) {
    return false;
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = `--${boundary}`;
  if (!startsWith(bytes, delimiter, 0)) {
    return false;
  }
  let at = delimiter.length;
  while (startsWith(bytes, CRLF, at)) {
    const headersEnd = bytes.indexOf(CRLF + CRLF, at);
    if (headersEnd === -1 || headersEnd - at > MOST_HEADER_BYTES || !hasName(bytes.toString('latin1', at, headersEnd))) {
      return false;
    }
    // The line that ends the headers may already be the one that a boundary needs before it: the part is empty then.
    const next = bytes.indexOf(CRLF + delimiter, headersEnd + CRLF.length);
    if (next === -1) {
      return false;
    }
    at = next + CRLF.length + delimiter.length;
  }
  const end = bytes.toString('latin1', at, at + 5);
  return at > delimiter.length && at + end.length === bytes.length && (end === '--' || end === `--${CRLF}`);
}

/** 1 to 70 characters, quoted or not. */
function readBoundary(contentType: string): string | undefined {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType) ?? [];
  return quoted ?? bare;
}

function hasName(headers: string): boolean {
  return /\r\ncontent-disposition:\s*form-data\s*;(?:[^\r\n]*;)?\s*name=/i.test(headers);
}

function startsWith(bytes: Buffer, text: string, at: number): boolean {
  return bytes.toString('latin1', at, at + text.length) === text;
}
