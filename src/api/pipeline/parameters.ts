import { parse } from 'node:querystring';
import { commonErrors } from '../errors/common-errors.ts';

/** More parameters than any action can have; DescribeInstances with 1,000 ids stays below. */
export const MOST_PARAMETERS = 5000;

/**
 * The parameters of a query string or form body, decoded: `+` is a space (Python, Go and Java send it), `%XX` are bytes of UTF-8.
 * Has no prototype. Throws InvalidParameter for a name that comes twice, since what was signed would be ambiguous, and for too many.
 */
export function readParameters(text: string): Readonly<Record<string, string>> {
  const parsed = parse(text, '&', '=', { maxKeys: MOST_PARAMETERS + 1 });
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
