import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { type BackupSite, makeBackupSite } from '../../test/harness/backup-site.ts';
import { type FakeMasterConnection, startFakeMaster } from '../../test/harness/fake-master.ts';
import { rdbLength, rdbString } from '../../test/harness/rdb-bytes.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { takeBackup } from './take-backup.ts';

const QUIET = { signal: new AbortController().signal, onProgress: () => {} };

describe('a backup in a thread of its own', () => {
  test('comes to the same as without one, and tells its progress', async () => {
    await using redis = await startRedis();
    await using site = await makeBackupSite();
    await redis.command('SET', 'key', randomBytes(10_000));
    const phases = new Set<string>();
    const manifest = await takeBackup(site.request(redis), { ...QUIET, onProgress: ({ phase }) => phases.add(phase) });
    assert.deepEqual([...phases], ['connecting', 'waiting-for-source', 'transferring', 'verifying']);
    assert.deepEqual(await site.repository.verifyAttempt(manifest), manifest);
  });

  test('keeps code, hint and retryability of an error', async () => {
    await using site = await makeBackupSite();
    await using master = await startFakeMaster(async (connection) => connection.reset());
    await assert.rejects(takeBackup(site.request(master), QUIET), (error) => {
      return isDomainError(error, 'source-closed', 'source-unreachable') && error.retryable && error.hint !== undefined;
    });
  });

  test('ends at an abort, with its objects removed', async () => {
    await using site = await makeBackupSite();
    const controller = new AbortController();
    await using master = await startFakeMaster((connection) => stallInMidTransfer(connection, async () => controller.abort(REASON)));
    const failing = takeBackup(site.request(master), { ...QUIET, signal: controller.signal });
    await assert.rejects(failing, (error) => isDomainError(error, 'aborted'));
    assert.deepEqual(await site.filesLeft(), []);
  });

  test('that runs out of memory in mid-transfer is a retryable error, and the sweep finds what it left', async () => {
    await using site = await makeBackupSite();
    const stalled = Promise.withResolvers<void>();
    await using master = await startFakeMaster((connection) =>
      stallInMidTransfer(
        connection,
        async () => {
          await eventually('an unfinished object', async () => (await unfinished(site)).length > 0);
          stalled.resolve();
        },
        async () => {
          await stalled.promise;
          await connection.send('*100000000\r\n');
          const piece = Buffer.from(`$1000\r\n${'x'.repeat(1000)}\r\n`.repeat(500));
          let isOpen = true;
          void connection.closed.then(() => {
            isOpen = false;
          });
          while (isOpen) {
            await connection.send(piece);
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
      ),
    );
    const request = site.request(master, { skipDisklessDelay: true });
    await assert.rejects(takeBackup(request, { ...QUIET, threadLimits: { maxOldGenerationSizeMb: 32 } }), (error) => {
      return isDomainError(error, 'engine-thread-ended') && error.retryable && /memory/.test(error.message);
    });
    assert.equal((await unfinished(site)).length, 1);

    await site.storage.sweepUnfinished(0);
    const left = await collect(site.repository.listAttempts());
    assert.deepEqual(
      left.map(({ ref, hasManifest }) => [ref.attempt, hasManifest]),
      [[1, false]],
    );
    await site.repository.removeAttempt(request);
    assert.deepEqual(await site.filesLeft(), []);
  });
});

const REASON = new DomainError('aborted', 'the service stops');

async function unfinished(site: BackupSite): Promise<string[]> {
  return (await site.filesLeft()).filter((name) => name.includes('/.tmp/'));
}

/**
 * A source that sends 9 MB of an RDB of which more is to come, calls `then`, and sends nothing more. `whenDelayIsPutBack` answers the
 * command that sets the diskless delay back, on a connection of its own.
 */
async function stallInMidTransfer(
  connection: FakeMasterConnection,
  then: () => Promise<void>,
  whenDelayIsPutBack: () => Promise<void> = async () => {},
): Promise<void> {
  for (;;) {
    const command = await connection.readCommand();
    if (command === undefined) {
      return;
    }
    const text = command.join(' ');
    if (command[0] === 'PSYNC') {
      const bytes = Buffer.concat([Buffer.from('REDIS0010'), Buffer.from([0]), rdbString('key'), rdbLength(1e9), randomBytes(9_000_000)]);
      await connection.send(`+FULLRESYNC ${'a'.repeat(40)} 4711\r\n$${2e9}\r\n`);
      await connection.send(bytes, 1_000_000);
      await then();
      return connection.closed;
    }
    if (text === 'CONFIG GET repl-diskless-sync-delay') {
      await connection.send('*2\r\n$24\r\nrepl-diskless-sync-delay\r\n$1\r\n7\r\n');
    } else if (text === 'CONFIG SET repl-diskless-sync-delay 7') {
      await whenDelayIsPutBack();
    } else {
      await connection.send(text === 'PING' ? '+PONG\r\n' : '+OK\r\n');
    }
  }
}
