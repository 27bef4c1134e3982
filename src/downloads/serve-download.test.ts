import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { cut, overrideStorage } from '../../test/harness/attempts.ts';
import { type DownloadSite, type Fetched, openDownloadSite } from '../../test/harness/download-site.ts';
import { pickSeed } from '../../test/harness/random-seed.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import type { DownloadRestriction } from '../catalog/download-restriction.ts';
import { NO_RESTRICTION } from '../catalog/download-restriction.ts';
import { openAuditLog } from '../lib/audit-log.ts';
import { parseIpRanges } from '../lib/ip-range.ts';
import { rotateKeyring } from '../repository/keyring.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import { storageError } from '../storage/object-storage.ts';
import { createLinkPath, type LinkClaims } from './link.ts';

const PLAIN = randomBytes(300_000);

async function openFilled(plain = PLAIN, frameBytes = 70_000): Promise<{ site: DownloadSite; claims: LinkClaims; path: string }> {
  const site = await openDownloadSite();
  const claims = await site.addBackup(cut(plain, frameBytes));
  return { site, claims, path: site.path(claims) };
}

/** Of a download whose first frame is bad not even the headers go out. */
async function assertBreaksOff(site: DownloadSite, path: string): Promise<void> {
  const got = await site.fetch(path).catch((error: NodeJS.ErrnoException) => error);
  assert.ok('complete' in got ? !got.complete && got.body.length < PLAIN.length : got.code === 'ECONNRESET', JSON.stringify(got));
}

function textOf({ body }: Fetched): string {
  return body.toString();
}

test('a link gives the exact bytes, with length, name, digest and a strong entity tag', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const { status, headers, body, complete } = await site.fetch(path);
  assert.ok(complete);
  assert.ok(body.equals(PLAIN));
  assert.equal(status, 200);
  assert.equal(headers['content-length'], String(PLAIN.length));
  assert.equal(headers['content-type'], 'application/octet-stream');
  assert.equal(headers['content-disposition'], `attachment; filename="${claims.fileName}"`);
  assert.equal(headers['accept-ranges'], 'bytes');
  assert.equal(headers['cache-control'], 'private, no-store');
  assert.match(headers.etag ?? '', /^"[0-9a-f]{64}"$/);
  const digest = /^sha-256=:(.*):$/.exec(String(headers['repr-digest']))?.[1] ?? '';
  assert.equal(`"${Buffer.from(digest, 'base64').toString('hex')}"`, headers.etag);
});

test('HEAD has the headers of GET and no body, and begins no download', async () => {
  const { site, path } = await openFilled();
  await using _ = site;
  const [get, head] = [await site.fetch(path), await site.fetch(path, { method: 'HEAD' })];
  const { date: _a, connection: _b, ...ofGet } = get.headers;
  const { date: _c, connection: _d, ...ofHead } = head.headers;
  assert.deepEqual([head.status, head.body.length, ofHead], [200, 0, ofGet]);
  assert.equal((await site.audited()).filter(({ event }) => event === 'download.started').length, 1);
});

test('HEAD takes no range, and is refused as GET is, without a body', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const head = (target: string, headers: Record<string, string> = {}) => site.fetch(target, { method: 'HEAD', headers });
  const ranged = await head(path, { Range: 'bytes=0-9' });
  assert.deepEqual([ranged.status, ranged.headers['content-length'], ranged.headers['content-range']], [200, '300000', undefined]);
  for (const [more, status] of [
    [{ expiresAt: 0 }, 403],
    [{ attempt: 2 }, 404],
    [{ restriction: { ...NO_RESTRICTION, limit: 'custom', ips: ['::1'] } }, 403],
  ] as const) {
    const refused = await head(site.path({ ...claims, ...more }));
    assert.deepEqual([refused.status, refused.body.length], [status, 0]);
    assert.ok(Number(refused.headers['content-length']) > 0);
  }
});

test('a download that has begun when its link ends goes on to its end', async () => {
  const plain = randomBytes(40_000_000);
  const { site, claims, path } = await openFilled(plain, 4_000_000);
  await using _ = site;
  const socket = connect(site.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const parts: Buffer[] = [];
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('readable', () => resolve()));
  site.clock.set(claims.expiresAt);
  assert.equal((await site.fetch(path)).status, 403);
  socket.on('data', (part: Buffer) => void parts.push(part));
  await ended;
  assert.ok(Buffer.concat(parts).subarray(-plain.length).equals(plain));
});

