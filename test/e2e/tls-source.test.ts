import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { startTlsRedis, type TlsServer, tlsFile } from '../harness/tls-server.ts';

describe('a source that speaks TLS, by the command line', () => {
  let dataDir: string;
  let service: RunningService;
  let source: TlsServer;
  before(async () => {
    dataDir = await makeDataDir();
    service = await startService(dataDir);
    source = await startTlsRedis({ clients: 'yes', password: 'secret' });
    await source.command('SET', 'key', 'value');
  });
  after(async () => {
    await source.stop();
    await service.stop();
    await removeDataDir(dataDir);
  });

  const attach = (files: Record<string, string>, url = `rediss://:secret@localhost:${source.tlsPort}`) =>
    redkeep([
      ...['instance', 'attach', url, '--name', 'orders', '--data-dir', dataDir],
      ...Object.entries(files).flatMap(([option, file]) => [`--${option}-file`, tlsFile(file)]),
    ]);

  it('is attached with its CA and a client certificate, and backed up', async () => {
    const attached = await attach({ ca: 'ca.pem', cert: 'client.pem', key: 'client.key' });
    assert.equal(attached.status, 0, attached.stderr);
    const backup = await redkeep(['backup', 'create', attached.stdout.trim(), '--data-dir', dataDir]);
    assert.equal(backup.status, 0, backup.stderr);
    const check = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(check.status, 0, check.stdout + check.stderr);
  });

  it('is not attached without them, and what is missing is named', async () => {
    for (const [files, message] of [
      [{}, /attach the instance with the CA that did \(--ca-file\)/],
      [{ ca: 'other-ca.pem', cert: 'client.pem', key: 'client.key' }, /attach the instance with the CA that did \(--ca-file\)/],
      [{ ca: 'ca.pem' }, /client certificate.*--cert-file, --key-file/],
      [{ ca: 'ca.pem', cert: 'client.pem', key: 'server.key' }, /ClientKey is not the key of ClientCert/],
      [{ ca: 'client.key' }, /CaCert is not a certificate/],
    ] as const) {
      const { status, stdout, stderr } = await attach(files);
      assert.notEqual(status, 0);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
    const plain = await attach({}, `redis://:secret@localhost:${source.tlsPort}`);
    assert.notEqual(plain.status, 0);
    assert.match(plain.stderr, /rediss:\/\//);
  });
});
