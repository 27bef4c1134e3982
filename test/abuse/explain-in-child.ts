/** Explains wrong signatures of the largest requests that get as far, one line each; a process of its own can be killed. */
import { explainTc3, explainV1 } from '../../src/api/auth/explain-signature.ts';

const SECRET = 'secret-key';
const MOST_NAMES = 20;
/** What the server takes: 64 KB of headers, 32 KB of query, 1 MB of form, 10 MB of JSON; and what is parsed again, 256 KB of it. */
const [HEADERS, QUERY, FORM, JSON_BODY, PARSED] = [64 * 1024, 32 * 1024, 1024 * 1024, 10 * 1024 * 1024, 256 * 1024];

function explainJson(body: string, { method = 'POST', query = '', path = '/', headerBytes = 0 } = {}): string {
  const names = headerBytes === 0 ? [] : Array.from({ length: MOST_NAMES - 2 }, (_, i) => `x-${i}`);
  const value = 'A'.repeat(headerBytes / MOST_NAMES);
  const claim = {
    method,
    path,
    query: method === 'GET' ? query : '',
    host: 'tc.example.test:9530',
    headerValue: (name: string) => (name === 'content-type' ? 'application/json' : value),
    payloadHash: 'a'.repeat(64),
    timestamp: '1764000000',
    authorization: {
      secretId: 'AKIDexample',
      date: '2025-11-24',
      service: 'redis',
      signedHeaders: ['content-type', 'host', ...names].join(';'),
      signature: '0'.repeat(64),
    },
  };
  return explainTc3(claim, SECRET, { query, body: Buffer.from(body) }).en;
}

function explainForm(count: number, valueLength: number): string {
  const parameters = Object.fromEntries(Array.from({ length: count }, (_, i) => [`Status.${i}`, 'x'.repeat(valueLength)]));
  const claim = { method: 'POST', path: '/', host: 'tc.example.test', parameters: { ...parameters, Signature: 'x' } } as const;
  return explainV1({ ...claim, signatureMethod: 'HmacSHA256' }, SECRET).en;
}

/** A list of as many of these as make a body of that size. */
function fill(element: string, bytes = PARSED): string {
  return `[${Array.from({ length: Math.floor((bytes - 2) / (element.length + 1)) }, () => element).join(',')}]`;
}

function nest(depth: number): string {
  return '['.repeat(depth) + fill('1', PARSED - 2 * depth) + ']'.repeat(depth);
}

for (const text of [
  explainJson('{}', { headerBytes: HEADERS }),
  explainJson('', { method: 'GET', query: 'a=%41&'.repeat(QUERY / 6) }),
  explainJson('{}', { query: '%'.repeat(QUERY) }),
  explainJson('{}', { path: '/'.repeat(HEADERS) }),
  explainJson('a'.repeat(JSON_BODY)),
  explainJson(fill('1', JSON_BODY)),
  explainJson(fill('1')),
  explainJson(nest(19)),
  explainJson(nest(99)),
  explainJson('['.repeat(PARSED / 2) + ']'.repeat(PARSED / 2)),
  explainJson(fill(`${'{"a":'.repeat(18)}{}${'}'.repeat(18)}`)),
  explainJson(fill('"<\u2028订"', PARSED / 3)),
  explainJson(`{"${'\\"'.repeat(PARSED / 2 - 5)}":1}`),
  explainForm(5_000, 1),
  explainForm(1_000, 1),
  explainForm(5_000, FORM / 5_000),
  explainForm(1, FORM),
]) {
  console.log(text.split('\n')[0]);
}
