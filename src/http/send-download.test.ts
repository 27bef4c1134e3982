import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import type { DownloadAnswer } from '../downloads/serve-download.ts';
import { sendDownload } from './send-download.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
/** More than the kernel keeps for a connection. */
const MUCH = Buffer.alloc(32 * 1024 * 1024);

interface Sender extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the answer was sent as far as it goes. */
  readonly sent: Promise<void>;
}

async function serve(answer: DownloadAnswer, stalledMs?: number): Promise<Sender> {
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  const server: Server = createServer((_request, response) => void sendDownload(response, answer, stalledMs).then(resolve));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function read(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let text = '';
  socket.on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => {});
  socket.write(REQUEST);
  await once(socket, 'close');
  return text;
}

test('a text is sent with its headers, and so is nothing', async () => {
  await using refused = await serve({ status: 403, headers: { 'Content-Length': 3, 'X-Word': 'a' }, text: 'no\n' });
  assert.match(await read(refused.port), /^HTTP\/1\.1 403 Forbidden\r\n.*X-Word: a\r\n.*\r\n\r\nno\n$/s);
  await using empty = await serve({ status: 304, headers: {} });
  assert.match(await read(empty.port), /^HTTP\/1\.1 304 .*\r\n\r\n$/s);
});

test('bytes that break off cut the connection before the announced length', async () => {
  await using sender = await serve({
    status: 200,
    headers: { 'Content-Length': 10 },
    async send({ write }) {
      await write(Buffer.from('12345'));
      throw new Error('the rest is damaged');
    },
  });
  assert.match(await read(sender.port), /Content-Length: 10\r\n.*\r\n\r\n12345$/s);
  await sender.sent;
});

test('a write resolves when the client has gone, and the signal says so', async () => {
  const { promise: written, resolve } = Promise.withResolvers<boolean>();
  await using sender = await serve({
    status: 200,
    headers: { 'Content-Length': MUCH.length },
    async send({ signal, write }) {
      await write(MUCH);
      resolve(signal.aborted);
      signal.throwIfAborted();
    },
  });
  const socket = connect(sender.port, '127.0.0.1');
  socket.write(REQUEST);
  await once(socket, 'data');
  socket.destroy();
  assert.equal(await written, true);
  await sender.sent;
});

test('a client that takes nothing is cut off', async () => {
  await using sender = await serve(
    {
      status: 200,
      headers: { 'Content-Length': MUCH.length },
      async send({ signal, write }) {
        await write(MUCH);
        assert.ok(signal.aborted);
        signal.throwIfAborted();
      },
    },
    50,
  );
  const socket = connect(sender.port, '127.0.0.1');
  socket.write(REQUEST);
  await once(socket, 'data');
  socket.pause();
  await sender.sent;
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
});
