import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { KEY } from '../harness/api-fixture.ts';
import { bytesInUse, MB } from '../harness/bytes-in-use.ts';
import { parseAnswer } from '../harness/raw-http.ts';
import { signTc3Request } from '../harness/signed-request.ts';
import { codeOf, type ServedApi, serveApi, toHead } from './served-api.ts';

const CONNECTIONS = 300;

let served: ServedApi;
before(async () => {
  served = await serveApi({ headersMs: 400, requestMs: 700, idleMs: 300 });
});
after(() => served[Symbol.asyncDispose]());

const request = () => signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS: served.fixture.clock.now() / 1000 });

interface Talk {
  readonly socket: Socket;
  /** What the server said until it closed the connection. */
  readonly ended: Promise<string>;
}

/** Says `start` at once: the server's limits run from the moment that it has the connection. */
async function open(start: Buffer, { allowHalfOpen = false } = {}): Promise<Talk> {
  const socket = connect({ port: served.port, host: '127.0.0.1', allowHalfOpen }).setEncoding('latin1');
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.once('close', () => resolve(text));
  socket.write(start);
  await once(socket, 'connect');
  return { socket, ended };
}

/**
 * Many connections that each send `start` and then a byte of `rest` now and then, while others are served; resolves when all were cut. They
 * go on after the server has ended them, as who wants to hold them does.
 */
async function drip(start: Buffer, rest: string): Promise<string[]> {
  const talks = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(start, { allowHalfOpen: true })));
  let at = 0;
  const timer = setInterval(() => {
    for (const { socket } of talks.filter((talk) => talk.socket.writable)) {
      socket.write(rest[at % rest.length] ?? '');
    }
    at++;
  }, 50);
  try {
    for (let i = 0; i < 20; i++) {
      assert.equal(codeOf(await served.send(request())), 'ok');
    }
    return await Promise.all(talks.map((talk) => talk.ended));
  } finally {
    clearInterval(timer);
  }
}

describe('connections that never come to an end', { timeout: 30_000 }, () => {
  test('headers that drip are cut off, and others are served meanwhile', async () => {
    const texts = await drip(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '), 'a');
    assert.deepEqual(new Set(texts.map((text) => parseAnswer(text).status)), new Set([408]));
  });

  test('bodies that drip are cut off, and others are served meanwhile', async () => {
    const texts = await drip(toHead(request(), ['Content-Length: 1000']), ' ');
    assert.deepEqual(new Set(texts.map((text) => parseAnswer(text).status)), new Set([408]));
  });

  test('chunks that drip are cut off, and others are served meanwhile', async () => {
    const texts = await drip(toHead(request(), ['Transfer-Encoding: chunked']), '1\r\na\r\n');
    assert.deepEqual(new Set(texts.map((text) => parseAnswer(text).status)), new Set([408]));
  });

  test('those that say nothing, or nothing more after an answer, are closed', async () => {
    const whole = Buffer.concat([toHead(request(), []), request().body]);
    const talks = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => open(i % 2 === 0 ? whole : Buffer.alloc(0))));
    const texts = await Promise.all(talks.map((talk) => talk.ended));
    const answered = texts.filter((_, i) => i % 2 === 0).map((text) => codeOf(parseAnswer(text)));
    assert.deepEqual(new Set(answered), new Set(['ok']));
  });

  test('a client that asks and asks and never reads is not read from any more', async (t) => {
    // The usual limits: being cut off for slowness would look like being read.
    await using patient = await serveApi();
    const before = await bytesInUse();
    const socket = connect(patient.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.pause();
    const bytes = Buffer.concat([toHead(request(), []), request().body]);
    const batch = Buffer.concat(Array.from({ length: 200 }, () => bytes));
    let sent = 0;
    // Its own buffer fills where the server no longer takes any; a server that did would take all of it.
    while (sent < 1_000 && (await isTaken(patient, socket, batch))) {
      sent++;
    }
    assert.ok(sent < 1_000, `${sent * 200} requests were taken`);
    assert.ok(socket.writable, 'the connection is still open');
    const held = (await bytesInUse()) - before;
    t.diagnostic(`${sent * 200} requests were taken, ${(held / MB).toFixed(1)} MB held`);
    assert.ok(held < 16 * MB, `${held} bytes were held`);
    const closed = once(socket, 'close');
    socket.resetAndDestroy();
    await closed;
    assert.equal(codeOf(await patient.send(request())), 'ok');
  });
});

/** Whether the bytes leave this process before fifty requests of others have been answered. */
async function isTaken(server: ServedApi, socket: Socket, bytes: Buffer): Promise<boolean> {
  let taken = false;
  socket.write(bytes, (error) => {
    // Where the connection is closed at last, the bytes have not left.
    taken = !error;
  });
  for (let i = 0; i < 50 && !taken; i++) {
    await server.send(request());
  }
  return taken;
}
