import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type BackupSite, makeBackupSite } from '../../test/harness/backup-site.ts';
import { answerHandshake, type FakeMaster, type FakeMasterConnection, startFakeMaster } from '../../test/harness/fake-master.ts';
import { createRandom, splitAtRandom } from '../../test/harness/random-splits.ts';
import { rdbAuxiliary, rdbExpiryMs, rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { isDomainError } from '../lib/errors.ts';
import type { Manifest } from '../repository/types.ts';
import { runBackup } from './run-backup.ts';

/**
 * Whole backups over whatever way the bytes of a source may come: what is on the wire after PSYNC, cut into pieces, or cut short.
 */

const ID = 'a1'.repeat(20);
const MARK = '0123456789abcdef0123456789abcdef01234567';
const QUIET = { signal: new AbortController().signal, onProgress: () => {} };
const RDB = rdbFile(
  'REDIS0010',
  rdbAuxiliary('repl-id', ID),
  rdbAuxiliary('repl-offset', '4711'),
  rdbKey(0, 'key', rdbString('value')),
  rdbExpiryMs(4_102_444_800_000),
  // Bytes that look like the frame around them.
  rdbKey(0, `$EOF:${MARK.slice(0, 39)}`, rdbString(`\r\n+FULLRESYNC ${ID} 1\r\n$9\r\n\n\n${MARK.slice(1)}${MARK.slice(0, 20)}`)),
);

/** What a source sends after PSYNC, in both forms of the transfer, with and without newlines that keep the link alive. */
const WIRES = {
  'a counted RDB': Buffer.concat([Buffer.from(`+FULLRESYNC ${ID} 4711\r\n$${RDB.length}\r\n`), RDB]),
  'a counted RDB after newlines': Buffer.concat([Buffer.from(`\n\n+FULLRESYNC ${ID} 4711\r\n\n\n\n$${RDB.length}\r\n`), RDB]),
  'a marked RDB': Buffer.concat([Buffer.from(`+FULLRESYNC ${ID} 4711\r\n$EOF:${MARK}\r\n`), RDB, Buffer.from(MARK)]),
  'a marked RDB after newlines': Buffer.concat([Buffer.from(`\n+FULLRESYNC ${ID} 4711\r\n\n$EOF:${MARK}\r\n`), RDB, Buffer.from(MARK)]),
};

/** A source that answers every PSYNC with what `pieces` gives just then, each piece in a write of its own, and then ends the connection. */
function startSource(pieces: () => Uint8Array[], replies: Record<string, string> = {}): Promise<FakeMaster> {
  return startFakeMaster(async (connection: FakeMasterConnection) => {
    await answerHandshake(connection, replies);
    for (const piece of pieces()) {
      await connection.send(piece);
    }
    connection.end();
  });
}

/** One backup into the site; each try has a number of its own. */
function backUp(site: BackupSite, source: FakeMaster, attempt: number): Promise<Manifest> {
  return runBackup(site.request(source, { attempt }), QUIET);
}

function assertWhole(manifest: Manifest, about: string): void {
  const [shard] = manifest.shards;
  assert.equal(shard?.sha256, createHash('sha256').update(RDB).digest('hex'), about);
  assert.deepEqual(
    [shard.sizeBytes, shard.keys.total, shard.keys.withExpiry, shard.replicationId, shard.replicationOffset],
    [RDB.length, 2, 1, ID, 4711],
    about,
  );
}

for (const [name, wire] of Object.entries(WIRES)) {
  test(`${name} is stored whole in one piece, byte by byte, and at random splits`, async () => {
    await using site = await makeBackupSite();
    let pieces: Uint8Array[] = [wire];
    await using source = await startSource(() => pieces);
    assertWhole(await backUp(site, source, 1), 'one piece');
    pieces = [...wire].map((byte) => Uint8Array.of(byte));
    assertWhole(await backUp(site, source, 2), 'byte by byte');
    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    for (let round = 0; round < 12; round++) {
      pieces = splitAtRandom(wire, random, 1 + 20 * round);
      assertWhole(await backUp(site, source, 3 + round), `seed ${seed}, round ${round}`);
    }
  });
}

// The session alone is cut at every byte of every form in replica-session.test.ts; this is about what then becomes of the repository.
test('an RDB cut short at any byte is a typed error that allows another try, and stores nothing', async () => {
  await using site = await makeBackupSite();
  const rdb = rdbFile('REDIS0010', rdbKey(0, 'key', rdbString('value')));
  const wire = Buffer.concat([Buffer.from(`+FULLRESYNC ${ID} 4711\r\n$EOF:${MARK}\r\n`), rdb, Buffer.from(MARK)]);
  let length = 0;
  await using source = await startSource(() => [wire.subarray(0, length)]);
  for (; length < wire.length; length++) {
    const cut = backUp(site, source, 1 + length);
    await assert.rejects(cut, (error) => isDomainError(error, 'source-closed') && error.retryable, `after ${length} bytes`);
    assert.deepEqual(await site.filesLeft(), []);
  }
});

describe('what a source may say of itself', () => {
  const send = (rdb: Uint8Array) => [Buffer.from(`+FULLRESYNC ${ID} 4711\r\n$${rdb.length}\r\n`), rdb];

  async function backUpOnce(rdb: Uint8Array, replies: Record<string, string> = {}): Promise<{ manifest: Manifest; commands: string[][] }> {
    await using site = await makeBackupSite();
    await using source = await startSource(() => send(rdb), replies);
    return { manifest: await backUp(site, source, 1), commands: source.commands };
  }

  test('another history than FULLRESYNC: the backup is whole, and the report tells', async () => {
    const key = rdbKey(0, 'key', rdbString('value'));
    for (const [id, offset] of [
      ['b'.repeat(40), '4711'],
      [ID, '4712'],
    ] as const) {
      const { manifest } = await backUpOnce(rdbFile('REDIS0010', rdbAuxiliary('repl-id', id), rdbAuxiliary('repl-offset', offset), key));
      assert.match(manifest.report.join('\n'), new RegExp(`of replication history ${id} at ${offset}, but .* ${ID} at 4711: no stream`));
      assert.equal(manifest.shards[0]?.keys.total, 1);
    }
    for (const rdb of [RDB, rdbFile('REDIS0010', key)]) {
      const { manifest } = await backUpOnce(rdb);
      assert.doesNotMatch(manifest.report.join('\n'), /history/);
    }
  });

  test('no checksum: stored, and the report tells that only the connection vouches for the bytes', async () => {
    const rdb = Buffer.from(RDB);
    rdb.fill(0, rdb.length - 8);
    const { manifest } = await backUpOnce(rdb);
    assert.match(manifest.report.join('\n'), /rdbchecksum no: the RDB carries no checksum of its own/);
  });

  test('a version or a family that is newer than any known: stored whole, counted as far as it is understood', async () => {
    const known = rdbKey(0, 'key', rdbString('value'));
    for (const magic of ['REDIS0099', 'VALKEY099']) {
      const { manifest } = await backUpOnce(rdbFile(magic, known));
      assert.deepEqual([manifest.shards[0]?.keys.complete, manifest.shards[0]?.rdbVersion], [true, 99]);
      const { manifest: partly } = await backUpOnce(rdbFile(magic, known, rdbKey(99, 'new', rdbString('x'))));
      assert.deepEqual([partly.shards[0]?.keys.complete, partly.shards[0]?.keys.total], [false, 1]);
      assert.match(partly.report.join('\n'), /counted in part only: value type or opcode 99 is not known at byte/);
    }
  });

  test('no RDB at all, or one of before there were checksums: nothing is stored', async () => {
    for (const rdb of [Buffer.from('x'.repeat(40)), rdbFile('REDIS0004', rdbKey(0, 'key', rdbString('value')))]) {
      await using site = await makeBackupSite();
      await using source = await startSource(() => send(rdb));
      await assert.rejects(backUp(site, source, 1), (error) => isDomainError(error, 'rdb-bad-magic'));
      assert.deepEqual(await site.filesLeft(), []);
    }
  });

  test('its version: it is told back, so that a Valkey sends what that version writes', async () => {
    const info = 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\nrole:master\r\n';
    const { manifest, commands } = await backUpOnce(RDB, { INFO: `$${info.length}\r\n${info}\r\n` });
    assert.deepEqual(
      commands.filter(([name, option]) => name === 'REPLCONF' && option === 'version'),
      [['REPLCONF', 'version', '9.1.2']],
    );
    assert.deepEqual([manifest.shards[0]?.serverKind, manifest.shards[0]?.serverVersion], ['valkey', '9.1.2']);
    const { commands: untold } = await backUpOnce(RDB, { INFO: '-NOPERM no\r\n' });
    assert.equal(
      untold.some(([name, option]) => name === 'REPLCONF' && option === 'version'),
      false,
    );
  });

  test('that it knows no option of REPLCONF: stored all the same, without the stream that it then sends, and never acknowledged', async () => {
    const unknown = '-ERR Unrecognized REPLCONF option: x\r\n';
    await using site = await makeBackupSite();
    await using source = await startSource(() => [...send(RDB), Buffer.from('*1\r\n$4\r\nping\r\n')], {
      'REPLCONF listening-port': unknown,
      'REPLCONF capa': unknown,
      'REPLCONF rdb-only': unknown,
    });
    assertWhole(await backUp(site, source, 1), 'no option known');
    assert.equal(
      source.commands.some((command) => command.includes('ACK')),
      false,
    );
  });
});
