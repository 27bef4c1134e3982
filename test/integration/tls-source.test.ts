import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runBackup } from '../../src/engine/run-backup.ts';
import { describeError, isDomainError } from '../../src/lib/errors.ts';
import { openReplicaSession } from '../../src/redis/replica-session.ts';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import { readSourceInfo } from '../../src/redis/source-info.ts';
import { makeBackupSite } from '../harness/backup-site.ts';
import { readTlsFile, startTlsRedis, toTlsAddress } from '../harness/tls-server.ts';

/** What both kinds of connection say of the address, one after the other. */
async function failures(address: SourceAddress, timeoutMs = 10_000): Promise<Array<{ code: string; text: string }>> {
  const found: Array<{ code: string; text: string }> = [];
  for (const connect of [
    () => readSourceInfo(address, { timeoutMs }),
    () => openReplicaSession(address, { connectTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs }),
  ]) {
    try {
      await connect();
      found.push({ code: 'none', text: '' });
    } catch (error) {
      found.push({ code: isDomainError(error) ? error.code : 'fault', text: describeError(error) });
    }
  }
  return found;
}

/** A server that refuses our certificate says so in an alert, which is lost where we had sent something before it came. */
const REFUSED = ['source-tls-failed', 'source-closed'];

describe('a source that speaks TLS', () => {
  test('is backed up, by name and by address, with a client certificate where it wants one', async () => {
    await using open = await startTlsRedis();
    await using strict = await startTlsRedis({ clients: 'yes', password: 'secret' });
    const client = { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' };
    for (const [server, source] of [
      [open, toTlsAddress(open, { ca: 'ca.pem' })],
      [open, { ...toTlsAddress(open, { ca: 'ca.pem' }), host: 'localhost' }],
      [strict, { ...toTlsAddress(strict, client), password: 'secret' }],
    ] as const) {
      await using site = await makeBackupSite();
      await server.command('SET', 'key', 'v'.repeat(100_000));
      const manifest = await runBackup(site.request(server, { source }), {
        signal: new AbortController().signal,
        onProgress: () => {},
      });
      assert.equal(manifest.shards[0]?.keys.total, 1);
    }
  });

  test('is refused where its certificate is none that is trusted, and the error asks for the CA', async () => {
    await using server = await startTlsRedis();
    for (const files of [{}, { ca: 'other-ca.pem' }]) {
      for (const { code, text } of await failures(toTlsAddress(server, files))) {
        assert.equal(code, 'source-tls-failed');
        assert.match(text, /attach the instance with the CA that did \(--ca-file\)/);
      }
    }
  });

  test('is refused where its certificate has expired, or is for another name', async () => {
    await using expired = await startTlsRedis({ certificate: 'expired.pem' });
    await using elsewhere = await startTlsRedis({ certificate: 'elsewhere.pem' });
    for (const { code, text } of await failures(toTlsAddress(expired, { ca: 'ca.pem' }))) {
      assert.equal(code, 'source-tls-failed');
      assert.match(text, /certificate has expired; renew the server's certificate/);
    }
    for (const host of ['127.0.0.1', 'localhost']) {
      for (const { code, text } of await failures({ ...toTlsAddress(elsewhere, { ca: 'ca.pem' }), host })) {
        assert.equal(code, 'source-tls-failed');
        assert.match(text, /not in the cert's .*; attach it by a name or an address that its certificate holds/);
      }
    }
  });

  test('refuses us without a client certificate that it knows, and the error asks for one', async () => {
    await using server = await startTlsRedis({ clients: 'yes' });
    for (const files of [{ ca: 'ca.pem' }, { ca: 'ca.pem', cert: 'stranger.pem', key: 'client.key' }]) {
      for (const { code, text } of await failures(toTlsAddress(server, files))) {
        assert.ok(REFUSED.includes(code), code);
        assert.match(text, /client certificate.*--cert-file, --key-file/);
      }
    }
  });

  test('cannot be reached with a key that belongs to no certificate', async () => {
    await using server = await startTlsRedis();
    for (const { code, text } of await failures(toTlsAddress(server, { ca: 'ca.pem', cert: 'client.pem', key: 'server.key' }))) {
      assert.equal(code, 'source-tls-failed');
      assert.match(text, /key and certificate are no pair/);
    }
  });

  test('is told from one that does not, either way, and the error names the other scheme', async () => {
    await using server = await startTlsRedis();
    for (const { code, text } of await failures({ host: '127.0.0.1', port: server.tlsPort })) {
      assert.equal(code, 'source-closed');
      assert.match(text, /a port with TLS is attached with rediss:\/\//);
    }
    // Such a server waits for the end of a line, and so for ever.
    for (const { code, text } of await failures({ host: '127.0.0.1', port: server.port, tls: { ca: readTlsFile('ca.pem') } }, 500)) {
      assert.equal(code, 'source-unreachable');
      assert.match(text, /a port without TLS is attached with redis:\/\//);
    }
  });
});
