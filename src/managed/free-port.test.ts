import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isPortFree, loopbackAddresses, pickFreePort } from './free-port.ts';

test('picks a port below the ephemeral range that can be listened on', async () => {
  const port = await pickFreePort();
  assert.ok(port >= 20_000 && port < 32_768);
  assert.equal(await isPortFree(port), true);
});

test('sees that a port is taken on any loopback address', async () => {
  for (const host of loopbackAddresses()) {
    const port = await pickFreePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, host, resolve));
    assert.equal(await isPortFree(port), false, host);
    await new Promise((resolve) => other.close(resolve));
    assert.equal(await isPortFree(port), true, host);
  }
});
