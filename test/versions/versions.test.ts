import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { canReadRdb } from '../../src/redis/rdb/readable-versions.ts';
import type { RedisContent } from '../harness/redis-content.ts';
import { findServers, SERVER_NAMES, SERVER_VERSIONS, type ServerName, type ServerProgram } from '../harness/server-versions.ts';
import { findStaleLines, SUPPORT_PAGE, toPair, toSupportPage } from './support-matrix.ts';
import { backUpAsLeastUser, backUpOtherForms, backUpVersion, loadIntoVersion, type VersionBackup } from './try-version.ts';

describe('every server version that can be had', () => {
  let found = new Map<ServerName, ServerProgram>();
  let absent = new Map<ServerName, string>();
  const backups = new Map<ServerName, VersionBackup>();
  const loads = new Map<string, boolean>();
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redkeep-versions-'));
    ({ found, absent } = await findServers());
  });
  after(() => rm(directory, { recursive: true }));

  for (const name of SERVER_NAMES) {
    test(`${name}: a backup of every type loads into the same version with equal digest, expiries and functions`, async (t) => {
      const program = found.get(name);
      if (program === undefined) {
        return t.skip(absent.get(name));
      }
      const backup = await backUpVersion(program, directory);
      assert.deepEqual(await loadIntoVersion(program, backup.file), backup.content);
      backups.set(name, backup);
      loads.set(toPair(name, name), true);
    });
  }

  for (const name of SERVER_NAMES) {
    test(`${name}: three ACL rules are enough for all of it, and the report names the others`, async (t) => {
      const program = found.get(name);
      if (program === undefined) {
        return t.skip(absent.get(name));
      }
      const report = (await backUpAsLeastUser(program)).join('\n');
      for (const rule of ['info', 'config|get', 'acl|list', 'module|list', 'pubsub|numsub']) {
        assert.ok(report.includes(`its user lacks +${rule}`), `${rule}\n${report}`);
      }
    });
  }

  for (const name of SERVER_NAMES) {
    test(`${name}: from a file and from a replica it is the same, and nobody keeps us as a replica`, async (t) => {
      const program = found.get(name);
      if (program === undefined) {
        return t.skip(absent.get(name));
      }
      await backUpOtherForms(program, SERVER_VERSIONS[name].kind);
    });
  }

  for (const writer of SERVER_NAMES) {
    test(`${writer}: its backup is read by the versions that the table names, and refused by the others`, async (t) => {
      const backup = backups.get(writer);
      if (backup === undefined) {
        return t.skip(absent.get(writer));
      }
      const { rdbVersion, serverVersion } = backup.shard;
      for (const [reader, program] of found) {
        const content: RedisContent | undefined = reader === writer ? backup.content : await loadIntoVersion(program, backup.file);
        loads.set(toPair(writer, reader), content !== undefined);
        const target = { kind: SERVER_VERSIONS[reader].kind, version: program.version };
        const rdb = { rdbVersion, writer: { kind: SERVER_VERSIONS[writer].kind, version: serverVersion } };
        for (const known of [rdb, { rdbVersion }]) {
          assert.equal(canReadRdb(target, known), content !== undefined, `${reader} reads the backup`);
        }
        if (content !== undefined) {
          // The digest itself changed between versions: scores are written in another way.
          assert.deepEqual([content.databases, content.functions], [backup.content.databases, backup.content.functions], reader);
        }
      }
    });
  }

  test('docs/support-matrix.md says what was found', async () => {
    const page = await readFile(SUPPORT_PAGE, 'utf8');
    assert.deepEqual(findStaleLines(page, toSupportPage({ backups, loads })), [], 'run `npm run support-matrix`');
  });
});

test('a page is stale in the line in which a known cell differs', () => {
  const page = '# Title\n| a | yes | – |\nend\n';
  assert.deepEqual(findStaleLines(page, page), []);
  assert.deepEqual(findStaleLines(page, '# Title\n| a | ? | ? |\nend\n'), []);
  assert.deepEqual(findStaleLines(page, '# Title\n| a | – | – |\nend\n'), ['| a | – | – |']);
  assert.deepEqual(findStaleLines(page, '# Title\n| a | yes | yes |\nend\n'), ['| a | yes | yes |']);
  assert.deepEqual(findStaleLines(`${page}more\n`, page), ['']);
});