test('behind a proxy that is trusted the address is the one that it names; what anybody can make up is not believed', async () => {
  const only = { ...NO_RESTRICTION, limit: 'custom', ips: ['198.51.100.7', '2001:db8:7::/48'] } as const;
  for (const [proxies, cases] of [
    [
      ['127.0.0.1', '10.0.0.0/8'],
      [
        ['198.51.100.7', 200],
        ['::ffff:198.51.100.7', 200],
        ['198.51.100.7:4711', 200],
        ['[2001:db8:7::1]:4711', 200],
        ['8.8.8.8, 198.51.100.7, 10.1.1.1, 10.2.2.2', 200],
        ['garbage, 198.51.100.7', 200],
        ['198.51.100.7, 8.8.8.8', 403],
        ['198.51.100.7, 8.8.8.8, 10.1.1.1', 403],
        ['198.51.100.7, garbage', 403],
        ['198.51.100.7,', 403],
        ['198.51.100.7/24', 403],
        ['198.51.100.07', 403],
        ['unknown', 403],
      ],
    ],
    [[], [['198.51.100.7', 403]]],
  ] as const) {
    const trustedProxies = parseIpRanges(proxies);
    assert.ok(trustedProxies !== undefined);
    await using site = await openDownloadSite({ server: { trustedProxies } });
    const path = site.path({ ...(await site.addBackup(cut(PLAIN, 70_000))), restriction: only });
    for (const [forwarded, status] of cases) {
      const answer = await site.fetch(path, {
        headers: { 'X-Forwarded-For': forwarded, Forwarded: 'for=198.51.100.7', 'X-Real-IP': '198.51.100.7' },
      });
      assert.equal(answer.status, status, forwarded);
    }
    assert.equal((await site.fetch(path)).status, 403, 'the proxy itself');
  }
});

test('any range gives the same bytes as the whole has there', async (t) => {
  const plain = randomBytes(50_000);
  const { site, path } = await openFilled(plain, 3_000);
  await using _ = site;
  const edge = fc.oneof(fc.nat(50_010), fc.constantFrom(0, 1, 2_999, 3_000, 3_001, 49_999, 50_000, 50_001));
  const range = fc.oneof(
    fc.tuple(edge, edge).map(([first, last]) => `bytes=${first}-${last}`),
    edge.map((first) => `bytes=${first}-`),
    edge.map((last) => `bytes=-${last}`),
  );
  await fc.assert(
    fc.asyncProperty(range, async (text) => {
      const { status, headers, body, complete } = await site.fetch(path, { headers: { Range: text } });
      const [, first = '', last = ''] = /(\d*)-(\d*)$/.exec(text) ?? [];
      if (first !== '' && last !== '' && Number(last) < Number(first)) {
        assert.deepEqual([status, body.equals(plain)], [200, true]);
        return;
      }
      const from = first === '' ? Math.max(0, plain.length - Number(last)) : Number(first);
      const to = first === '' || last === '' ? plain.length : Math.min(Number(last) + 1, plain.length);
      if (from >= to) {
        assert.deepEqual([status, headers['content-range']], [416, `bytes */${plain.length}`]);
        return;
      }
      assert.deepEqual(
        [status, headers['content-range'], headers['content-length'], complete],
        [206, `bytes ${from}-${to - 1}/${plain.length}`, String(to - from), true],
      );
      assert.ok(body.equals(plain.subarray(from, to)));
    }),
    { numRuns: 150, seed: pickSeed(t) },
  );
});

