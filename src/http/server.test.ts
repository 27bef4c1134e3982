import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type ApiFixture, insertExample, KEY, openApiFixture } from '../../test/harness/api-fixture.ts';
import { parseAnswer, type RawAnswer, sendRaw } from '../../test/harness/raw-http.ts';
import { signTc3Request, signV1Request } from '../../test/harness/signed-request.ts';
import type { RawRequest } from '../api/http-message.ts';
import { createHttpServer, type HttpServer } from './server.ts';

let fixture: ApiFixture;
let server: HttpServer;
let port: number;
let isReady = true;
let timestampS: number;

before(async () => {
  fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  timestampS = fixture.clock.now() / 1000;
  server = createHttpServer({
    handle: (raw) => fixture.api.handle(raw),
    health: () => isReady,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'redkeep_up 1\n' }),
    timeouts: { headersMs: 400, requestMs: 800 },
  });
  ({ port } = await server.listen('127.0.0.1', 0));
});
after(async () => {
  await server.close();
  await fixture[Symbol.asyncDispose]();
});

/** The bytes of a request that ends the connection after its answer. */
function toBytes(raw: RawRequest, changes: { lines?: string[] } = {}): Buffer {
  const target = raw.query === '' ? raw.path : `${raw.path}?${raw.query}`;
  const lines = Object.entries(raw.headers).map(([name, value]) => `${name}: ${value}`);
  const length = raw.method === 'POST' ? [`Content-Length: ${raw.body.length}`] : [];
  const head = [`${raw.method} ${target} HTTP/1.1`, ...lines, ...length, 'Connection: close', ...(changes.lines ?? []), '', ''].join(
    '\r\n',
  );
  return Buffer.concat([Buffer.from(head, 'latin1'), raw.body]);
}

function codeOf(answer: RawAnswer): string {
  assert.equal(answer.status, 200, answer.text.slice(0, 200));
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.body, 'latin1')));
  const { Response } = JSON.parse(answer.body) as { Response: { Error?: { Code: string }; RequestId: string } };
  assert.match(Response.RequestId, /^[0-9a-f-]{36}$/);
  return Response.Error?.Code ?? 'ok';
}

const send = async (bytes: string | Buffer) => codeOf(await sendRaw(port, bytes));
const tc3 = (options: object = {}) => signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS, ...options });

