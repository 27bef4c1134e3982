import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runCli } from '../../src/cli/cli.ts';
import { attach, backUp, listBackups } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

describe('restore and clone on the command line', () => {
  let dataDir: string;
  let source: RedisServer;
  let target: RedisServer;
  let service: RunningService;
  let targetId: string;
  let backupId: string;
  before(async () => {
    dataDir = await makeDataDir();
    source = await startRedis(COMPARABLE);
    target = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await target.command('SET', 'only here', 'before');
    service = await startService(dataDir);
    backupId = (await backUp(service, await attach(service, source))).BackupId;
    targetId = await attach(service, target);
  });
  after(async () => {
    await service?.stop();
    await source?.stop();
    await target?.stop();
    await removeDataDir(dataDir);
  });

  const restore = (...more: string[]) => redkeep(['backup', 'restore', backupId, '--to', targetId, '--data-dir', dataDir, ...more]);

  it('asks before data are overwritten, and refuses where nobody can be asked', async () => {
    const before = await readContent(target);
    const refused = await restore();
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /^redkeep: All data of crs-\w+ will be overwritten by backup \S+; .* add --yes if that is meant\n$/);
    const asked: string[] = [];
    const answerWith = async (answer: string) => {
      let err = '';
      const status = await runCli(
        ['backup', 'restore', backupId, '--to', targetId, '--data-dir', dataDir, '--key-pattern', 'x', '--replace'],
        {
          env: process.env,
          interactive: false,
          ask: async (question) => {
            asked.push(question);
            return answer;
          },
          out: () => {},
          err: (text) => {
            err += text;
          },
        },
      );
      return [status, err];
    };
    assert.deepEqual(await answerWith(''), [1, 'redkeep: nothing was changed\n']);
    assert.deepEqual(await answerWith('y'), [0, '']);
    assert.match(asked[0] ?? '', /^Keys of crs-\w+ will be overwritten by backup \S+\. Go on\? \[y\/N\] $/);
    assert.deepEqual(await readContent(target), before);
  });

  it('a dry run prints a table of what would be restored; the real run of it then writes as many', async () => {
    const selection = ['--database', '1', '--database', '15', '--type', 'string'];
    const dry = await restore(...selection, '--dry-run');
    assert.equal(dry.status, 0, dry.stderr);
    const all = /^all +(\d+)$/m.exec(dry.stdout)?.[1];
    assert.ok(Number(all) > 0);
    assert.match(dry.stdout, /^database 15 +\d+$/m);
    assert.match(dry.stdout, /^there already +0$/m);
    const real = await restore(...selection, '--no-safety-backup');
    assert.equal(real.status, 0, real.stderr);
    assert.match(real.stdout, new RegExp(`^${all} keys restored to ${targetId}$`, 'm'));
    assert.equal(await target.command('GET', 'only here'), 'before');
  });

  it('restores all of a backup of another instance, says where the old data are, and JSON tells all of it', async () => {
    const done = await restore('--yes');
    assert.deepEqual([done.status, done.stderr], [0, '']);
    assert.deepEqual(await readContent(target), await readContent(source));
    const safety = (await listBackups(service, targetId)).at(-1)?.BackupId;
    assert.match(done.stdout, new RegExp(`^\\d+ keys restored to ${targetId}\nwhat it held before is backup ${safety}\n`));
    const json = await restore('--yes', '--json', '--no-safety-backup');
    const { Status, Way, SafetyBackupId, Keys } = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.deepEqual([Status, Way, SafetyBackupId, Number(Keys) > 1000], ['succeed', 'replication', '', true]);
    const taskId = (await restore('--yes', '--no-wait', '--no-safety-backup')).stdout.trim();
    assert.match(taskId, /^\d+$/);
    const beside = await restore('--yes');
    if (beside.status !== 0) {
      assert.match(beside.stderr, new RegExp(`Task ${taskId} holds instance ${targetId}`));
    }
  });

  it('wrong words are named', async () => {
    for (const [args, status, message] of [
      [['--ttl', 'sometimes'], 2, /--ttl is "sometimes"; it may be keep, drop, or seconds with a sign/],
      [['--database', 'x'], 2, /--database is "x"/],
      [['--replace', '--yes'], 1, /Replace needs KeyPattern, Databases or Types/],
      [['--type', 'strings'], 1, /Types holds "strings"/],
      [['--from', targetId, '--yes'], 6, /no backup \S+ is found of crs-.*--from/],
    ] as const) {
      const refused = await restore(...args);
      assert.equal(refused.status, status, refused.stderr);
      assert.match(refused.stderr, message);
    }
  });

  it('clones into a new server, and prints its address', async () => {
    const made = await redkeep(['backup', 'clone', backupId, '--name', 'copy', '--data-dir', dataDir]);
    assert.equal(made.status, 0, made.stderr);
    const [, id, password, port] = /^(crs-\w{8})\nredis:\/\/:([^@]+)@127\.0\.0\.1:(\d+)\n$/.exec(made.stdout) ?? [];
    assert.ok(id !== undefined, made.stdout);
    await using check = await startRedis();
    // Asked by another server, so that the printed address is what is tried.
    await check.command('CONFIG', 'SET', 'masterauth', password ?? '');
    await check.command('REPLICAOF', '127.0.0.1', port ?? '');
    const expected = (await readContent(source)).databases[0]?.keys;
    const limit = AbortSignal.timeout(60_000);
    while (Number(await check.command('DBSIZE').catch(() => -1)) !== expected) {
      limit.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const listed = await redkeep(['instance', 'list', '--data-dir', dataDir]);
    assert.match(listed.stdout, new RegExp(`${id} +copy +online`));
  });
});
