import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { signTc3Request, signV1Request } from '../../../test/harness/signed-request.ts';
import { explainTc3, explainV1 } from './explain-signature.ts';
import { deriveKeys, UNSIGNED_PAYLOAD_HASH } from './tc3.ts';
import type { Tc3Claim, V1Claim } from './verify.ts';

const SECRET = 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE';
const TIMESTAMP = 1_764_000_000;
const DAY = '2025-11-24';
const HOST = 'tc.example.test:9530';
const BODY = '{"Name":"订 <a>","Limit":1}';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);

/** How the client signs: right by default. */
interface Wrong {
  method?: string;
  path?: string;
  query?: string;
  lines?: string;
  signedHeaders?: string;
  payload?: string;
  payloadHash?: string;
  timestamp?: string;
  date?: string;
  service?: string;
  keyDate?: string;
  keyService?: string;
  secretKey?: string;
  signingKey?: string | Buffer;
  encode?: (hex: string) => string;
}

/** What the request really has. */
interface Sent {
  method?: 'GET' | 'POST';
  query?: string;
  body?: string;
  host?: string;
  path?: string;
  signedHeaders?: string;
  contentType?: string;
  date?: string;
  service?: string;
  unsigned?: boolean;
}

/** An independent signer, straight from the vendor's page, so that a slip of ours is not on both sides. */
function signBadly(sent: Sent, wrong: Wrong): string {
  const { method = 'POST', query = '', body = BODY, host = HOST, contentType = 'application/json' } = sent;
  const isGet = method === 'GET';
  const canonical = [
    wrong.method ?? method,
    wrong.path ?? '/',
    wrong.query ?? (isGet ? query : ''),
    wrong.lines ?? `content-type:${contentType}\nhost:${host}\n`,
    wrong.signedHeaders ?? sent.signedHeaders ?? 'content-type;host',
    wrong.payloadHash ?? sha256(wrong.payload ?? (isGet ? '' : body)),
  ].join('\n');
  const date = wrong.date ?? sent.date ?? DAY;
  const service = wrong.service ?? sent.service ?? 'redis';
  const text = `TC3-HMAC-SHA256\n${wrong.timestamp ?? TIMESTAMP}\n${date}/${service}/tc3_request\n${sha256(canonical)}`;
  const dateKey = hmac(`TC3${wrong.secretKey ?? SECRET}`, wrong.keyDate ?? date).digest();
  const signingKey = hmac(hmac(dateKey, wrong.keyService ?? service).digest(), 'tc3_request').digest();
  const hex = hmac(wrong.signingKey ?? signingKey, text).digest('hex');
  return wrong.encode?.(hex) ?? hex;
}

function claimOf(sent: Sent, signature: string): Tc3Claim {
  const { method = 'POST', query = '', body = BODY, host = HOST, path = '/', contentType = 'application/json' } = sent;
  const headers: Record<string, string> = {
    'content-type': contentType,
    'x-tc-action': 'DescribeInstances',
    'x-tc-region': 'ap-guangzhou',
    'x-tc-token': 'session-token-1',
  };
  return {
    method,
    path,
    query: method === 'GET' ? query : '',
    host,
    headerValue: (name) => headers[name] ?? '',
    payloadHash: sent.unsigned ? UNSIGNED_PAYLOAD_HASH : sha256(method === 'GET' ? '' : body),
    timestamp: String(TIMESTAMP),
    authorization: {
      secretId: 'AKIDexample',
      date: sent.date ?? DAY,
      service: sent.service ?? 'redis',
      signedHeaders: sent.signedHeaders ?? 'content-type;host',
      signature,
    },
  };
}

function explain(sent: Sent, wrong: Wrong): string {
  const claim = claimOf(sent, signBadly(sent, wrong));
  const message = explainTc3(claim, SECRET, { query: sent.query ?? '', body: Buffer.from(sent.body ?? BODY) });
  assertHarmless(message.en + message.zh);
  const [en = '', zh = ''] = [message.en.split('\n')[0], message.zh.split('\n')[0]];
  assert.match(en, /^What differs: /);
  assert.match(zh, /^不一致的部分：/);
  return en.slice('What differs: '.length);
}

