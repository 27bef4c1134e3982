import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type ApiFixture, backupRow, insertExample, KEY, openApiFixture } from '../../test/harness/api-fixture.ts';
import { parseAnswer, type RawAnswer, sendRaw } from '../../test/harness/raw-http.ts';
import { type SignOptions, signTc3Request, signV1Request } from '../../test/harness/signed-request.ts';
import type { RawRequest } from '../api/http-message.ts';
import { createHttpServer, type HttpServer } from './server.ts';

let fixture: ApiFixture;
let server: HttpServer;
let port: number;
let timestampS: number;

before(async () => {
  fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  timestampS = fixture.clock.now() / 1000;
  server = createHttpServer({
    handle: (raw) => fixture.api.handle(raw),
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  ({ port } = await server.listen('127.0.0.1', 0));
});
after(async () => {
  await server.close();
  await fixture[Symbol.asyncDispose]();
});

const CLOSE = 'Host: x\r\nConnection: close\r\n\r\n';
const sign = (options: Partial<SignOptions> = {}) => signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, ...options });

/** Each line of the head, then the body, as they are. */
function toBytes(raw: RawRequest, lines: readonly string[] = [`Content-Length: ${raw.body.length}`], version = 'HTTP/1.1'): Buffer {
  const target = raw.query === '' ? raw.path : `${raw.path}?${raw.query}`;
  const headers = Object.entries(raw.headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`${raw.method} ${target} ${version}`, ...headers, ...lines, 'Connection: close', '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), raw.body]);
}

/** The code of an answer that is inside the envelope: HTTP 200, exactly JSON, its true length, a RequestId. */
function codeOf(answer: RawAnswer): string {
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.body, 'latin1')));
  const { Response } = JSON.parse(answer.body) as { Response: { Error?: { Code: string }; RequestId: string } };
  assert.match(Response.RequestId, /^[0-9a-f-]{36}$/);
  return Response.Error?.Code ?? 'ok';
}

const send = async (bytes: string | Buffer) => codeOf(await sendRaw(port, bytes));