test('several ranges, another unit and a malformed range give the whole file', async () => {
  const { site, path } = await openFilled();
  await using _ = site;
  for (const Range of ['bytes=0-1,5-6', 'items=0-1', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=1-x', '0-1']) {
    const { status, body } = await site.fetch(path, { headers: { Range } });
    assert.deepEqual([status, body.equals(PLAIN)], [200, true], Range);
  }
});

test('If-Range lets a range pass only for the very entity tag or time; If-Match and If-None-Match decide', async () => {
  const { site, path } = await openFilled();
  await using _ = site;
  const { headers } = await site.fetch(path, { method: 'HEAD' });
  const [etag, modified] = [headers.etag ?? '', headers['last-modified'] ?? ''];
  const statusOf = async (more: Record<string, string>) => (await site.fetch(path, { headers: { Range: 'bytes=0-9', ...more } })).status;
  assert.equal(await statusOf({ 'If-Range': etag }), 206);
  assert.equal(await statusOf({ 'If-Range': modified }), 206);
  assert.equal(await statusOf({ 'If-Range': `W/${etag}` }), 200);
  assert.equal(await statusOf({ 'If-Range': '"other"' }), 200);
  const day = 86_400_000;
  for (const other of [Date.parse(modified) - day, Date.parse(modified) + day, Date.parse(modified) + 1000]) {
    assert.equal(await statusOf({ 'If-Range': new Date(other).toUTCString() }), 200);
  }
  // A list is no validator, and neither is a date of another form.
  assert.equal(await statusOf({ 'If-Range': `"other", ${etag}` }), 200);
  assert.equal(await statusOf({ 'If-Range': new Date(modified).toISOString() }), 200);
  assert.equal(await statusOf({ 'If-Range': '' }), 200);
  assert.equal(await statusOf({ 'If-Range': '"other"', Range: 'bytes=400000-' }), 200);
  assert.equal(await statusOf({ 'If-Range': etag, Range: 'bytes=400000-' }), 416);
  assert.equal(await statusOf({ 'If-Match': `"other", ${etag}` }), 206);
  assert.equal(await statusOf({ 'If-Match': '*' }), 206);
  assert.equal(await statusOf({ 'If-Match': '"other"' }), 412);
  assert.equal(await statusOf({ 'If-None-Match': `W/${etag}` }), 304);
  assert.equal(await statusOf({ 'If-None-Match': '"other"' }), 206);
});

test('a link ends after its six hours, to the millisecond', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  site.clock.set(claims.expiresAt - 1);
  assert.equal((await site.fetch(path)).status, 200);
  site.clock.set(claims.expiresAt);
  const refused = await site.fetch(path);
  assert.equal(refused.status, 403);
  assert.match(textOf(refused), /^LinkExpired: /);
});

test('a download that began while its link was good runs on to its end', async () => {
  const memory = createMemoryStorage();
  let passEnd = () => {};
  const storage = overrideStorage(memory, {
    async read(name, options) {
      if (name.includes('/data-') && (options?.offset ?? 0) > 0) {
        passEnd();
      }
      return memory.read(name, options);
    },
  });
  await using site = await openDownloadSite({ storage });
  const claims = await site.addBackup(cut(PLAIN, 70_000));
  site.clock.set(claims.expiresAt - 1);
  let isOver = false;
  passEnd = () => {
    site.clock.set(claims.expiresAt + 3_600_000);
    isOver = true;
  };
  const { status, body, complete } = await site.fetch(site.path(claims));
  assert.ok(isOver && complete);
  assert.equal(status, 200);
  assert.ok(body.equals(PLAIN));
  assert.equal((await site.fetch(site.path(claims))).status, 403);
});

test('no changed character of a link passes, nor another name, and all are told the same', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const expected = 'LinkInvalid: this link was not made here, or not all of it has arrived; ask DescribeBackupUrl for one.\n';
  const other = openDownloadSite();
  const forged = [
    ...['/download/', '/download/x', '/download/x.y/z', `/download/${'A'.repeat(40_000)}.AA/f`, `${path}/`, `${path}x`, path.slice(0, -1)],
    createLinkPath((await other).keyring, claims),
    createLinkPath({ ...site.keyring, sign: () => Buffer.alloc(41) }, claims),
    path.replace('/download/', '/download/A'),
  ];
  await (await other)[Symbol.asyncDispose]();
  const [start, end] = ['/download/'.length, path.lastIndexOf('/')];
  for (let at = start; at < end; at += 7) {
    forged.push(`${path.slice(0, at)}${path[at] === 'A' ? 'B' : 'A'}${path.slice(at + 1)}`);
  }
  for (const target of forged.filter((target) => target !== path)) {
    const refused = await site.fetch(target);
    assert.deepEqual([refused.status, textOf(refused)], [403, expected], target.slice(0, 100));
  }
  assert.equal((await site.fetch(path)).status, 200);
});

test('a rotated keyring serves the links of the old key, and a keyring without it does not', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const rotated = rotateKeyring(site.keyring);
  for (const [signer, status] of [
    [rotated, 200],
    [(await openSigner()).keyring, 403],
  ] as const) {
    await using served = await openDownloadSite({ downloads: { signer, catalog: site.catalog, repository: site.repository } });
    assert.equal((await served.fetch(path)).status, status);
  }
  await using served = await openDownloadSite({ downloads: { signer: rotated, catalog: site.catalog, repository: site.repository } });
  assert.equal((await served.fetch(createLinkPath(rotated, claims))).status, 200);
});

