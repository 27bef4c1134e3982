import { createHmac } from 'node:crypto';

/** The arithmetic of signature v1 (the vendor's "Signature v1" page): HMAC over the sorted, decoded parameters. */
export type V1Method = 'HmacSHA1' | 'HmacSHA256';

/** The signed part after `?`: parameters but Signature, sorted by name, values decoded, joined as `k=v&k=v`. */
export function joinV1Parameters(parameters: Readonly<Record<string, string>>, rename: (name: string) => string = same): string {
  let text = '';
  for (const name of Object.keys(parameters).sort()) {
    if (name !== 'Signature') {
      text += `${text === '' ? '' : '&'}${rename(name)}=${parameters[name]}`;
    }
  }
  return text;
}

/** The Python and Java SDKs sign names with `_` turned into `.`, a relic of API 2.0, and sort them before they do. */
export function dotted(name: string): string {
  return name.replaceAll('_', '.');
}

function same(name: string): string {
  return name;
}

/** The signature in base64. `joined` comes from `joinV1Parameters`. */
export function signV1(
  secretKey: string,
  method: V1Method,
  request: { method: string; host: string; path: string; joined: string },
): string {
  return createHmac(method === 'HmacSHA1' ? 'sha1' : 'sha256', secretKey)
    .update(`${request.method}${request.host}${request.path}?${request.joined}`)
    .digest('base64');
}
