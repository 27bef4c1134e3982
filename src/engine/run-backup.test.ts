import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { BACKUP_FACTS } from '../../test/harness/attempts.ts';
import { makeBackupSite } from '../../test/harness/backup-site.ts';
import { answerHandshake, type FakeMasterConnection, startFakeMaster } from '../../test/harness/fake-master.ts';
import { rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { type RedisServer, startRedis } from '../../test/harness/redis-server.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import { runBackup } from './run-backup.ts';
import type { BackupProgress } from './types.ts';

const run = promisify(execFile);
const FULLRESYNC = `+FULLRESYNC ${'a'.repeat(40)} 4711\r\n`;
const KEY = rdbKey(0, 'key', rdbString('value'));
const QUIET = { signal: new AbortController().signal, onProgress: () => {} };

/** Answers like a source that knows hardly any command, then sends `rdb` as it is. */
function sendRdb(rdb: Uint8Array, announcedBytes = rdb.byteLength) {
  return async (connection: FakeMasterConnection) => {
    await answerHandshake(connection);
    await connection.send(`${FULLRESYNC}$${announcedBytes}\r\n`);
    await connection.send(rdb);
    connection.end();
  };
}

async function waitForNoReplica(redis: RedisServer): Promise<void> {
  await eventually('no replica', async () => /^connected_slaves:0\r$/m.test(String(await redis.command('INFO', 'replication'))));
}

describe('a backup of a real server', () => {
  test('passes its phases in order and stores what the manifest says', async () => {
    await using redis = await startRedis();
    await using site = await makeBackupSite();
    const value = randomBytes(300_000);
    for (let i = 0; i < 30; i++) {
      await redis.command('SET', `key${i}`, value, ...(i < 10 ? ['EX', '1000'] : []));
    }
    const seen: BackupProgress[] = [];
    const manifest = await runBackup(site.request(redis), { ...QUIET, onProgress: (progress) => seen.push(progress) });
    const phases = seen.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
    assert.deepEqual(phases, ['connecting', 'waiting-for-source', 'transferring', 'verifying']);
    const bytes = seen.map(({ receivedBytes }) => receivedBytes);
    assert.deepEqual(
      bytes,
      bytes.toSorted((a, b) => a - b),
    );
    const [shard] = manifest.shards;
    assert.equal(bytes.at(-1), shard?.sizeBytes);
    assert.deepEqual([shard?.keys.total, shard?.keys.withExpiry, shard?.frames], [30, 10, 3]);
    assert.deepEqual(manifest.facts, BACKUP_FACTS);
    assert.deepEqual(await site.repository.verifyAttempt(manifest), manifest);
    await waitForNoReplica(redis);
  });

  test('ends at an abort in mid-transfer, and leaves neither a replica nor an object', async () => {
    await using redis = await startRedis();
    await using site = await makeBackupSite();
    const value = randomBytes(100_000);
    for (let i = 0; i < 300; i++) {
      await redis.command('SET', `key${i}`, value);
    }
    await redis.command('CONFIG', 'SET', 'rdb-key-save-delay', '10000');
    const controller = new AbortController();
    let whenAborted: string[] = [];
    const failing = runBackup(site.request(redis), {
      signal: controller.signal,
      onProgress({ receivedBytes }) {
        if (receivedBytes > 6_000_000 && !controller.signal.aborted) {
          void site.filesLeft().then((files) => {
            whenAborted = files;
          });
          controller.abort(new DomainError('aborted', 'the service stops', { retryable: true }));
        }
      },
    });
    await assert.rejects(failing, (error) => isDomainError(error, 'aborted'));
    assert.equal(whenAborted.length, 2, 'the settings were stored and a data object was begun');
    assert.deepEqual(await site.filesLeft(), []);
    await waitForNoReplica(redis);
  });

  test('reports a full storage as such, and leaves nothing in it', async (t) => {
    const disk = await mkdtemp(join(tmpdir(), 'redkeep-full-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk]);
    } catch (error) {
      await rm(disk, { recursive: true });
      return t.skip(`no file system can be mounted here: ${describeError(error)}`);
    }
    try {
      await using redis = await startRedis();
      await using site = await makeBackupSite(disk);
      for (let i = 0; i < 20; i++) {
        await redis.command('SET', `key${i}`, randomBytes(1_000_000));
      }
      await assert.rejects(runBackup(site.request(redis), QUIET), (error) => isDomainError(error, 'storage-full'));
      assert.deepEqual(await site.filesLeft(), []);
      await waitForNoReplica(redis);
    } finally {
      await run('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  });
});

describe('a backup of a source that sends something odd', () => {
  test('is thrown away where the checksum is wrong', async () => {
    const rdb = rdbFile('REDIS0010', KEY);
    rdb[rdb.length - 1] = (rdb.at(-1) ?? 0) ^ 1;
    await using site = await makeBackupSite();
    await using master = await startFakeMaster(sendRdb(rdb));
    const failing = runBackup(site.request(master), QUIET);
    await assert.rejects(failing, (error) => isDomainError(error, 'rdb-checksum-different') && error.retryable);
    assert.deepEqual(await site.filesLeft(), []);
  });

  test('is thrown away where the connection or the RDB itself ends early', async () => {
    const rdb = rdbFile('REDIS0010', KEY);
    for (const [sent, announcedBytes, code] of [
      [rdb.subarray(0, -3), rdb.length, 'source-closed'],
      [rdb.subarray(0, -3), rdb.length - 3, 'rdb-truncated'],
    ] as const) {
      await using site = await makeBackupSite();
      await using master = await startFakeMaster(sendRdb(sent, announcedBytes));
      await assert.rejects(runBackup(site.request(master), QUIET), (error) => isDomainError(error, code), code);
      assert.deepEqual(await site.filesLeft(), []);
    }
  });

  test('is kept whole where a type is unknown, and says that keys were counted in part', async () => {
    const rdb = rdbFile('REDIS0010', KEY, rdbKey(200, 'strange', randomBytes(5_000_000)), KEY);
    await using site = await makeBackupSite();
    await using master = await startFakeMaster(sendRdb(rdb));
    const manifest = await runBackup(site.request(master), QUIET);
    assert.deepEqual([manifest.shards[0]?.keys.complete, manifest.shards[0]?.keys.total], [false, 1]);
    assert.ok(
      manifest.report.some((sentence) => /counted in part only: .*200/.test(sentence)),
      manifest.report.join('\n'),
    );
    const frames: Buffer[] = [];
    for await (const frame of (await site.repository.openAttempt(manifest)).frames(0)) {
      frames.push(frame);
    }
    assert.ok(Buffer.concat(frames).equals(rdb));
  });

  test('says in its error that a setting of the source could not be put back', async () => {
    await using site = await makeBackupSite();
    await using master = await startFakeMaster(async (connection) => {
      for (;;) {
        const command = await connection.readCommand();
        const text = command?.join(' ') ?? 'PSYNC';
        if (text.startsWith('PSYNC')) {
          // The resync begins, so the delay is put back; then the source fails.
          await connection.send(`${FULLRESYNC}-ERR fork failed\r\n`);
          return;
        }
        const isDelay = text.includes('repl-diskless-sync-delay');
        if (isDelay && text.startsWith('CONFIG GET')) {
          await connection.send('*2\r\n$24\r\nrepl-diskless-sync-delay\r\n$1\r\n7\r\n');
        } else {
          await connection.send(isDelay && text.endsWith(' 7') ? '-ERR not now\r\n' : text === 'PING' ? '+PONG\r\n' : '+OK\r\n');
        }
      }
    });
    await assert.rejects(runBackup(site.request(master, { skipDisklessDelay: true }), QUIET), (error) => {
      assert.match(describeError(error), /fork failed.*repl-diskless-sync-delay of the source may still be 0, set it back to 7: .*not now/);
      return isDomainError(error, 'source-refused');
    });
    assert.deepEqual(await site.filesLeft(), []);
  });
});