/** No key, no derived key, no right signature, in any writing. */
function assertHarmless(text: string): void {
  const { dateKey, serviceKey, signingKey } = deriveKeys(SECRET, { date: DAY, service: 'redis' });
  for (const secret of [dateKey, serviceKey, signingKey]) {
    assert.ok(!text.includes(secret.toString('hex')) && !text.includes(secret.toString('base64')));
  }
  assert.ok(!text.includes(SECRET));
  assert.ok(!text.includes(signBadly({}, {})));
}

const lines = (host: string, contentType = 'application/json') => `content-type:${contentType}\nhost:${host}\n`;

describe('TC3', () => {
  const cases: ReadonlyArray<readonly [name: string, part: string, hint: RegExp, sent: Sent, wrong: Wrong]> = [
    ['another method', 'method', /`GET` where the request has `POST`/, {}, { method: 'GET' }],
    ['a GET that was sent as POST', 'method', /`GET`/, { query: 'Limit=1' }, { method: 'GET', query: 'Limit=1', payload: '' }],
    ['a POST that was sent as GET', 'method', /`POST`/, { method: 'GET', query: 'Limit=1', body: '' }, { method: 'POST', query: '' }],
    ['a method in lower case', 'method', /`post`/, {}, { method: 'post' }],
    ['another port', 'host', /`tc.example.test:443`/, {}, { lines: lines('tc.example.test:443') }],
    [
      'a scheme before the host',
      'host',
      /`http:\/\/tc.example.test:9530` where the request has `tc.example.test:9530`/,
      {},
      { lines: lines(`http://${HOST}`) },
    ],
    ['no scheme where one is sent', 'host', /`tc.example.test:9530`/, { host: `http://${HOST}` }, { lines: lines(HOST) }],
    ['the name without scheme and port', 'host', /`tc.example.test`/, { host: `http://${HOST}` }, { lines: lines('tc.example.test') }],
    ['a host in upper case', 'host', /`TC.EXAMPLE.TEST:9530`/, {}, { lines: lines('TC.EXAMPLE.TEST:9530') }],
    ['the vendor’s host', 'host', /`redis.tencentcloudapi.com`/, {}, { lines: lines('redis.tencentcloudapi.com') }],
    ['the vendor’s host of the region', 'host', /ap-guangzhou/, {}, { lines: lines('redis.ap-guangzhou.tencentcloudapi.com') }],
    ['localhost for 127.0.0.1', 'host', /`localhost:9530`/, { host: '127.0.0.1:9530' }, { lines: lines('localhost:9530') }],
    ['127.0.0.1 for localhost', 'host', /`127.0.0.1`/, { host: 'localhost:9530' }, { lines: lines('127.0.0.1') }],
    ['no host', 'host', /``/, {}, { lines: lines('') }],
    ['no path', 'path', /``/, {}, { path: '' }],
    ['the path of API 2.0', 'path', /index\.php/, {}, { path: '/v2/index.php' }],
    ['path and query as path', 'path', /`\/\?…`/, { method: 'GET', query: 'Limit=1', body: '' }, { path: '/?Limit=1' }],
    ['a query of a POST', 'query', /POST/, { query: 'a=b' }, { query: 'a=b' }],
    ['no query', 'query', /no query/, { method: 'GET', query: 'b=1&a=2', body: '' }, { query: '' }],
    ['the question mark', 'query', /question mark/, { method: 'GET', query: 'b=1&a=2', body: '' }, { query: '?b=1&a=2' }],
    ['a sorted query', 'query', /sorted/, { method: 'GET', query: 'b=1&a=2', body: '' }, { query: 'a=2&b=1' }],
    ['a decoded query', 'query', /decoded/, { method: 'GET', query: 'b=%3A&a=x+y', body: '' }, { query: 'b=:&a=x y' }],
    ['a decoded and sorted query', 'query', /decoded and sorted/, { method: 'GET', query: 'b=%3A&a=x', body: '' }, { query: 'a=x&b=:' }],
    ['a query encoded twice', 'query', /once more/, { method: 'GET', query: 'b=%3A', body: '' }, { query: 'b=%253A' }],
    ['%20 for +', 'query', /`%20` where `\+`/, { method: 'GET', query: 'b=x+y%2A', body: '' }, { query: 'b=x%20y%2A' }],
    ['+ for %20', 'query', /`\+` where `%20`/, { method: 'GET', query: 'b=x%20y', body: '' }, { query: 'b=x+y' }],
    ['a query in another encoding', 'query', /another way/, { method: 'GET', query: 'b=%7e:', body: '' }, { query: 'b=~%3A' }],
    ['another content type', 'headers', /charset=utf-8`/, {}, { lines: lines(HOST, 'application/json; charset=utf-8') }],
    ['no content type', 'headers', /`content-type:`/, {}, { lines: lines(HOST, '') }],
    ['a missing last newline', 'headers', /newline/, {}, { lines: lines(HOST).trimEnd() }],
    ['blanks after the colons', 'headers', /blank/, {}, { lines: lines(HOST).replaceAll(':', ': ').replace(': 9530', ':9530') }],
    ['header names in title case', 'headers', /lower case/, {}, { lines: `Content-Type:application/json\nHost:${HOST}\n` }],
    ['carriage returns', 'headers', /carriage/, {}, { lines: lines(HOST).replaceAll('\n', '\r\n') }],
    ['sorted lines under an unsorted list', 'headers', /order/, { signedHeaders: 'host;content-type' }, {}],
    [
      'a sorted list that is sent unsorted',
      'headers',
      /order/,
      { signedHeaders: 'host;content-type' },
      { signedHeaders: 'content-type;host' },
    ],
    [
      'fewer headers than are listed',
      'headers',
      /`content-type;host` where/,
      { signedHeaders: 'content-type;host;x-tc-action' },
      { signedHeaders: 'content-type;host' },
    ],
    [
      'more headers than are listed',
      'headers',
      /x-tc-action/,
      {},
      { signedHeaders: 'content-type;host;x-tc-action', lines: `${lines(HOST)}x-tc-action:describeinstances\n` },
    ],
    ['an empty payload', 'payload hash', /empty/, {}, { payload: '' }],
    ['an empty object', 'payload hash', /`{}`/, {}, { payload: '{}' }],
    ['UNSIGNED-PAYLOAD without its header', 'payload hash', /X-TC-Content-SHA256/, {}, { payloadHash: UNSIGNED_PAYLOAD_HASH }],
    ['the word UNSIGNED-PAYLOAD', 'payload hash', /the word/, { unsigned: true }, { payloadHash: 'UNSIGNED-PAYLOAD' }],
    ['the body under UNSIGNED-PAYLOAD', 'payload hash', /says UNSIGNED-PAYLOAD/, { unsigned: true }, {}],
    ['an upper-case payload hash', 'payload hash', /upper case/, {}, { payloadHash: sha256(BODY).toUpperCase() }],
    ['a newline after the payload', 'payload hash', /newline/, {}, { payload: `${BODY}\n` }],
    ['a trimmed payload', 'payload hash', /blanks around/, { body: `${BODY}\n` }, { payload: BODY }],
    ['the payload as Python writes it', 'payload hash', /ASCII/, {}, { payload: '{"Name": "\\u8ba2 <a>", "Limit": 1}' }],
    ['the payload as Go writes it', 'payload hash', /HTML-escaped/, {}, { payload: '{"Name":"订 \\u003ca\\u003e","Limit":1}' }],
    ['the payload with sorted members', 'payload hash', /sorted/, {}, { payload: '{"Limit":1,"Name":"订 <a>"}' }],
    ['the payload made compact', 'payload hash', /compact/, { body: '{ "Limit": 1 }' }, { payload: '{"Limit":1}' }],
    ['the payload indented', 'payload hash', /indented by two/, {}, { payload: JSON.stringify(JSON.parse(BODY), null, 2) }],
    ['the query as payload', 'payload hash', /query string/, { method: 'GET', query: 'a=b', body: '' }, { payload: 'a=b' }],
    [
      'redis as the service where another is sent',
      'scope',
      /`redis` where the request has `127`/,
      { service: '127' },
      { service: 'redis' },
    ],
    ['a key of another service', 'scope', /`cvm`/, {}, { keyService: 'cvm' }],
    ['another service in the text', 'scope', /`sts`/, {}, { service: 'sts', keyService: 'redis' }],
    ['the day before in text and key', 'scope', /`2025-11-23` where the request has `2025-11-24`/, {}, { date: '2025-11-23' }],
    ['the day after in the key', 'scope', /`2025-11-25`/, {}, { keyDate: '2025-11-25' }],
    ['the local day in Credential', 'scope', /Credential is `2025-11-25`; the UTC day/, { date: '2025-11-25' }, {}],
    ['the second before', 'timestamp', new RegExp(`\`${TIMESTAMP - 1}\` where`), {}, { timestamp: String(TIMESTAMP - 1) }],
    ['two seconds later', 'timestamp', new RegExp(`\`${TIMESTAMP + 2}\``), {}, { timestamp: String(TIMESTAMP + 2) }],
    ['milliseconds', 'timestamp', /000`/, {}, { timestamp: `${TIMESTAMP}000` }],
    ['a key with a newline', 'key', /newline/, {}, { secretKey: `${SECRET}\n` }],
    ['a key with a carriage return', 'key', /carriage/, {}, { secretKey: `${SECRET}\r\n` }],
    ['a key with a blank after it', 'key', /blank after/, {}, { secretKey: `${SECRET} ` }],
    ['a key with a blank before it', 'key', /blank before/, {}, { secretKey: ` ${SECRET}` }],
    ['a key in quotes', 'key', /quotes/, {}, { secretKey: `"${SECRET}"` }],
    ['an empty key', 'key', /empty/, {}, { secretKey: '' }],
    ['the SecretId', 'key', /SecretId/, {}, { secretKey: 'AKIDexample' }],
    ['no TC3 before the key', 'key', /`TC3`/, {}, { signingKey: chain(SECRET) }],
    ['no derived key', 'key', /itself/, {}, { signingKey: SECRET }],
    ['derived keys as hex', 'key', /hex text/, {}, { signingKey: hexChain() }],
    ['the last key as hex', 'key', /last derived/, {}, { signingKey: keysOf().signingKey.toString('hex') }],
    ['the key of the service', 'key', /key of the service/, {}, { signingKey: keysOf().serviceKey }],
    ['the key of the date', 'key', /key of the date/, {}, { signingKey: keysOf().dateKey }],
    ['upper-case hex', 'signature', /upper case/, {}, { encode: (hex) => hex.toUpperCase() }],
    ['base64', 'signature', /base64/, {}, { encode: (hex) => Buffer.from(hex, 'hex').toString('base64') }],
  ];
  for (const [name, part, hint, sent, wrong] of cases) {
    test(`${name}: ${part}`, () => {
      const first = explain(sent, wrong);
      assert.equal(first.split('. ')[0], part, first);
      assert.match(first, hint);
    });
  }

  test('what is none of the mistakes is said to be none, and shown against', () => {
    const claim = claimOf({}, signBadly({}, { secretKey: 'another key altogether' }));
    const { en } = explainTc3(claim, SECRET, { query: '', body: Buffer.from(BODY) });
    assert.match(en, /^What differs: none of the well-known mistakes/);
    const canonical = `POST\n/\n\ncontent-type:application/json\nhost:${HOST}\n\ncontent-type;host\n${sha256(BODY)}`;
    assert.ok(en.includes(`\nCanonical request of the service:\n${canonical}\n`), en);
    assert.ok(
      en.endsWith(`\nString to sign of the service:\nTC3-HMAC-SHA256\n${TIMESTAMP}\n${DAY}/redis/tc3_request\n${sha256(canonical)}`),
      en,
    );
    assertHarmless(en);
  });

  test('values of passwords and tokens are not shown', () => {
    const sent: Sent = { method: 'GET', query: 'Password=hunter2&Limit=1', body: '', signedHeaders: 'content-type;host;x-tc-token' };
    const { en } = explainTc3(claimOf(sent, 'none'), SECRET, { query: sent.query ?? '', body: Buffer.alloc(0) });
    assert.ok(!en.includes('hunter2') && !en.includes('session-token-1'));
    assert.match(en, /\nPassword=\*\*\*&Limit=1\n/);
    assert.match(en, /\nx-tc-token:\*\*\*\n/);
  });

  for (const name of ['Pass%77ord', 'PasswordOld', 'NewPassword.Value', 'client_secret', 'ApiKey', 'broken%zzname']) {
    test(`the value of a parameter called ${name} is not shown`, () => {
      const sent: Sent = { method: 'GET', query: `${name}=hunter2&Limit=1`, body: '' };
      const { en } = explainTc3(claimOf(sent, 'none'), SECRET, { query: sent.query ?? '', body: Buffer.alloc(0) });
      assert.ok(!en.includes('hunter2'));
      assert.ok(en.includes('=***&Limit=1'));
    });
  }

  test('a path that was signed with its query is named without the query', () => {
    const sent: Sent = { method: 'GET', query: 'Password=hunter2', body: '' };
    const text = explain(sent, { path: '/?Password=hunter2' });
    assert.match(text, /^path\. You signed `\/\?…`/);
    assert.ok(!text.includes('hunter2'));
  });

  test('a body that is large, deep or no JSON is bounded work', () => {
    for (const body of [`{"a":"${'x'.repeat(1_000_000)}"}`, '['.repeat(200_000), '{"a":'.repeat(50_000), '\u0000', '{"a":"[[[["}']) {
      assert.match(explain({ body }, { secretKey: 'another' }), /^none of the well-known/);
    }
  });
});

function keysOf() {
  return deriveKeys(SECRET, { date: DAY, service: 'redis' });
}

function chain(first: string): Buffer {
  return hmac(hmac(hmac(first, DAY).digest(), 'redis').digest(), 'tc3_request').digest();
}

function hexChain(): string {
  return hmac(hmac(hmac(`TC3${SECRET}`, DAY).digest('hex'), 'redis').digest('hex'), 'tc3_request').digest('hex');
}

describe('v1', () => {
  const parameters = {
    Version: '2018-04-12',
    Action: 'DescribeInstances',
    Region: '',
    Timestamp: String(TIMESTAMP),
    Nonce: '11886',
    SecretId: 'AKIDexample',
    SearchKey: 'a b:c',
    limit: '1',
    Zone: 'x',
  };
  type Pairs = ReadonlyArray<readonly [string, string]>;
  const sorted: Pairs = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const join = (pairs: Pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&');

  interface WrongV1 {
    prefix?: string;
    pairs?: Pairs;
    key?: string;
    hash?: 'sha1' | 'sha256';
    digest?: 'base64' | 'hex';
    damage?: (signature: string) => string;
  }

  function explainBad({
    prefix = `GET${HOST}/?`,
    pairs = sorted,
    key = SECRET,
    hash = 'sha1',
    digest = 'base64',
    damage,
  }: WrongV1): string {
    const right = createHmac(hash, key)
      .update(prefix + join(pairs))
      .digest(digest);
    const claim: V1Claim = {
      method: 'GET',
      path: '/',
      host: HOST,
      parameters: { ...parameters, Signature: damage?.(right) ?? right },
      signatureMethod: 'HmacSHA1',
    };
    const { en, zh } = explainV1(claim, SECRET);
    const truth = createHmac('sha1', SECRET)
      .update(`GET${HOST}/?${join(sorted)}`)
      .digest('base64');
    assert.ok(![en, zh].some((text) => text.includes(SECRET) || text.includes(truth)));
    assert.match(zh, /^不一致的部分：.*\p{Script=Han}/u);
    return en.split('\n')[0]?.slice('What differs: '.length) ?? '';
  }

  const change = (edit: (pair: readonly [string, string]) => readonly [string, string]) => sorted.map(edit);
  const cases: ReadonlyArray<readonly [name: string, part: string, hint: RegExp, wrong: WrongV1]> = [
    ['another method', 'method', /`POST` where the request has `GET`/, { prefix: `POST${HOST}/?` }],
    ['another host', 'host', /redis.tencentcloudapi.com/, { prefix: 'GETredis.tencentcloudapi.com/?' }],
    ['a scheme', 'host', /`http:\/\/tc.example.test:9530`/, { prefix: `GEThttp://${HOST}/?` }],
    ['no path', 'path', /``/, { prefix: `GET${HOST}?` }],
    ['the path of API 2.0', 'path', /index\.php/, { prefix: `GET${HOST}/v2/index.php?` }],
    ['no question mark', 'path', /question mark/, { prefix: `GET${HOST}/` }],
    ['unsorted parameters', 'parameters', /order in which they are sent/, { pairs: Object.entries(parameters) }],
    [
      'sorted without regard to case',
      'parameters',
      /case/,
      { pairs: [...sorted].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)) },
    ],
    ['encoded values', 'parameters', /URL-encoded/, { pairs: change(([name, value]) => [name, encodeURIComponent(value)]) }],
    [
      'values encoded as a form',
      'parameters',
      /URL-encoded/,
      { pairs: change(([name, value]) => [name, encodeURIComponent(value).replaceAll('%20', '+')]) },
    ],
    ['+ for a blank', 'parameters', /`\+`/, { pairs: change(([name, value]) => [name, value.replaceAll(' ', '+')]) }],
    ['without empty values', 'parameters', /empty value/, { pairs: sorted.filter(([, value]) => value !== '') }],
    ['without one parameter', 'parameters', /`Zone`/, { pairs: sorted.filter(([name]) => name !== 'Zone') }],
    ['another hash', 'parameters', /`HmacSHA256` where the request has `HmacSHA1`/, { hash: 'sha256' }],
    [
      'the second after',
      'timestamp',
      new RegExp(`\`${TIMESTAMP + 1}\``),
      { pairs: change(([name, value]) => [name, name === 'Timestamp' ? String(TIMESTAMP + 1) : value]) },
    ],
    ['a key with a newline', 'key', /newline/, { key: `${SECRET}\n` }],
    ['the SecretId', 'key', /SecretId/, { key: 'AKIDexample' }],
    ['hex', 'signature', /hex/, { digest: 'hex' }],
    ['encoded twice', 'signature', /twice/, { damage: encodeURIComponent }],
    [
      'another key',
      'none of the well-known mistakes gives your signature, so the key is another one, or several parts differ',
      /./,
      { key: 'other' },
    ],
  ];
  for (const [name, part, hint, wrong] of cases) {
    test(`${name}: ${part}`, () => {
      const first = explainBad(wrong);
      assert.equal(first.split('. ')[0], part, first);
      assert.match(first, hint);
    });
  }

  test('a plus that became a blank: signature', () => {
    // Some signature of a hundred has a plus.
    const claims = Array.from({ length: 100 }, (_, i) => {
      const given = { ...parameters, Nonce: String(i) };
      const plain = join(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)));
      return { given, signature: createHmac('sha1', SECRET).update(`GET${HOST}/?${plain}`).digest('base64') };
    });
    const { given, signature } = claims.find((claim) => claim.signature.includes('+')) ?? assert.fail('no plus in a hundred signatures');
    const damaged = { ...given, Signature: signature.replaceAll('+', ' ') };
    const { en } = explainV1({ method: 'GET', path: '/', host: HOST, parameters: damaged, signatureMethod: 'HmacSHA1' }, SECRET);
    assert.match(en, /^What differs: signature\. A `\+` in Signature was sent unencoded/);
  });

  test('shows what was signed, without passwords, and does not try a very large form', () => {
    const many = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`Status.${i}`, 'x'.repeat(200)]));
    for (const extra of [{ 'Secrets.0.Password': 'hunter2', Token: 'session-token-1' }, many]) {
      const claim = {
        method: 'POST',
        path: '/',
        host: HOST,
        parameters: { ...extra, Signature: 'x' },
        signatureMethod: 'HmacSHA256',
      } as const;
      const { en } = explainV1(claim, SECRET);
      assert.ok(!en.includes('hunter2') && !en.includes('session-token-1') && en.length < 20_000);
      assert.ok(en.includes(`\nString to sign of the service:\nPOST${HOST}/?`));
    }
  });
});

