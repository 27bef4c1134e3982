import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type BodyReader, createBodyReader } from './read-body.ts';

const KB = 1024;

interface Site extends AsyncDisposable {
  /** Sends a request whose body has `length` bytes, and the first `sent` of them. */
  start(length: number, sent: number): Promise<Call>;
}

interface Call {
  readonly client: Socket;
  readonly request: IncomingMessage;
  /** How many bytes its reader was given, `over` where there were too many, undefined where it was given up. */
  readonly read: Promise<number | 'over' | undefined>;
  /** Resolves when so many bytes of the body were taken. */
  taken(bytes: number): Promise<void>;
}

async function openSite(bodies: BodyReader): Promise<Site> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clients: Socket[] = [];
  return {
    async start(length, sent) {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      clients.push(client);
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
      client.write(Buffer.alloc(sent));
      const [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
      let bytes = 0;
      request.on('data', (chunk: Uint8Array) => {
        bytes += chunk.length;
      });
      const read = bodies
        .read(request, async (body) => body?.length ?? 'over')
        .catch(() => undefined)
        .finally(() => response.end());
      return { client, request, read, taken: (atLeast) => until(() => bytes >= atLeast) };
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) {
        client.destroy();
      }
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await setImmediate();
  }
}

describe('bodies that are not small', { timeout: 60_000 }, () => {
  test('wait unread while as many as allowed are being read, and small ones do not', async () => {
    await using site = await openSite(createBodyReader(2));
    const slow = [await site.start(1000 * KB, 200 * KB), await site.start(1000 * KB, 200 * KB)];
    await Promise.all(slow.map((call) => call.taken(200 * KB)));
    const next = await site.start(300 * KB, 300 * KB);
    await until(() => next.request.isPaused());
    assert.equal(await (await site.start(60 * KB, 60 * KB)).read, 60 * KB);
    assert.ok(next.request.isPaused());
    slow[0]?.client.destroy();
    assert.equal(await slow[0]?.read, undefined);
    assert.equal(await next.read, 300 * KB);
  });

  test('give their room to the next when they were used, are too large, or are given up while they wait', async () => {
    await using site = await openSite(createBodyReader(1));
    for (let i = 0; i < 3; i++) {
      assert.equal(await (await site.start(500 * KB, 500 * KB)).read, 500 * KB);
    }
    const large = await site.start(20_000 * KB, 11_000 * KB);
    await large.taken(11_000 * KB);
    assert.equal(await (await site.start(500 * KB, 500 * KB)).read, 500 * KB, 'what is too large is not held');
    const hopeless = await site.start(100_000 * KB, 500 * KB);
    assert.equal(await hopeless.read, 'over');
    await hopeless.taken(500 * KB);
    const holder = await site.start(1000 * KB, 200 * KB);
    await holder.taken(200 * KB);
    const waiting = [await site.start(500 * KB, 500 * KB), await site.start(500 * KB, 500 * KB)];
    await until(() => waiting.every((call) => call.request.isPaused()));
    waiting[0]?.client.resetAndDestroy();
    holder.client.destroy();
    assert.equal(await waiting[1]?.read, 500 * KB);
  });
});
