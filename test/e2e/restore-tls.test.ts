import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attach, backUp, endOfTask } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { readTlsFile, startTlsRedis, type TlsServer, tlsFile } from '../harness/tls-server.ts';

const CERTIFICATE = {
  REDKEEP_REPLICATION_CERT_FILE: tlsFile('server.pem'),
  REDKEEP_REPLICATION_KEY_FILE: tlsFile('server.key'),
  REDKEEP_REPLICATION_CA_FILE: tlsFile('ca.pem'),
};

interface Restore {
  readonly Status: string;
  readonly Message: string;
  readonly Way: string;
  readonly Report: readonly string[];
}

/** Attached by TLS alone, with a password and a client certificate. */
function attachByTls(service: RunningService, server: TlsServer): Promise<string> {
  return attach(service, server, {
    Port: server.tlsPort,
    Password: 'secret',
    CaCert: readTlsFile('ca.pem'),
    ClientCert: readTlsFile('client.pem'),
    ClientKey: readTlsFile('client.key'),
  });
}

async function ended(service: RunningService, { TaskId }: { TaskId: number }): Promise<Restore> {
  await endOfTask(service, TaskId);
  return service.client.call<Restore>('redkeep', 'DescribeRestore', { TaskId });
}

describe('a server that speaks TLS with a password and client certificates', () => {
  for (const [what, env, replication, way, reason] of [
    ['replicates over TLS, and the service has a certificate for it', CERTIFICATE, 'yes', 'replication', undefined],
    ['replicates over TLS, and the service has no certificate', {}, 'yes', 'keys', /replicates over TLS only, and no certificate/],
    ['replicates in plain text on loopback', {}, 'no', 'replication', undefined],
  ] as const) {
    test(`${what}: backed up, restored by RestoreInstance and RestoreBackup`, async () => {
      const dataDir = await makeDataDir();
      const options = { clients: 'yes', password: 'secret', config: [...COMPARABLE.config, `tls-replication ${replication}`] } as const;
      await using source = await startTlsRedis(options);
      await using other = await startTlsRedis(options);
      const service = await startService(dataDir, { env: { ...env, REDKEEP_RATE_LIMIT: 'off' } });
      try {
        await fillEveryType(source, 'secret');
        const [sourceId, otherId] = [await attachByTls(service, source), await attachByTls(service, other)];
        const { BackupId } = await backUp(service, sourceId);
        const expected = await readContent(source);
        await source.command('FLUSHALL');
        await source.command('SET', 'by', 'mistake');

        for (const [server, asked] of [
          [
            source,
            service.client.call<{ TaskId: number }>('redis', 'RestoreInstance', { InstanceId: sourceId, BackupId, Password: 'secret' }),
          ],
          [
            other,
            service.client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
              ...{ InstanceId: otherId, BackupId, BackupInstanceId: sourceId },
            }),
          ],
        ] as const) {
          const done = await ended(service, await asked);
          assert.deepEqual([done.Status, done.Message], ['succeed', '']);
          assert.equal(done.Way, way, done.Report.join('\n'));
          assert.match(done.Report.join('\n'), reason ?? /^(?!.*one by one)/s);
          assert.deepEqual(await readContent(server), expected);
          assert.deepEqual(await server.command('CONFIG', 'GET', 'masterauth'), ['masterauth', '']);
        }
        const checked = await redkeep(['check', '--data-dir', dataDir]);
        assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      } finally {
        await service.stop();
        await removeDataDir(dataDir);
      }
    });
  }
});