describe('bounds', () => {
  const secretKey = `${SECRET}\n`;
  const untried = /^not looked for, since what is signed is longer than 16 KB/;

  test('TC3: a mistake is looked for up to 16 KB of what is signed, and not past it', () => {
    const inQuery = (length: number) => explain({ method: 'GET', query: `a=${'x'.repeat(length)}`, body: '' }, { secretKey });
    assert.match(inQuery(16_000), /^key\. You signed with the secret key and a newline/);
    assert.match(inQuery(16_400), untried);
    const inHeader = (length: number) => {
      const contentType = `application/json; ${'x'.repeat(length)}`;
      return explain({ contentType }, { secretKey, lines: lines(HOST, contentType) });
    };
    assert.match(inHeader(16_000), /^key\./);
    assert.match(inHeader(16_400), untried);
    // The query of a POST is not signed, but tried.
    assert.match(explain({ query: 'x'.repeat(16_400) }, { secretKey }), untried);
  });

  test('TC3: a body is serialised once more where it nests 20 deep, and not past it', () => {
    const nested = (depth: number, blank: string) => `${'['.repeat(depth)}1,${blank}1${']'.repeat(depth)}`;
    const explainNested = (depth: number) => explain({ body: nested(depth, '') }, { payload: nested(depth, ' ') });
    assert.match(explainNested(20), /^payload hash\. .*blanks after commas and colons/);
    assert.match(explainNested(21), /^none of the well-known mistakes/);
  });

  test('v1: a mistake is looked for up to 16 KB of what is signed, and not past it', () => {
    const explainLength = (length: number) => {
      const parameters = { Action: 'DescribeInstances', SearchKey: 'x'.repeat(length) };
      const joined = `Action=DescribeInstances&SearchKey=${parameters.SearchKey}`;
      const Signature = hmac(secretKey, `GET${HOST}/?${joined}`).digest('base64');
      const claim = {
        method: 'GET',
        path: '/',
        host: HOST,
        parameters: { ...parameters, Signature },
        signatureMethod: 'HmacSHA256',
      } as const;
      return explainV1(claim, SECRET).en.slice('What differs: '.length);
    };
    assert.match(explainLength(16_000), /^key\./);
    assert.match(explainLength(16_400), untried);
  });
});