describe('inside the envelope', () => {
  const cases: ReadonlyArray<readonly [name: string, bytes: string, code: string]> = [
    ['a method in lower case', `get / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['a method in mixed case', `Post / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['a tab after the method', `GET\t/ HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['TRACE', `TRACE / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['OPTIONS of *', `OPTIONS * HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    [
      'OPTIONS with an Origin',
      `OPTIONS / HTTP/1.1\r\nOrigin: http://a\r\nAccess-Control-Request-Method: POST\r\n${CLOSE}`,
      'UnsupportedProtocol',
    ],
    ['PUT with a body', `PUT / HTTP/1.1\r\nContent-Length: 2\r\n${CLOSE}{}`, 'UnsupportedProtocol'],
    ['CONNECT to an authority', 'CONNECT redis.tencentcloudapi.com:443 HTTP/1.1\r\nHost: x\r\n\r\n', 'UnsupportedProtocol'],
    ['CONNECT to a path', `CONNECT / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['no method', ` / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['a method alone', `GET\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['a method beyond ASCII', `\xe8\xae\xa2 / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['a NUL in the method', `G\0T / HTTP/1.1\r\n${CLOSE}`, 'UnsupportedProtocol'],
    ['a TLS handshake', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'UnsupportedProtocol'],
    ['a command of Redis', '*1\r\n$4\r\nPING\r\n', 'UnsupportedProtocol'],
    ['the greeting of SSH', 'SSH-2.0-OpenSSH\r\n', 'UnsupportedProtocol'],
    ['JSON without any head', '{"Action":"DescribeInstances"}', 'UnsupportedProtocol'],
    ['two blanks after the method', `GET  / HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['a fragment', `GET /#f HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['two question marks', `GET /?? HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['another scheme', `GET ftp://x/ HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['a user before the host', `GET http://u:p@x/ HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['GET of *', `GET * HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['an absolute form', `GET http://other.example/x HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'MissingParameter'],
    ['HTTP/0.9', 'GET /\r\n\r\n', 'MissingParameter'],
    ['HTTP/2.0 as words', `GET / HTTP/2.0\r\n${CLOSE}`, 'MissingParameter'],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 'MissingParameter'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 'MissingParameter'],
    ['empty lines before the request', `\r\n\r\nGET / HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    [
      'an upgrade to h2c',
      `GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nHost: x\r\nConnection: Upgrade, close\r\n\r\n`,
      'MissingParameter',
    ],
    [
      'an upgrade to websocket',
      `GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAA\r\nHost: x\r\nConnection: Upgrade, close\r\n\r\n`,
      'MissingParameter',
    ],
    ['a broken escape in the path', `GET /%zz%00 HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['path tricks', `GET /../..//%2e%2e/;a=b/healthz HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['the health page with a slash or query more', `GET /healthz/?x HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['the health page by POST', `POST /healthz HTTP/1.1\r\n${CLOSE}`, 'MissingParameter'],
    ['a broken escape in the query', `GET /?Action=% HTTP/1.1\r\n${CLOSE}`, 'InvalidParameter'],
    ['no UTF-8 behind the escapes of the query', `GET /?Action=%c3%28 HTTP/1.1\r\n${CLOSE}`, 'InvalidParameter'],
    [
      'no UTF-8 in a form',
      `POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n${CLOSE}Action=\xff\xfe`,
      'InvalidParameter',
    ],
    ['a POST without a body', `POST / HTTP/1.1\r\nContent-Type: application/json\r\n${CLOSE}`, 'MissingParameter'],
    [
      'more than 100 headers',
      `GET / HTTP/1.1\r\n${Array.from({ length: 101 }, (_, i) => `A${i}: b\r\n`).join('')}${CLOSE}`,
      'RequestSizeLimitExceeded',
    ],
    ['a header over 64 KB', `GET / HTTP/1.1\r\nA: ${'b'.repeat(65_536)}\r\n${CLOSE}`, 'RequestSizeLimitExceeded'],
    ['a path over 64 KB', `GET /${'b'.repeat(65_536)} HTTP/1.1\r\n${CLOSE}`, 'RequestSizeLimitExceeded'],
  ];
  for (const [name, bytes, code] of cases) {
    test(`${name}: ${code}`, async () => {
      assert.equal(await send(Buffer.from(bytes, 'latin1')), code);
    });
  }

  const others = METHODS.filter((method) => !['GET', 'POST', 'HEAD'].includes(method));
  for (const method of [...others, 'GETS', 'BREW', 'get', 'X'.repeat(1000)]) {
    test(`${method.slice(0, 20)}: UnsupportedProtocol`, async () => {
      assert.equal(await send(`${method} / HTTP/1.1\r\n${CLOSE}`), 'UnsupportedProtocol');
    });
  }

  test('HEAD has the headers of an answer and no body', async () => {
    const answer = await sendRaw(port, `HEAD / HTTP/1.1\r\n${CLOSE}`);
    assert.deepEqual([answer.status, answer.headers.get('content-type'), answer.body], [200, 'application/json', '']);
  });

  test('a signed request in absolute form, as proxies are sent it, works', async () => {
    assert.equal(await send(toBytes(sign({ path: 'http://redis.tencentcloudapi.com/' }))), 'ok');
    assert.equal(
      await send(toBytes(signV1Request({ key: KEY, timestampS, path: 'http://x/', parameters: { Action: 'DescribeInstances' } }))),
      'ok',
    );
  });

  test('a signed request of HTTP/1.0 works', async () => {
    assert.equal(await send(toBytes(sign(), undefined, 'HTTP/1.0')), 'ok');
  });

  test('a signed body that is not UTF-8, or compressed, is refused after the signature', async () => {
    for (const [body, headers, code] of [
      [Buffer.from('{"SearchKey":"\xff"}', 'latin1'), {}, 'InvalidParameter'],
      [gzipSync('{"Limit":1}'), { 'content-encoding': 'gzip' }, 'UnsupportedProtocol'],
      [gzipSync('{"Limit":1}'), {}, 'InvalidParameter'],
    ] as const) {
      const raw = sign({ headers: { ...headers, 'x-tc-content-sha256': 'UNSIGNED-PAYLOAD' }, payloadHash: UNSIGNED });
      assert.equal(await send(toBytes({ ...raw, body })), code);
      assert.equal(await send(toBytes({ ...sign({ headers }), body })), 'AuthFailure.SignatureFailure');
    }
  });

  test('an Expect of 100-continue is told to go on, and then answered', async () => {
    const raw = sign();
    const answer = await sendRaw(port, toBytes(raw, ['Expect: 100-continue', `Content-Length: ${raw.body.length}`]));
    const [first = '', ...rest] = answer.text.split('\r\n\r\n');
    assert.equal(first, 'HTTP/1.1 100 Continue');
    assert.equal(codeOf(parseAnswer(rest.join('\r\n\r\n'))), 'ok');
  });

  test('chunks with extensions and trailers are a body; a trailer is no header', async () => {
    const raw = sign({ body: '{"Limit":5}' });
    const head = toBytes({ ...raw, body: Buffer.alloc(0) }, ['Transfer-Encoding: chunked']).toString('latin1');
    assert.equal(await send(`${head}6;ext=1\r\n{"Limi\r\n5\r\nt":5}\r\n0\r\nX-TC-Language: zh-CN\r\n\r\n`), 'ok');
    const { authorization, ...headers } = raw.headers;
    const without = toBytes({ ...raw, headers, body: Buffer.alloc(0) }, ['Transfer-Encoding: chunked']).toString('latin1');
    assert.equal(await send(`${without}b\r\n{"Limit":5}\r\n0\r\nAuthorization: ${authorization}\r\n\r\n`), 'MissingParameter');
  });

  test('requests sent at once on one connection are answered in their order', async () => {
    const keep = toBytes(sign()).toString('latin1').replace('Connection: close\r\n', '');
    const other = toBytes(sign({ action: 'DescribeInstance' }))
      .toString('latin1')
      .replace('Connection: close\r\n', '');
    const { text } = await sendRaw(port, keep + other + toBytes(sign()).toString('latin1'));
    const bodies = text.split(/(?=HTTP\/1\.1 200 OK)/).map((answer) => codeOf(parseAnswer(answer)));
    assert.deepEqual(bodies, ['ok', 'InvalidAction', 'ok']);
  });

  test('HTTP/1.0 may ask to keep its connection', async () => {
    const { text } = await sendRaw(port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n');
    const codes = text.split(/(?=HTTP\/1\.1 200 OK)/).map((answer) => codeOf(parseAnswer(answer)));
    assert.deepEqual(codes, ['MissingParameter', 'MissingParameter']);
  });

  test('a body that looks like a request is a body', async () => {
    const raw = sign({ body: 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' });
    const { text } = await sendRaw(port, toBytes(raw));
    assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1);
  });
});

const UNSIGNED = '438d4109ef0d676b8c2c7ed13cdfcb418e494d53b843d4634ce3b1085f07bb96';

describe('content types', () => {
  const part = '--b\r\nContent-Disposition: form-data; name="Limit"\r\n\r\n5\r\n--b--\r\n';
  const signed: ReadonlyArray<readonly [contentType: string, code: string, body?: string]> = [
    ['application/json', 'ok'],
    ['application/json; charset=utf-8', 'ok'],
    ['APPLICATION/Json ;charset="UTF-8"', 'ok'],
    ['application/json;', 'ok'],
    ['', 'UnsupportedProtocol'],
    [';', 'UnsupportedProtocol'],
    ['*/*', 'UnsupportedProtocol'],
    ['json', 'UnsupportedProtocol'],
    ['text/json', 'UnsupportedProtocol'],
    ['text/plain', 'UnsupportedProtocol'],
    ['application/jsonp', 'UnsupportedProtocol'],
    ['application/problem+json', 'UnsupportedProtocol'],
    ['application/json, text/plain', 'UnsupportedProtocol'],
    ['application/xml', 'UnsupportedProtocol'],
    ['application/octet-stream', 'UnsupportedProtocol'],
    ['application/x-www-form-urlencoded', 'UnsupportedProtocol', 'Limit=5'],
    ['application/x-www-form-urlencoded; charset=gbk', 'UnsupportedProtocol', 'Limit=5'],
    ['multipart/form-data; boundary=b', 'UnsupportedProtocol', part],
    ['multipart/form-data', 'InvalidRequest', part],
    ['multipart/form-data; boundary=c', 'InvalidRequest', part],
    ['multipart/mixed; boundary=b', 'UnsupportedProtocol', part],
    ['\xe8\xae\xa2', 'UnsupportedProtocol'],
    [`a/${'b'.repeat(10_000)}`, 'UnsupportedProtocol'],
  ];
  for (const [contentType, code, body = '{}'] of signed) {
    test(`POST of ${JSON.stringify(contentType.slice(0, 60))}, signed: ${code}`, async () => {
      assert.equal(await send(toBytes(sign({ contentType, body }))), code);
    });
  }

  test('none, signed as an empty one: UnsupportedProtocol', async () => {
    const raw = sign({ contentType: '' });
    const { 'content-type': _, ...headers } = raw.headers;
    assert.equal(await send(toBytes({ ...raw, headers })), 'UnsupportedProtocol');
  });

  test('of two the first counts', async () => {
    const twice = (first: string, second: string) => {
      const raw = sign({ contentType: first });
      return send(toBytes(raw, [`Content-Type: ${second}`, `Content-Length: ${raw.body.length}`]));
    };
    assert.equal(await twice('application/json', 'text/plain'), 'ok');
    assert.equal(await twice('text/plain', 'application/json'), 'UnsupportedProtocol');
  });

  test('of a POST that is of no form: MissingParameter', async () => {
    for (const line of [
      '',
      'Content-Type: text/plain\r\n',
      'Content-Type: application/json\r\n',
      'Content-Type: multipart/form-data\r\n',
    ]) {
      assert.equal(await send(`POST / HTTP/1.1\r\n${line}Content-Length: 12\r\n${CLOSE}Action=Nope&`), 'MissingParameter', line);
    }
  });

  test('of a GET does not matter, except to its signature', async () => {
    for (const contentType of ['application/x-www-form-urlencoded', 'application/json', 'multipart/form-data', 'x']) {
      assert.equal(await send(toBytes(sign({ method: 'GET', query: 'Limit=5', contentType }), [])), 'ok', contentType);
      const v1 = signV1Request({ key: KEY, timestampS, parameters: { Action: 'DescribeInstances' } });
      assert.equal(await send(toBytes(v1, [`Content-Type: ${contentType}`])), 'ok', contentType);
    }
  });
});

describe('refused and closed', () => {
  for (const [name, bytes] of [
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n'],
    ['the same Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['a NUL in the path', 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['raw bytes beyond ASCII in the query', 'GET /?a=\xe8\xae\xa2 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a DEL in the path', 'GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a tab in the path', 'GET /\t HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a blank in the path', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a blank in the query', 'GET /?a=b c HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a query without a path', 'GET ?Action=x HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an authority as target', 'GET x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: x\r\n\r\n'],
    ['HTTP/3.0 as words', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n'],
    ['http in lower case', 'GET / http/1.1\r\nHost: x\r\n\r\n'],
    ['another protocol', 'GET / FTP/1.1\r\nHost: x\r\n\r\n'],
    ['a word after the version', 'GET / HTTP/1.1 x\r\nHost: x\r\n\r\n'],
    ['a path without a slash', 'GET healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['lines that end with a newline alone', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'],
    ['a blank before a colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['a control character in a header', 'GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n'],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['a signed length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab'],
    ['a length beyond 64 bits', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n'],
    ['a length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n'],
    ['a transfer coding that is not chunked last', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n'],
    ['a chunk length that is no number', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ] as const) {
    test(name, async () => {
      const { status, headers, text } = await sendRaw(port, Buffer.from(bytes, 'latin1'));
      assert.deepEqual([status, headers.get('connection')], [400, 'close']);
      assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1);
    });
  }

  test('a body that ends before its length', async () => {
    for (const bytes of [
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabc',
      'GET / HTTP/1.1\r\nHost: x\r\n',
      'GET',
    ]) {
      const { text } = await sendRaw(port, bytes, { ends: true });
      assert.ok(text === '' || parseAnswer(text).status === 400, text);
    }
  });

  test('the service goes on after all of that', async () => {
    assert.equal(await send(toBytes(sign())), 'ok');
  });
});

describe('compression', () => {
  before(async () => {
    for (let i = 0; i < 20; i++) {
      const backupId = `00000000-affe-11e8-941e-4846fb00c7${String(i).padStart(2, '0')}`;
      await fixture.catalog.backups.insert(backupRow({ backupId, remark: '订单' }));
    }
  });
  const large = (headers: Record<string, string>) =>
    toBytes(sign({ action: 'DescribeInstanceBackups', body: '{"InstanceId":"crs-5a4py64p"}', headers }));

  test('a large answer is gzip where the caller accepts it, with its own length and the same content type', async () => {
    const answer = await sendRaw(port, large({ 'accept-encoding': 'gzip,deflate', 'x-tc-traceid': 't-1' }));
    const bytes = Buffer.from(answer.body, 'latin1');
    assert.deepEqual(
      ['content-type', 'content-encoding', 'content-length', 'x-tc-traceid'].map((name) => answer.headers.get(name)),
      ['application/json', 'gzip', String(bytes.length), 't-1'],
    );
    const text = gunzipSync(bytes).toString('utf8');
    const { Response } = JSON.parse(text) as { Response: { TotalCount: number; BackupSet: Array<{ Remark: string }> } };
    assert.equal(Response.TotalCount, 22);
    assert.equal(Response.BackupSet[3]?.Remark, '订单');
    assert.ok(bytes.length < Buffer.byteLength(text) / 4);
  });

  test('it is plain where the caller does not, and small ones always are', async () => {
    for (const headers of [{}, { 'accept-encoding': 'deflate, br' }, { 'accept-encoding': 'gzip;q=0' }]) {
      const answer = await sendRaw(port, large(headers));
      assert.equal(codeOf(answer), 'ok');
      assert.equal(answer.headers.get('content-encoding'), undefined);
    }
    const small = await sendRaw(port, toBytes(sign({ action: 'RenewInstance', headers: { 'accept-encoding': 'gzip' } })));
    assert.equal(codeOf(small), 'UnsupportedOperation');
  });
});
