import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runRestore } from '../../src/engine/run-restore.ts';
import { isDomainError } from '../../src/lib/errors.ts';
import { canReadRdb } from '../../src/redis/rdb/readable-versions.ts';
import { fillWithEveryType } from '../harness/every-type.ts';
import { type RedisContent, readContent } from '../harness/redis-content.ts';
import type { RedisServer } from '../harness/redis-server.ts';
import { makeRestoreSite, recordRestore } from '../harness/restore-site.ts';
import { findServers, SERVER_NAMES, SERVER_VERSIONS, type ServerName, type ServerProgram } from '../harness/server-versions.ts';
import { startVersion } from './try-version.ts';

/** What servers of all versions agree on: the digest is computed in another way from version to version. */
function comparable({ databases, functions }: RedisContent): unknown {
  return { databases, functions };
}

async function startWithOtherData(program: ServerProgram): Promise<RedisServer> {
  const target = await startVersion(program);
  await target.command('SELECT', '7');
  await target.command('MSET', 'old', 'data', 'more', 'data');
  await target.command('SELECT', '0');
  return target;
}

describe('restores between server versions', () => {
  let found = new Map<ServerName, ServerProgram>();
  let absent = new Map<ServerName, string>();
  before(async () => {
    ({ found, absent } = await findServers());
  });

  for (const writer of SERVER_NAMES) {
    test(`${writer}: replaces what a running server of each version that reads it holds, and leaves the others alone`, async (t) => {
      const program = found.get(writer);
      if (program === undefined) {
        return t.skip(absent.get(writer));
      }
      await using source = await startVersion(program);
      await fillWithEveryType(source);
      const content = await readContent(source);
      await using site = await makeRestoreSite(source);
      const { rdbVersion } = (await site.repository.openAttempt({ backupId: site.restoreRequest(source).backup.backupId, attempt: 1 }))
        .manifest.shards[0] ?? { rdbVersion: 0 };
      for (const [reader, targetProgram] of found) {
        await using target = await startWithOtherData(targetProgram);
        const before = await readContent(target);
        const { safety: _, ...request } = site.restoreRequest(target);
        const kind = SERVER_VERSIONS[reader].kind;
        const writtenBy = { kind: SERVER_VERSIONS[writer].kind, version: program.version };
        if (canReadRdb({ kind, version: targetProgram.version }, { rdbVersion, writer: writtenBy })) {
          const { way, report } = await runRestore(request, recordRestore());
          assert.equal(way, 'replication', report.join('\n'));
          const after = await readContent(target);
          assert.deepEqual(comparable(after), comparable(content), reader);
          if (reader === writer) {
            assert.deepEqual(after, content);
          }
        } else {
          await assert.rejects(runRestore(request, recordRestore()), (error) => isDomainError(error, 'target-version-unsupported'), reader);
          assert.deepEqual(await readContent(target), before);
        }
      }
    });

    test(`${writer}: its keys are merged one by one into a server of the same version`, async (t) => {
      const program = found.get(writer);
      if (program === undefined) {
        return t.skip(absent.get(writer));
      }
      await using source = await startVersion(program);
      await fillWithEveryType(source);
      await using site = await makeRestoreSite(source);
      await using target = await startWithOtherData(program);
      const { way } = await runRestore(site.restoreRequest(target, { filter: {} }), recordRestore());
      assert.equal(way, 'keys');
      const { databases } = await readContent(target);
      assert.equal(databases['7']?.keys, 2);
      const { databases: expected } = await readContent(source);
      assert.deepEqual({ ...databases, 7: undefined }, { ...expected, 7: undefined });
      await target.command('SELECT', '7');
      await target.command('FLUSHDB');
      await target.command('SELECT', '0');
      assert.equal((await readContent(target)).digest, (await readContent(source)).digest);
    });
  }
});
