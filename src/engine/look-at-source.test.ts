import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tryBackup } from '../../test/harness/failing-backup.ts';
import { answerHandshake, type FakeMasterConnection, startFakeMaster } from '../../test/harness/fake-master.ts';
import { rdbFile } from '../../test/harness/rdb-bytes.ts';
import { requireHeadroom } from './look-at-source.ts';

const MEBIBYTE = 1024 ** 2;
const RDB = rdbFile('REDIS0010');

/** A server that answers INFO with these memory figures, and sends an empty RDB. */
function withMemory(residentMebibytes: number, machineMebibytes: number) {
  const info = `role:master\r\nused_memory_rss:${residentMebibytes * MEBIBYTE}\r\ntotal_system_memory:${machineMebibytes * MEBIBYTE}\r\n`;
  return startFakeMaster(async (connection: FakeMasterConnection) => {
    await answerHandshake(connection, { INFO: `$${info.length}\r\n${info}\r\n`, CONFIG: '*0\r\n', PUBSUB: '*0\r\n' });
    await connection.send(`+FULLRESYNC ${'a'.repeat(40)} 0\r\n$${RDB.length}\r\n`);
    await connection.send(RDB);
    connection.end();
  });
}

describe('a machine with hardly any memory beside what the source holds', () => {
  test('refuses the backup before the source forks, and says what to do', async () => {
    await using source = await withMemory(950, 1000);
    const end = await tryBackup(source);
    assert.deepEqual([end.code, end.retryable], ['source-memory-short', false]);
    assert.match(end.text, /holds 950 of its machine's 1000 MiB.*; give it a larger machine, .* REDKEEP_MEMORY_CHECK=warn/);
    assert.equal(
      source.commands.some(([name]) => name === 'PSYNC'),
      false,
    );
  });

  test('is a warning where the service was told so, and where some is left', async () => {
    await using full = await withMemory(950, 1000);
    await using short = await withMemory(800, 1000);
    for (const [source, request] of [
      [full, { memoryCheck: 'warn' }],
      [short, {}],
    ] as const) {
      const { manifest } = await tryBackup(source, { request });
      assert.match(manifest?.report.join('\n') ?? '', /memory is short: the source holds/);
    }
    await using ample = await withMemory(500, 1000);
    assert.deepEqual(
      (await tryBackup(ample)).manifest?.report.filter((sentence) => sentence.includes('memory')),
      [],
    );
  });

  test('is not seen where the source does not tell', () => {
    const info = { serverKind: 'redis', serverVersion: '', role: 'master', mode: 'standalone', replicas: 0, warnings: [] } as const;
    const unknown = { usedMemoryBytes: undefined, maxMemoryBytes: undefined, residentBytes: undefined, machineBytes: undefined };
    requireHeadroom({ ...info, ...unknown }, { host: 'h', port: 1 });
    requireHeadroom({ ...info, ...unknown, residentBytes: 10 }, { host: 'h', port: 1 });
  });
});