describe('envelope', () => {
  test('a signed request is answered with exactly application/json, Content-Length and the trace id', async () => {
    const answer = await sendRaw(port, toBytes(tc3({ headers: { 'x-tc-traceid': 'trace-1' } })));
    assert.equal(codeOf(answer), 'ok');
    assert.equal(answer.headers.get('x-tc-traceid'), 'trace-1');
  });

  test('the body beyond ASCII has its length in bytes', async () => {
    await fixture.catalog.instances.insert({ ...(await getInstance()), instanceId: 'crs-utf80000', name: '订单' });
    const answer = await sendRaw(port, toBytes(tc3({ body: '{"SearchKey":"订单"}' })));
    assert.equal(codeOf(answer), 'ok');
    assert.ok(Buffer.from(answer.body, 'latin1').toString('utf8').includes('"InstanceName":"订单"'));
  });

  test('connections are kept for the next request', async () => {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    for (let i = 0; i < 2; i++) {
      socket.write(toBytes(tc3()).toString('latin1').replace('Connection: close\r\n', ''));
      const answer = await readOne(socket);
      assert.equal(codeOf(answer), 'ok');
      assert.equal(answer.headers.get('connection'), 'keep-alive');
    }
    socket.destroy();
  });

  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']) {
    test(`${method} is answered inside the envelope`, async () => {
      assert.equal(await send(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), 'UnsupportedProtocol');
    });
  }

  test('HEAD is answered without a body', async () => {
    const answer = await sendRaw(port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.deepEqual([answer.status, answer.body], [200, '']);
  });

  test('CONNECT, and a method that does not exist, are answered inside the envelope and closed', async () => {
    assert.equal(await send('CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n'), 'UnsupportedProtocol');
    assert.equal(await send('FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n'), 'UnsupportedProtocol');
  });

  test('an upgrade and an expectation are ignored', async () => {
    assert.equal(
      await send(
        toBytes(tc3(), { lines: ['Upgrade: websocket'] })
          .toString('latin1')
          .replace('close', 'close, Upgrade'),
      ),
      'ok',
    );
    assert.equal(await send(toBytes(tc3(), { lines: ['Expect: something'] })), 'ok');
  });

  test('any path is the API', async () => {
    for (const path of ['/v3', '//', '/%2e%2e/', '/a/b?', 'http://127.0.0.1/']) {
      assert.equal(await send(toBytes(tc3({ path }))), 'ok', path);
    }
    assert.equal(await send('GET /favicon.ico HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), 'MissingParameter');
  });

  test('a Host that is a whole URL works, as tccli sends it', async () => {
    assert.equal(await send(toBytes(tc3({ host: `http://127.0.0.1:${port}` }))), 'ok');
    const v1 = signV1Request({ key: KEY, timestampS, host: `http://127.0.0.1:${port}`, parameters: { Action: 'DescribeInstances' } });
    assert.equal(await send(toBytes(v1)), 'ok');
  });

  test('a request without Host, or of HTTP/1.0, stays inside the envelope', async () => {
    assert.equal(await send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), 'MissingParameter');
    assert.equal(await send('GET / HTTP/1.0\r\n\r\n'), 'MissingParameter');
  });

  test('a chunked body is the body', async () => {
    const raw = tc3({ body: '{"Limit":5}' });
    const lines = Object.entries(raw.headers).map(([name, value]) => `${name}: ${value}`);
    const head = ['POST / HTTP/1.1', ...lines, 'Transfer-Encoding: chunked', 'Connection: close', '', ''].join('\r\n');
    assert.equal(await send(`${head}6\r\n{"Limi\r\n5\r\nt":5}\r\n0\r\n\r\n`), 'ok');
  });
});

describe('sizes', () => {
  const form = 'application/x-www-form-urlencoded';
  const post = (contentType: string, bytes: number, action = '') =>
    Buffer.concat([
      Buffer.from(
        `POST / HTTP/1.1\r\nHost: x\r\n${action}Content-Type: ${contentType}\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`,
      ),
      Buffer.alloc(bytes, 0x61),
    ]);

  test('a form of 1 MB is read, one of a byte more is refused as v1 refuses it', async () => {
    assert.equal(await send(post(form, 1024 * 1024)), 'MissingParameter');
    assert.equal(await send(post(form, 1024 * 1024 + 1)), 'AuthFailure.SignatureFailure');
  });

  test('JSON of 10 MB is read, one of a byte more is RequestSizeLimitExceeded', async () => {
    const action = 'X-TC-Action: DescribeInstances\r\n';
    assert.equal(await send(post('application/json', 10 * 1024 * 1024, action)), 'MissingParameter');
    assert.equal(await send(post('application/json', 10 * 1024 * 1024 + 1, action)), 'RequestSizeLimitExceeded');
  });

  test('a query of 32 KB is read, one of a byte more is refused', async () => {
    const get = (bytes: number) => send(`GET /?${'a'.repeat(bytes)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.equal(await get(32 * 1024), 'MissingParameter');
    assert.equal(await get(32 * 1024 + 1), 'AuthFailure.SignatureFailure');
  });

  test('headers past every limit are RequestSizeLimitExceeded, and the connection is closed', async () => {
    assert.equal(await send(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(100_000)}\r\n\r\n`), 'RequestSizeLimitExceeded');
    // Which form a request line of that length belongs to is never known: the general code, for v1 too.
    const parameters = { Action: 'DescribeInstances', SearchKey: 'x'.repeat(70_000) };
    assert.equal(await send(toBytes(signV1Request({ key: KEY, timestampS, parameters }))), 'RequestSizeLimitExceeded');
  });
});

