import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEY } from '../harness/api-fixture.ts';
import { MB } from '../harness/bytes-in-use.ts';
import { sendRaw } from '../harness/raw-http.ts';
import { isRequired } from '../harness/required.ts';
import { signTc3Request } from '../harness/signed-request.ts';
import { codeOf, toHead } from './served-api.ts';

const COUNT = 10_000;
/** Left for everything else that a process has open. */
const SPARE = 500;
const AT_ONCE = 500;

test('beside 10,000 idle connections others are served, and their memory comes back', { timeout: 120_000 }, async (t) => {
  // Node has raised its soft limit to the hard one at its start; a shell that it starts has that limit. `unlimited` is no number.
  const limit = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout.trim();
  if (Number(limit) < COUNT + SPARE) {
    const reason = `a process may open ${limit} files here, and needs ${COUNT + SPARE}`;
    assert.ok(!isRequired('descriptors'), reason);
    t.skip(reason);
    return;
  }
  const child = fork(join(import.meta.dirname, 'serve-in-child.ts'));
  const sockets: Socket[] = [];
  try {
    const { port, timestampS } = await receive<{ port: number; timestampS: number }>(child);
    const request = signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS });
    const ask = async () => codeOf(await sendRaw(port, Buffer.concat([toHead(request, ['Connection: close']), request.body])));
    assert.equal(await ask(), 'ok');
    const before = await measure(child, 0);

    while (sockets.length < COUNT) {
      const batch = Array.from({ length: Math.min(AT_ONCE, COUNT - sockets.length) }, () => connect(port, '127.0.0.1'));
      sockets.push(...batch);
      await Promise.all(batch.map((socket) => once(socket, 'connect')));
      // A part of them has asked before, as a pool's connections have.
      const asking = batch.slice(0, 25);
      await Promise.all(asking.map((socket) => askOnce(socket, Buffer.concat([toHead(request, []), request.body]))));
    }
    for (let i = 0; i < 50; i++) {
      assert.equal(await ask(), 'ok');
    }
    const beside = await measure(child, COUNT);
    assert.ok(beside.most >= COUNT, `${beside.most} connections were open`);

    for (const socket of sockets) {
      socket.resetAndDestroy();
    }
    const afterwards = await measure(child, 0);
    assert.equal(await ask(), 'ok');
    const [held, kept] = [beside.bytes - before.bytes, afterwards.bytes - before.bytes];
    t.diagnostic(`${COUNT} connections held ${(held / MB).toFixed(1)} MB; ${(kept / MB).toFixed(1)} MB are left of it`);
    assert.ok(kept < 8 * MB, `${kept} bytes`);
  } finally {
    for (const socket of sockets) {
      socket.destroy();
    }
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }
});

async function receive<Message>(child: ChildProcess): Promise<Message> {
  const [message] = (await once(child, 'message')) as [Message];
  return message;
}

/** Of the child, as soon as at most so many connections are open to it. */
function measure(child: ChildProcess, atMost: number): Promise<{ bytes: number; most: number }> {
  const answer = receive<{ bytes: number; most: number }>(child);
  child.send(atMost);
  return answer;
}

async function askOnce(socket: Socket, bytes: Buffer): Promise<void> {
  socket.write(bytes);
  await once(socket, 'data');
}