async function openSigner(): Promise<{ keyring: DownloadSite['keyring'] }> {
  await using site = await openDownloadSite();
  return { keyring: site.keyring };
}

test('the restriction in the link decides by address before anything of the backup is looked at', async () => {
  const { site, claims } = await openFilled();
  await using _ = site;
  const custom = (more: Partial<DownloadRestriction>): DownloadRestriction => ({ ...NO_RESTRICTION, limit: 'custom', ...more });
  const statusOf = async (restriction: DownloadRestriction, more: Partial<LinkClaims> = {}) =>
    (await site.fetch(site.path({ ...claims, restriction, ...more }))).status;
  assert.equal(await statusOf({ ...NO_RESTRICTION, limit: 'intranet' }), 200);
  assert.equal(await statusOf(custom({ ips: ['127.0.0.0/8'] })), 200);
  assert.equal(await statusOf(custom({ ips: ['10.0.0.0/8'] })), 403);
  assert.equal(await statusOf(custom({ ips: ['127.0.0.1'], ipRule: 'not-in' })), 403);
  assert.equal(await statusOf(custom({ ips: ['10.0.0.0/8'] }), { backupId: 'none' }), 403);
  assert.match(textOf(await site.fetch(site.path({ ...claims, restriction: custom({ ips: ['::1'] }) }))), /^AddressNotAllowed: /);
});

test('a backup that was removed, made anew or is still running has no bytes to give', async () => {
  const { site, claims } = await openFilled();
  await using _ = site;
  for (const more of [{ backupId: '00000000-0000-0000-0000-000000000000' }, { attempt: 2 }]) {
    const refused = await site.fetch(site.path({ ...claims, ...more }));
    assert.deepEqual([refused.status, textOf(refused)], [404, 'BackupGone: the backup of this link has expired or was removed.\n']);
  }
});

test('a backup that is removed while its link is looked at is gone, not damaged', async () => {
  const memory = createMemoryStorage();
  let beforeManifest = async () => {};
  const storage = overrideStorage(memory, {
    stat: async (name, options) => {
      if (name.endsWith('/manifest')) {
        await beforeManifest();
      }
      return memory.stat(name, options);
    },
  });
  await using site = await openDownloadSite({ storage });
  const claims = await site.addBackup(cut(PLAIN, 70_000));
  beforeManifest = async () => {
    beforeManifest = async () => {};
    const at = site.clock.now();
    assert.equal(await site.catalog.lifecycle.expire(claims.backupId, { at, removableAt: at, keepMin: 1, force: true }), undefined);
    await site.repository.removeAttempt(claims);
  };
  const refused = await site.fetch(site.path(claims));
  assert.deepEqual([refused.status, textOf(refused)], [404, 'BackupGone: the backup of this link has expired or was removed.\n']);
});

test('only GET and HEAD are taken', async () => {
  const { site, path } = await openFilled();
  await using _ = site;
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers, body } = await site.fetch(path, { method });
    assert.deepEqual([status, headers.allow, body.toString()], [405, 'GET, HEAD', 'MethodNotAllowed: a link takes GET and HEAD.\n']);
  }
});

test('who downloads what, from where and how it ended is in the audit log, the start before the first byte', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  await site.fetch(path, { headers: { Range: 'bytes=10-19' } });
  await site.fetch(site.path({ ...claims, expiresAt: 0 }));
  const [started, finished, refused] = await site.audited();
  const { downloadId } = started ?? {};
  const of = { backupId: claims.backupId, attempt: 1, shard: 0, linkOf: '100000000001', address: '127.0.0.1' };
  const same = (line: object | undefined, more: object) => {
    for (const [name, value] of Object.entries({ ...of, ...more })) {
      assert.deepEqual((line as Record<string, unknown>)[name], value, name);
    }
  };
  same(started, { event: 'download.started', from: 10, to: 20, sizeBytes: PLAIN.length, instanceId: 'crs-5a4py64p' });
  same(finished, { event: 'download.finished', downloadId, bytes: 10 });
  same(refused, { event: 'download.refused', reason: 'link-expired' });
  assert.deepEqual(
    site.events.map(({ outcome, bytes }) => [outcome, bytes]),
    [
      ['started', 0],
      ['finished', 10],
      ['link-expired', 0],
    ],
  );
});

test('made-up links fill no disk: ten of a second are recorded, and how many were left out', async () => {
  const { site } = await openFilled();
  await using _ = site;
  for (let i = 0; i < 25; i++) {
    await site.fetch(`/download/forged-${i}`);
  }
  site.clock.set(site.clock.now() + 1000);
  await site.fetch('/download/forged-later');
  const lines = await site.audited();
  assert.deepEqual([lines.length, lines.at(-1)?.['leftOut']], [11, 15]);
});