describe('broken HTTP', () => {
  for (const [name, bytes] of [
    ['a bad version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost x\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: x\0\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bad chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ] as const) {
    test(`${name} is refused and closed`, async () => {
      const { status, headers } = await sendRaw(port, bytes);
      assert.deepEqual([status, headers.get('connection')], [400, 'close']);
    });
  }

  test('bytes that are no HTTP at all are answered as an odd method and closed', async () => {
    assert.equal(await send('hello\r\n\r\n'), 'UnsupportedProtocol');
    assert.equal(await send(Buffer.from('16030100c8010000c40303', 'hex')), 'UnsupportedProtocol');
  });

  test('headers and bodies that never end are cut off', async () => {
    assert.equal((await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\n')).status, 408);
    assert.equal((await sendRaw(port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')).status, 408);
  });

  test('the service goes on after all of that', async () => {
    assert.equal(await send(toBytes(tc3())), 'ok');
  });
});

describe('health and metrics', () => {
  const get = (path: string) => sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  test('healthz is 200 when ready and 503 when not', async () => {
    assert.equal((await get('/healthz')).status, 200);
    isReady = false;
    assert.equal((await get('/healthz')).status, 503);
    isReady = true;
  });

  test('metrics show what they are given', async () => {
    const answer = await get('/metrics');
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), answer.body],
      [200, 'text/plain; version=0.0.4', 'redkeep_up 1\n'],
    );
  });
});

test('a connection whose client takes nothing of an answer is closed', { timeout: 30_000 }, async () => {
  const accepted = Promise.withResolvers<Socket>();
  const onSocket = (message: unknown) => accepted.resolve((message as { socket: Socket }).socket);
  subscribe('net.server.socket', onSocket);
  const answering = createHttpServer({
    handle: async () => ({ headers: {}, body: 'x'.repeat(64 * 1024 * 1024) }),
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    timeouts: { stalledMs: 300, closeMs: 100 },
  });
  const at = await answering.listen('127.0.0.1', 0);
  const client = connect(at.port, '127.0.0.1').pause();
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const socket = await accepted.promise;
  unsubscribe('net.server.socket', onSocket);
  await once(socket, 'close');
  client.destroy();
  await answering.close();
});

describe('close', () => {
  test('lets an answer that is under way finish, then closes idle and busy connections', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const closing = createHttpServer({
      handle: async () => {
        entered.resolve();
        await gate.promise;
        return { headers: {}, body: '{"Response":{"RequestId":"x"}}' };
      },
      health: () => true,
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
    });
    const at = await closing.listen('127.0.0.1', 0);
    const idle = connect(at.port, '127.0.0.1');
    await once(idle, 'connect');
    idle.resume();
    const answer = sendRaw(at.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await entered.promise;
    const closed = closing.close();
    gate.resolve();
    assert.equal((await answer).body, '{"Response":{"RequestId":"x"}}');
    await closed;
    idle.destroy();
    await assert.rejects(sendRaw(at.port, 'GET / HTTP/1.1\r\n\r\n'), { code: 'ECONNREFUSED' });
  });

  test('lets every answer of a pipelined connection finish, then closes it', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const entered = Promise.withResolvers<void>();
    let asked = 0;
    const closing = createHttpServer({
      handle: async () => {
        const number = asked++;
        if (asked === gates.length) {
          entered.resolve();
        }
        await gates[number]?.promise;
        return { headers: {}, body: `{"Response":{"RequestId":"${number}"}}` };
      },
      health: () => true,
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
    });
    const at = await closing.listen('127.0.0.1', 0);
    const socket = connect(at.port, '127.0.0.1').setEncoding('latin1');
    let text = '';
    const first = Promise.withResolvers<void>();
    socket.on('data', (chunk: string) => {
      text += chunk;
      first.resolve();
    });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2));
    await entered.promise;
    const closed = closing.close();
    gates[0]?.resolve();
    await first.promise;
    const ended = once(socket, 'close');
    gates[1]?.resolve();
    await Promise.all([closed, ended]);
    assert.deepEqual(text.match(/"RequestId":"\d"/g), ['"RequestId":"0"', '"RequestId":"1"']);
  });

  test('does not wait for ever for a handler that hangs', async () => {
    const entered = Promise.withResolvers<void>();
    const closing = createHttpServer({
      handle: () => {
        entered.resolve();
        return new Promise(() => {});
      },
      health: () => true,
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
      timeouts: { closeMs: 50 },
    });
    const at = await closing.listen('127.0.0.1', 0);
    const answer = sendRaw(at.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await entered.promise;
    await closing.close();
    assert.equal((await answer).text, '');
  });

  test('an address in use is listen-failed, and names itself', async () => {
    const second = createHttpServer({
      handle: (raw) => fixture.api.handle(raw),
      health: () => true,
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
    });
    await assert.rejects(second.listen('127.0.0.1', port), { code: 'listen-failed' });
  });
});

async function getInstance() {
  const instance = await fixture.catalog.instances.get('crs-5a4py64p');
  assert.ok(instance !== undefined);
  return instance;
}

/** Reads one answer from a connection that stays open. */
async function readOne(socket: ReturnType<typeof connect>): Promise<RawAnswer> {
  let text = '';
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [string];
    text += chunk;
    const answer = parseAnswer(text);
    if (answer.headers.has('content-length') && answer.body.length === Number(answer.headers.get('content-length'))) {
      return answer;
    }
  }
}
