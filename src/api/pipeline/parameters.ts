import { isUtf8 } from 'node:buffer';
import { parse } from 'node:querystring';
import { commonErrors } from '../errors/common-errors.ts';

/** More parameters than any action can have; DescribeInstances with 1,000 ids stays below. */
export const MOST_PARAMETERS = 5000;

/**
 * The parameters of a query string or form body, decoded: `+` is a space (Python, Go and Java send it), `%XX` are bytes of UTF-8.
 * Has no prototype. Throws InvalidParameter for a name that comes twice, since what was signed would be ambiguous, for too many, and for
 * an escape that is broken or gives no UTF-8: read as something else, it would become a value that nobody sent.
 */
export function readParameters(text: string): Readonly<Record<string, string>> {
  let isBroken = false;
  const parsed = parse(text, '&', '=', {
    maxKeys: MOST_PARAMETERS + 1,
    decodeURIComponent(encoded) {
      try {
        return decodeURIComponent(encoded);
      } catch {
        isBroken = true;
        return encoded;
      }
    },
  });
  if (isBroken) {
    throw commonErrors.malformedText();
  }
  let count = 0;
  for (const name in parsed) {
    if (typeof parsed[name] !== 'string') {
      throw commonErrors.repeatedParameter(name);
    }
    count++;
  }
  if (count > MOST_PARAMETERS) {
    throw commonErrors.tooManyParameters(MOST_PARAMETERS);
  }
  return parsed as Record<string, string>;
}

/** The text of a body. Throws InvalidParameter where it is not UTF-8. */
export function toText(body: Uint8Array): string {
  if (!isUtf8(body)) {
    throw commonErrors.malformedText();
  }
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}
