import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readContent } from '../../test/harness/redis-content.ts';
import { type RedisServer, startRedis } from '../../test/harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../../test/harness/restore-data.ts';
import { makeRestoreSite, recordRestore } from '../../test/harness/restore-site.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { runRestore } from './run-restore.ts';

const DAY_MS = 86_400_000;
const KEY_BY_KEY = { aclUsers: ['modest on >secret ~* &* +@all -config'] };

function asModest({ host, port }: RedisServer) {
  return { host, port, user: 'modest', password: 'secret' };
}

const READ_EXPIRIES = `
local lines = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  lines[#lines + 1] = redis.sha1hex(key) .. ' ' .. string.format('%.0f', redis.call('PEXPIRETIME', key))
end
return lines`;

/** Of every key of every database, by the hash of its name, in milliseconds; -1 where it has none. */
async function readExpiries(server: RedisServer): Promise<Record<string, number>> {
  const expiries: Record<string, number> = {};
  for (const [, database = ''] of String(await server.command('INFO', 'keyspace')).matchAll(/^db(\d+):/gm)) {
    await server.command('SELECT', database);
    for (const line of (await server.command('EVAL', READ_EXPIRIES, '0')) as string[]) {
      const [key, at] = line.split(' ');
      expiries[`${database} ${key}`] = Number(at);
    }
  }
  await server.command('SELECT', '0');
  return expiries;
}

describe('each expiry of a backup', () => {
  for (const [ttl, expected] of [
    [{ kind: 'keep' }, (at: number) => at],
    [{ kind: 'drop' }, () => -1],
    [{ kind: 'shift', byMs: 2 * DAY_MS + 1 }, (at: number) => at + 2 * DAY_MS + 1],
    [{ kind: 'shift', byMs: -1 }, (at: number) => at - 1],
  ] as const) {
    test(`is to the millisecond what ${JSON.stringify(ttl)} makes of it, in a whole restore and a merge`, async () => {
      await using source = await startRedis(COMPARABLE);
      await fillEveryType(source);
      await source.command('SET', 'far', 'away', 'PXAT', '32503680000123');
      const wanted = Object.fromEntries(
        Object.entries(await readExpiries(source)).map(([key, at]) => [key, at === -1 ? -1 : expected(at)]),
      );
      assert.ok(Object.values(wanted).length > 2000);
      await using site = await makeRestoreSite(source);
      if (ttl.kind === 'drop') {
        // A digest tells keys with an expiry from those without.
        for (const database of ['0', '1', '15']) {
          await source.command('SELECT', database);
          await source.command('EVAL', "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('PERSIST', key) end", '0');
        }
      }
      const { digest } = await readContent(source);
      for (const how of [{}, { filter: {} }]) {
        await using target = await startRedis(COMPARABLE);
        const { safety: _, ...request } = site.restoreRequest(target, { ttl, ...how });
        const { way } = await runRestore(request, recordRestore());
        assert.equal(way, ttl.kind === 'keep' && !('filter' in how) ? 'replication' : 'keys');
        assert.equal((await readContent(target)).digest, digest);
        assert.deepEqual(await readExpiries(target), wanted);
      }
    });
  }
});

describe('keys that have expired by the time of the restore', () => {
  /** A backup that holds `past`, which no client of its source can see any more. */
  async function prepare() {
    const source = await startRedis(COMPARABLE);
    await source.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    await source.command('MSET', 'past', 'old value', 'stays', 'value');
    const [seconds] = (await source.command('TIME')) as string[];
    const at = (Number(seconds) + 1) * 1000;
    await source.command('PEXPIREAT', 'past', String(at));
    await eventually('it has expired', async () => Number(((await source.command('TIME')) as string[])[0]) * 1000 > at);
    assert.match(String(await source.command('INFO', 'keyspace')), /^db0:keys=2,expires=1/m);
    const site = await makeRestoreSite(source);
    return { source, site, at };
  }

  for (const [what, user, more, past] of [
    ['over replication they are not seen', false, {}, null],
    ['key by key they are not written', true, {}, null],
    ['with expiries dropped they are back', false, { ttl: { kind: 'drop' } }, 'old value'],
    ['with expiries moved to the future they are back', false, { ttl: { kind: 'shift', byMs: DAY_MS } }, 'old value'],
  ] as const) {
    test(what, async () => {
      const { source, site, at } = await prepare();
      await using _source = source;
      await using _site = site;
      await using target = await startRedis({ ...COMPARABLE, ...KEY_BY_KEY });
      await target.command('MSET', 'past', 'of the target', 'other', 'x');
      const { way, counts } = await runRestore(site.restoreRequest(user ? asModest(target) : target, more), recordRestore());
      assert.equal(way, user || 'ttl' in more ? 'keys' : 'replication');
      assert.equal(counts.keys, 2);
      assert.deepEqual(await target.command('MGET', 'past', 'stays', 'other'), [past, 'value', null]);
      if (past !== null) {
        assert.equal(await target.command('PEXPIRETIME', 'past'), more.ttl?.kind === 'shift' ? at + DAY_MS : -1);
      }
      await target.command('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
      assert.equal(await target.command('DBSIZE'), past === null ? 1 : 2);
    });
  }

  test('of a merge that replaces they remove nothing: what the target holds under their names stays', async () => {
    const { source, site } = await prepare();
    await using _source = source;
    await using _site = site;
    for (const ttl of [{ kind: 'keep' }, { kind: 'shift', byMs: -DAY_MS }] as const) {
      await using target = await startRedis(COMPARABLE);
      await target.command('MSET', 'past', 'of the target', 'stays', 'before');
      const { safety: _, ...request } = site.restoreRequest(target, { filter: { pattern: '*' }, replaceExisting: true, ttl });
      const { report } = await runRestore(request, recordRestore());
      assert.deepEqual(await target.command('MGET', 'past', 'stays'), ['of the target', 'value']);
      assert.ok(report.includes('1 of the keys had expired by then and were left out'), report.join('\n'));
    }
  });
});

test('a dry run counts by pattern, database and type exactly what the run then writes, and changes nothing', async () => {
  await using source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  await using site = await makeRestoreSite(source);
  for (const filter of [
    {},
    { pattern: '*1*' },
    { databases: [1] },
    { databases: [1, 15] },
    { databases: [4] },
    { types: ['hash'] },
    { types: ['string', 'stream'] },
    { pattern: '*[02468]', databases: [0], types: ['zset', 'list'] },
  ]) {
    await using target = await startRedis(COMPARABLE);
    const before = await readContent(target);
    const dry = await runRestore(site.restoreRequest(target, { filter, dryRun: true }), recordRestore());
    assert.deepEqual(await readContent(target), before);
    const { safety: _, ...request } = site.restoreRequest(target, { filter });
    const real = await runRestore(request, recordRestore());
    assert.deepEqual([dry.way, dry.existing, dry.counts], ['none', 0, real.counts], JSON.stringify(filter));
    const written = await readExpiries(target);
    assert.equal(Object.keys(written).length, real.counts.keys, JSON.stringify(filter));
    const again = await runRestore(site.restoreRequest(target, { filter, dryRun: true }), recordRestore());
    assert.equal(again.existing, real.counts.keys);
  }
});
