import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { it } from 'node:test';
import type { RawRequest } from '../api/http-message.ts';
import { createHttpServer } from './server.ts';

it('never serves a request whose sender has no address, not even one that resets right after sending', async () => {
  const seen: Array<RawRequest['remoteAddress']> = [];
  const server = createHttpServer({
    async handle(request) {
      seen.push(request.remoteAddress);
      return { headers: {}, body: '{}' } as never;
    },
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  for (let i = 0; i < 60; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}', () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  const last = connect(port, '127.0.0.1');
  last.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
  await once(last, 'data');
  last.destroy();
  await server.close();
  assert.ok(seen.length > 0);
  assert.ok(seen.every((address) => address === '127.0.0.1'));
});
