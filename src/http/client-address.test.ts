import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendRaw } from '../../test/harness/raw-http.ts';
import { parseIpRanges } from '../lib/ip-range.ts';
import { clientAddress } from './client-address.ts';
import { createHttpServer } from './server.ts';

function ranges(...texts: string[]) {
  const parsed = parseIpRanges(texts);
  assert.ok(parsed !== undefined);
  return parsed;
}

const PROXIES = ranges('10.0.0.0/8', '2001:db8::/32');

test('a header from anybody but a trusted proxy is not looked at', () => {
  assert.equal(clientAddress('8.8.8.8', '1.2.3.4', PROXIES), '8.8.8.8');
  assert.equal(clientAddress('10.0.0.1', '1.2.3.4', ranges()), '10.0.0.1');
  assert.equal(clientAddress(undefined, '1.2.3.4', PROXIES), undefined);
  assert.equal(clientAddress('10.0.0.1', undefined, PROXIES), '10.0.0.1');
});

test('from a trusted proxy the rightmost address that is no trusted proxy is the client, whatever stands left of it', () => {
  assert.equal(clientAddress('10.0.0.1', '8.8.8.8', PROXIES), '8.8.8.8');
  assert.equal(clientAddress('10.0.0.1', '127.0.0.1, 8.8.8.8', PROXIES), '8.8.8.8');
  assert.equal(clientAddress('10.0.0.1', 'nonsense,8.8.8.8 , 10.9.9.9', PROXIES), '8.8.8.8');
  assert.equal(clientAddress('::ffff:10.0.0.1', '2001:db9::1,2001:db8::7', PROXIES), '2001:db9::1');
});

test('where all are trusted, the leftmost is the client', () => {
  assert.equal(clientAddress('10.0.0.1', '10.0.0.3, 10.0.0.2', PROXIES), '10.0.0.3');
});

test('a port is left off; what is no address gives none', () => {
  assert.equal(clientAddress('10.0.0.1', '8.8.8.8:4711', PROXIES), '8.8.8.8');
  assert.equal(clientAddress('10.0.0.1', '[2001:db9::1]:4711', PROXIES), '2001:db9::1');
  assert.equal(clientAddress('10.0.0.1', '[2001:db9::1]', PROXIES), '2001:db9::1');
  for (const forwarded of ['', 'unknown', '8.8.8.8, ', '8.8.8.8,_hidden', '8.8.8.8/8', '1.2.3', '1.2.3.4:x']) {
    assert.equal(clientAddress('10.0.0.1', forwarded, PROXIES), undefined, forwarded);
  }
});

test('the server hands on the address that a trusted proxy names, over all its header lines, and else that of the connection', async () => {
  for (const [trusted, expected] of [
    [ranges('127.0.0.1'), '8.8.8.8'],
    [ranges('10.0.0.0/8'), '127.0.0.1'],
    [undefined, '127.0.0.1'],
  ] as const) {
    const seen: unknown[] = [];
    const server = createHttpServer({
      handle: async ({ remoteAddress }) => {
        seen.push(remoteAddress);
        return { headers: {}, body: '{}' };
      },
      ...(trusted === undefined ? {} : { trustedProxies: trusted }),
      health: () => true,
      metrics: async () => ({ contentType: '', text: '' }),
    });
    const { port } = await server.listen('127.0.0.1', 0);
    await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 8.8.8.8\r\nConnection: close\r\n\r\n');
    await server.close();
    assert.deepEqual(seen, [expected]);
  }
});