test('no byte goes out where the audit log cannot be written', async () => {
  const { site, claims } = await openFilled();
  await using _ = site;
  const directory = await mkdtemp(join(tmpdir(), 'redkeep-audit-'));
  const audit = await openAuditLog(join(directory, 'audit.log'));
  await rm(directory, { recursive: true });
  await using served = await openDownloadSite({
    downloads: { catalog: site.catalog, repository: site.repository, signer: site.keyring, audit },
  });
  const { status, body } = await served.fetch(site.path(claims));
  assert.deepEqual([status, body.toString()], [503, 'Unavailable: storage, catalog or audit log cannot be reached; try again later.\n']);
  assert.deepEqual(await site.catalog.lifecycle.holds(claims.backupId, site.clock.now()), []);
  await audit.close();
});

test('damage is found before its frame goes out: the connection is cut, and the audit log says so', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const name = `backups/${claims.backupId}/1/data-00000-00000`;
  const stored = await site.storage.read(name);
  stored[stored.length - 100_000] = (stored[stored.length - 100_000] ?? 0) ^ 1;
  await site.storage.put(name, stored, { replace: true });
  const { status, body, complete } = await site.fetch(path);
  assert.deepEqual([status, complete, body.length % 70_000], [200, false, 0]);
  assert.ok(body.length < PLAIN.length && body.equals(PLAIN.subarray(0, body.length)));
  await eventually('the failure is recorded', async () => (await site.audited()).at(-1)?.['event'] === 'download.failed');
  // Nothing that is kept rests on it any more, and somebody hears of it, once.
  const { proof } = (await site.catalog.backups.get(claims.backupId)) ?? {};
  assert.deepEqual([proof?.state, proof?.at, site.alarms], ['failed', site.clock.now(), ['proof-failed']]);
  assert.match(proof?.message ?? '', /^it cannot be read: \S+data-00000-00000, frame \d/);
  assert.equal((await site.fetch(path)).complete, false);
  assert.deepEqual(site.alarms, ['proof-failed']);
  // What is whole of it is still given out.
  assert.ok((await site.fetch(path, { headers: { Range: 'bytes=0-9' } })).body.equals(PLAIN.subarray(0, 10)));
});

for (const [what, hide] of [
  ['an object that is missing', async (site: DownloadSite, name: string) => site.storage.delete(name)],
  [
    'an object that was cut short',
    async (site: DownloadSite, name: string) =>
      site.storage.put(name, (await site.storage.read(name)).subarray(0, 100_000), { replace: true }),
  ],
] as const) {
  test(`${what} is damage`, async () => {
    const { site, claims, path } = await openFilled();
    await using _ = site;
    await hide(site, `backups/${claims.backupId}/1/data-00000-00000`);
    await assertBreaksOff(site, path);
    assert.deepEqual([(await site.catalog.backups.get(claims.backupId))?.proof.state, site.alarms], ['failed', ['proof-failed']]);
  });
}

test('a storage that fails in mid-stream, or is gone as a whole, cuts the connection and says nothing of the backup', async () => {
  const memory = createMemoryStorage();
  let fault: 'EIO' | 'not mounted' | undefined;
  const storage = overrideStorage(memory, {
    read: async (name, options) => {
      if (fault === 'EIO' && name.includes('/data-')) {
        throw storageError('storage-unavailable', 'EIO while reading', { retryable: true });
      }
      if (fault === 'not mounted' && (name.includes('/data-') || name === 'repository.json')) {
        throw storageError('object-not-found', `object ${name} does not exist`);
      }
      return memory.read(name, options);
    },
    stat: async (name, options) => (fault === 'not mounted' && name === 'repository.json' ? undefined : memory.stat(name, options)),
  });
  await using site = await openDownloadSite({ storage });
  const claims = await site.addBackup(cut(PLAIN, 70_000));
  for (const each of ['EIO', 'not mounted'] as const) {
    fault = each;
    await assertBreaksOff(site, site.path(claims));
    await eventually('recorded', async () => (await site.audited()).at(-1)?.['event'] === 'download.failed');
    assert.deepEqual([(await site.catalog.backups.get(claims.backupId))?.proof.state, site.alarms], ['unproven', []], each);
  }
  fault = undefined;
  assert.ok((await site.fetch(site.path(claims))).body.equals(PLAIN));
});