describe('in the pipeline', () => {
  test('a signature failure explains itself where it is told to, in the language asked for', async () => {
    await using fixture = await openApiFixture({ explainsSignatures: true });
    const timestampS = fixture.clock.now() / 1000;
    const bad = { key: { ...KEY, secretKey: `${KEY.secretKey}\n` }, action: 'DescribeInstances', timestampS };
    const tc3 = await fixture.send(signTc3Request(bad));
    assert.equal(tc3.Error?.Code, 'AuthFailure.SignatureFailure');
    assert.match(
      tc3.Error?.Message ?? '',
      /^The provided credentials could not be validated\. .* What differs: key\. You signed with the secret key and a newline/,
    );
    const chinese = await fixture.send(signTc3Request({ ...bad, headers: { 'x-tc-language': 'zh-CN' } }));
    assert.match(chinese.Error?.Message ?? '', /^请求签名验证失败，请检查您的签名计算是否正确。不一致的部分：密钥。/);
    const v1 = await fixture.send(
      signV1Request({ key: KEY, timestampS, signedPath: '/v2/index.php', parameters: { Action: 'DescribeInstances' } }),
    );
    assert.match(v1.Error?.Message ?? '', /What differs: path\./);
    const scope = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS });
    const headers = { ...scope.headers, authorization: scope.headers.authorization?.replace('2026-11-24', '2026-11-23') };
    assert.match((await fixture.send({ ...scope, headers })).Error?.Message ?? '', /What differs: scope\. The date in Credential/);
    assert.equal((await fixture.call('DescribeInstances')).Error, undefined);
  });

  test('nothing is explained to a request from elsewhere, or one that came through a proxy', async () => {
    await using fixture = await openApiFixture({ explainsSignatures: true });
    const bad = signTc3Request({
      key: { ...KEY, secretKey: 'wrong' },
      action: 'DescribeInstances',
      timestampS: fixture.clock.now() / 1000,
    });
    const message = async (more: object) => (await fixture.send({ ...bad, ...more })).Error?.Message ?? '';
    assert.match(await message({ remoteAddress: '127.0.0.1' }), /What differs/);
    assert.doesNotMatch(await message({ remoteAddress: '10.1.2.3' }), /What differs/);
    for (const name of ['via', 'forwarded', 'x-forwarded-for', 'x-real-ip']) {
      assert.doesNotMatch(
        await message({ remoteAddress: '127.0.0.1', headers: { ...bad.headers, [name]: '10.1.2.3' } }),
        /What differs/,
        name,
      );
    }
  });

  test('off by default: the message is the vendor’s and nothing more', async () => {
    await using fixture = await openApiFixture();
    const answer = await fixture.call('DescribeInstances', {}, { key: { ...KEY, secretKey: 'wrong' } });
    assert.equal(answer.Error?.Message, 'The provided credentials could not be validated. Please check your signature is correct.');
  });
});
