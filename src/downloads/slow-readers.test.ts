import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { cut } from '../../test/harness/attempts.ts';
import { bytesInUse, MB } from '../../test/harness/bytes-in-use.ts';
import { openDownloadSite } from '../../test/harness/download-site.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';

const READERS = 500;
const FRAME_BYTES = 4 * MB;
const FRAMES = 6;
/** A thousand durable writes. */
const WITHIN_MS = 120_000;

test('500 readers that take nothing cost little memory, hinder nobody, and leave nothing behind', async () => {
  await using site = await openDownloadSite();
  const plain = randomBytes(FRAMES * FRAME_BYTES);
  const path = site.path(await site.addBackup(cut(plain, FRAME_BYTES)));
  await site.fetch(path);
  const before = await bytesInUse();
  const residentBefore = process.memoryUsage().rss;
  const sockets: Socket[] = [];
  for (let i = 0; i < READERS; i++) {
    const socket = connect(site.port, '127.0.0.1').pause();
    // Each begins elsewhere, so that they cannot share one frame.
    const from = Math.floor((i / READERS) * (plain.length - 2 * FRAME_BYTES));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nRange: bytes=${from}-\r\n\r\n`);
    sockets.push(socket);
  }
  await eventually('all have begun', () => site.events.filter(({ outcome }) => outcome === 'started').length === READERS + 1, WITHIN_MS);
  // One that takes what it gets is served among them, whole: by then the others have what their sockets hold.
  for (let i = 0; i < 3; i++) {
    assert.ok((await site.fetch(path)).body.equals(plain));
  }
  const growth = (await bytesInUse()) - before;
  // A frame for each would be 2000 MB; 64 KiB for each, 32 MiB in whole frames and 16 MiB of decoded ones are allowed.
  assert.ok(growth < 128 * MB, `${Math.round(growth / MB)} MB`);
  const resident = process.memoryUsage().rss - residentBefore;
  assert.ok(resident < 400 * MB, `${Math.round(resident / MB)} MB resident`);
  for (const socket of sockets) {
    socket.destroy();
  }
  await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
  await eventually('all have ended', () => site.events.filter(({ outcome }) => outcome === 'aborted').length === READERS, WITHIN_MS);
  await site.downloads.ended();
  const left = (await bytesInUse()) - before;
  assert.ok(left < 40 * MB, `${Math.round(left / MB)} MB are left`);
});