test('where not even the manifest is there: the backup is bad, unless the repository is gone as a whole', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const repositoryJson = await site.storage.read('repository.json');
  await site.storage.delete(`backups/${claims.backupId}/1/manifest`);
  await site.storage.delete('repository.json');
  const { status, headers } = await site.fetch(path);
  assert.deepEqual([status, headers['retry-after'], site.alarms], [503, '10', []]);
  await site.storage.put('repository.json', repositoryJson);
  assert.equal((await site.fetch(path)).status, 500);
  assert.deepEqual(site.alarms, ['proof-failed']);
});

test('a damaged manifest is said without its details, a storage that fails is worth another try', async () => {
  const { site, claims, path } = await openFilled();
  await using _ = site;
  const manifest = `backups/${claims.backupId}/1/manifest`;
  const stored = await site.storage.read(manifest);
  stored[stored.length - 1] = (stored.at(-1) ?? 0) ^ 1;
  await site.storage.put(manifest, stored, { replace: true });
  const { status, body } = await site.fetch(path);
  assert.equal(status, 500);
  assert.equal(body.toString(), 'BackupDamaged: the stored bytes of this backup cannot be read; the log of the service says why.\n');
  const last = (await site.audited()).at(-1);
  assert.deepEqual([last?.['event'], last?.['reason'], last?.['backupId']], ['download.refused', 'damaged', claims.backupId]);
  assert.deepEqual([(await site.catalog.backups.get(claims.backupId))?.proof.state, site.alarms], ['failed', ['proof-failed']]);
});

test('a backup is held while it is downloaded and by nobody afterwards, however that ends', async () => {
  const { site, claims, path } = await openFilled(randomBytes(40_000_000), 4_000_000);
  await using _ = site;
  const holds = () => site.catalog.lifecycle.holds(claims.backupId, site.clock.now());
  const socket = connect(site.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.pause();
  const [hold, ...others] = await holds();
  assert.deepEqual([hold?.holder.kind, hold?.until, others.length], ['download', site.clock.now() + 600_000, 0]);
  const expiry = { at: site.clock.now(), removableAt: site.clock.now(), keepMin: 1, force: true };
  assert.equal(await site.catalog.lifecycle.expire(claims.backupId, expiry), 'held');
  socket.destroy();
  await eventually('the hold is off', async () => (await holds()).length === 0);
  await site.fetch(path, { headers: { Range: 'bytes=0-9' } });
  await site.downloads.ended();
  assert.deepEqual(await holds(), []);
  assert.equal(await site.catalog.lifecycle.expire(claims.backupId, expiry), undefined);
  assert.equal((await site.fetch(path)).status, 404);
});

test('the hold of a long download is prolonged, so that a crash leaves it for minutes only', async () => {
  await using site = await openDownloadSite({ downloads: { holdMs: 40 } });
  const claims = await site.addBackup(cut(randomBytes(40_000_000), 4_000_000));
  const socket = connect(site.port, '127.0.0.1');
  socket.write(`GET ${site.path(claims)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.pause();
  const later = site.clock.now() + 3_600_000;
  site.clock.set(later);
  await eventually('prolonged', async () => (await site.catalog.lifecycle.holds(claims.backupId, later))[0]?.until === later + 40);
  socket.destroy();
});

test('a client that vanishes ends its download and frees what it held', async () => {
  const { site, claims, path } = await openFilled(randomBytes(40_000_000), 4_000_000);
  await using _ = site;
  const socket = connect(site.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.pause();
  socket.destroy();
  await site.downloads.ended();
  const last = await eventually('the end is recorded', async () => {
    const line = (await site.audited()).at(-1);
    return line?.['event'] === 'download.started' ? undefined : line;
  });
  assert.deepEqual([last['event'], last['backupId']], ['download.aborted', claims.backupId]);
  assert.ok(Number(last['bytes']) < 40_000_000);
});

test('a storage that cannot be reached is 503', async () => {
  const memory = createMemoryStorage();
  let isDown = false;
  const storage = overrideStorage(memory, {
    read: async (...args) => {
      if (isDown) {
        throw storageError('storage-unavailable', 'down', { retryable: true });
      }
      return memory.read(...args);
    },
  });
  await using site = await openDownloadSite({ storage });
  const path = site.path(await site.addBackup(cut(PLAIN, 70_000)));
  isDown = true;
  const { status, headers } = await site.fetch(path);
  assert.deepEqual([status, headers['retry-after']], [503, '10']);
});
