import assert from 'node:assert/strict';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { attach, backUp, decodeBackup } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, removeDataDir, startService } from '../harness/service.ts';

const DAY_MS = 86_400_000;
const config = ['enable-debug-command local', 'proto-max-bulk-len 512mb'];

/** Each fills a fresh server with one kind of content. */
const contents: Record<string, (server: RedisServer) => Promise<void>> = {
  'nothing at all': async () => {},
  'strings, integers and long compressible text': async ({ command }) => {
    await command('SET', 'text', 'hello');
    await command('SET', 'empty', '');
    await command('SET', 'small', '7');
    await command('SET', 'large', '-9007199254740993');
    await command('SET', 'long', 'abcdefgh'.repeat(20_000));
  },
  'binary keys and values with NUL and CRLF': async ({ command }) => {
    await command('SET', Buffer.from('a\0b\r\nc'), Buffer.from([0, 13, 10, 255, 0]));
    await command('HSET', Buffer.from([255, 0, 254]), Buffer.from([0]), Buffer.from('\r\n$5\r\n'));
    await command('SET', '$EOF:', '*3\r\n$8\r\nREPLCONF\r\n');
  },
  'small and big lists, sets, sorted sets and hashes': async ({ command }) => {
    const many = Array.from({ length: 2000 }, (_, i) => `member ${i} ${'x'.repeat(i % 90)}`);
    await command('RPUSH', 'list:small', '1', 'two');
    await command('RPUSH', 'list:big', ...many);
    await command('SADD', 'set:integers', ...Array.from({ length: 300 }, (_, i) => String(i * 37)));
    await command('SADD', 'set:small', 'a', 'b');
    await command('SADD', 'set:big', ...many);
    await command('ZADD', 'zset:small', '1.5', 'a', '-inf', 'b');
    await command('ZADD', 'zset:big', ...many.flatMap((member, i) => [String(i / 7), member]));
    await command('HSET', 'hash:small', 'f', 'v');
    await command('HSET', 'hash:big', ...many.flatMap((member, i) => [`field ${i}`, member]));
    await command('PFADD', 'hyperloglog', ...many);
    await command('SETBIT', 'bitmap', '100000', '1');
    await command('GEOADD', 'places', '113.26', '23.13', 'Guangzhou');
  },
  'streams with groups, consumers and pending entries': async ({ command }) => {
    for (let i = 1; i <= 300; i++) {
      await command('XADD', 'stream', `${i}-1`, 'field', `value ${i}`);
    }
    await command('XGROUP', 'CREATE', 'stream', 'readers', '0');
    await command('XREADGROUP', 'GROUP', 'readers', 'one', 'COUNT', '10', 'STREAMS', 'stream', '>');
    await command('XACK', 'stream', 'readers', '1-1');
    await command('XDEL', 'stream', '150-1');
    await command('XADD', 'emptied', '1-1', 'a', 'b');
    await command('XDEL', 'emptied', '1-1');
  },
  'several databases, and expiries of a day and more': async ({ command }) => {
    for (const database of ['0', '3', '15']) {
      await command('SELECT', database);
      for (let i = 0; i < 500; i++) {
        await command('SET', `key ${i}`, `value ${i} of ${database}`);
        if (i % 5 === 0) {
          await command('PEXPIRE', `key ${i}`, String(DAY_MS + i * 9_999_991));
        }
      }
    }
    await command('SELECT', '0');
  },
  functions: async ({ command }) => {
    await command('FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 1 end)");
    await command('SET', 'beside', 'it');
  },
};

describe('a stored backup, decoded, loads into a fresh server with equal digest, counts and expiries', () => {
  let dataDir: string;
  let service: RunningService;
  before(async () => {
    dataDir = await makeDataDir();
    service = await startService(dataDir);
  });
  after(async () => {
    await service.stop();
    await removeDataDir(dataDir);
  });

  async function assertRoundTrip(source: RedisServer): Promise<void> {
    const instanceId = await attach(service, source);
    const backup = await backUp(service, instanceId);
    assert.equal(backup.Status, 2);
    const rdb = await decodeBackup(dataDir, backup.BackupId);
    try {
      assert.equal(backup.BackupSize, (await stat(rdb)).size);
      await using restored = await startRedis({ config, dump: rdb });
      assert.deepEqual(await readContent(restored), await readContent(source));
      assert.match(String(await source.command('INFO', 'replication')), /^connected_slaves:0\r$/m);
    } finally {
      await rm(dirname(rdb), { recursive: true });
    }
  }

  for (const [what, fill] of Object.entries(contents)) {
    it(what, async () => {
      await using source = await startRedis({ config });
      await fill(source);
      await assertRoundTrip(source);
    });
  }

  it('one value of 100 MB', async () => {
    await using source = await startRedis({ config });
    await source.command('EVAL', "redis.call('SET', 'big', string.rep('0123456789abcdef', 6553600))", '0');
    assert.equal(await source.command('STRLEN', 'big'), 104_857_600);
    await assertRoundTrip(source);
  });

  it('a source that writes its RDB to disk and sends its length', async () => {
    await using source = await startRedis({ config: [...config, 'repl-diskless-sync no'] });
    await contents['small and big lists, sets, sorted sets and hashes']?.(source);
    await assertRoundTrip(source);
  });
});
