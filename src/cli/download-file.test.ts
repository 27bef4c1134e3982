import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { cut } from '../../test/harness/attempts.ts';
import { openDownloadSite } from '../../test/harness/download-site.ts';
import { isDomainError } from '../lib/errors.ts';
import { downloadFile } from './download-file.ts';

const PLAIN = randomBytes(200_000);
const SHA256 = createHash('sha256').update(PLAIN).digest('hex');

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-file-'));
  path = join(directory, 'dump.rdb');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** The service's own answers, and before them what `first` does with the first requests: true where it has answered. */
async function serve(first: (number: number, request: IncomingMessage, response: ServerResponse) => boolean = () => false) {
  const site = await openDownloadSite();
  const target = site.path(await site.addBackup(cut(PLAIN, 30_000)));
  const ranges: Array<string | undefined> = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    if (first(ranges.length, request, response)) {
      return;
    }
    void site.fetch(target, { headers: request.headers.range === undefined ? {} : { range: request.headers.range } }).then((answer) => {
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`,
    ranges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await site[Symbol.asyncDispose]();
    },
  };
}

const QUIET = { onProgress: () => {}, pauseMs: 1 };

test('the file has its name only when all of it is there and right', async () => {
  await using served = await serve();
  const seen: Array<[number, number]> = [];
  const sha256 = await downloadFile({ url: served.url, sizeBytes: PLAIN.length }, path, {
    ...QUIET,
    onProgress: (done, total) => void seen.push([done, total]),
  });
  assert.equal(sha256, SHA256);
  assert.ok((await readFile(path)).equals(PLAIN));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(directory), ['dump.rdb']);
  assert.deepEqual(seen.at(-1), [PLAIN.length, PLAIN.length]);
});

test('a connection that breaks is resumed where it broke', async () => {
  await using served = await serve((number, request, response) => {
    if (number > 3) {
      return false;
    }
    const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      ETag: `"${SHA256}"`,
      'Content-Length': PLAIN.length - from,
      'Content-Range': `bytes ${from}-${PLAIN.length - 1}/${PLAIN.length}`,
    });
    response.write(PLAIN.subarray(from, from + 50_000), () => response.destroy());
    return true;
  });
  await downloadFile({ url: served.url, sizeBytes: PLAIN.length }, path, QUIET);
  assert.ok((await readFile(path)).equals(PLAIN));
  assert.ok(
    served.ranges.length >= 2 && served.ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? '')),
    String(served.ranges),
  );
});

test('the part of an earlier run is gone on with; one of other bytes is thrown away', async () => {
  for (const [part, ranges] of [
    [PLAIN.subarray(0, 70_000), ['bytes=70000-']],
    [PLAIN, [`bytes=${PLAIN.length - 1}-`]],
    [randomBytes(70_000), ['bytes=70000-', undefined]],
    [randomBytes(PLAIN.length), [`bytes=${PLAIN.length - 1}-`, undefined]],
    [randomBytes(PLAIN.length + 1), [undefined]],
  ] as const) {
    await using served = await serve();
    await writeFile(`${path}.part`, part);
    await downloadFile({ url: served.url, sizeBytes: PLAIN.length }, path, QUIET);
    assert.ok((await readFile(path)).equals(PLAIN));
    assert.deepEqual(served.ranges, ranges);
    assert.deepEqual(await readdir(directory), ['dump.rdb']);
    await rm(path);
  }
});

test('a refusal is told in the service’s words and not tried again; the part stays', async () => {
  await using served = await serve((_number, _request, response) => {
    response.writeHead(403, { 'Content-Type': 'text/plain' }).end('LinkExpired: a link lives for six hours.\n');
    return true;
  });
  await writeFile(`${path}.part`, PLAIN.subarray(0, 10));
  await assert.rejects(
    downloadFile({ url: served.url, sizeBytes: PLAIN.length }, path, QUIET),
    (error) => isDomainError(error, 'download-refused') && /status 403: LinkExpired: a link lives for six hours\.$/.test(error.message),
  );
  assert.equal(served.ranges.length, 1);
  assert.deepEqual(await readdir(directory), ['dump.rdb.part']);
});

test('a service that does not come back is given up, with what to do', async () => {
  await using served = await serve((_number, _request, response) => {
    response.destroy();
    return true;
  });
  await assert.rejects(
    downloadFile({ url: served.url, sizeBytes: PLAIN.length }, path, QUIET),
    (error) => isDomainError(error, 'download-broken') && /after 0 of 200000 bytes/.test(error.message) && /again/.test(error.hint ?? ''),
  );
  assert.equal(served.ranges.length, 5);
});

test('bytes that are not those of the digest, and a file of another size, never get the name', async () => {
  const wrong = randomBytes(PLAIN.length);
  await using served = await serve((_number, _request, response) => {
    response.writeHead(200, { ETag: `"${SHA256}"`, 'Content-Length': wrong.length }).end(wrong);
    return true;
  });
  await assert.rejects(downloadFile({ url: served.url, sizeBytes: PLAIN.length }, path, QUIET), { code: 'download-broken' });
  await assert.rejects(downloadFile({ url: served.url, sizeBytes: PLAIN.length + 1 }, path, QUIET), { code: 'download-refused' });
  assert.ok(!(await readdir(directory)).includes('dump.rdb'));
});
