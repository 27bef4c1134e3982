import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { readContent } from '../../test/harness/redis-content.ts';
import { type RedisServer, startRedis } from '../../test/harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../../test/harness/restore-data.ts';
import { makeRestoreSite, type RestoreSite, recordRestore } from '../../test/harness/restore-site.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import type { SourceAddress } from '../redis/source-address.ts';
import type { RestoreMark, SettleRequest } from './restore-types.ts';
import { runRestore } from './run-restore.ts';
import { runSettle } from './run-settle.ts';

const MIB = 1024 ** 2;

/** More than the buffers between us and a target hold. */
async function startLargeSource(): Promise<RedisServer> {
  const source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  await source.command('SET', 'large', randomBytes(60 * MIB));
  return source;
}

async function startTarget(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const target = await startRedis({ ...COMPARABLE, ...options });
  await target.command('MSET', 'old', 'data', 'more', 'data');
  await target.command('PEXPIREAT', 'old', '4102444800000');
  return target;
}

/** Calls `act` once, when a part of the data has been sent and more is to be sent. */
function inMidTransfer(act: () => void): { onProgress: (progress: { phase: string; doneBytes: number }) => void } {
  let done = false;
  return {
    onProgress({ phase, doneBytes }) {
      if (phase === 'transferring' && doneBytes > 0 && !done) {
        done = true;
        act();
      }
    },
  };
}

/** The same server on the same port and what it has on its disk. */
function startAgain({ dir, port }: RedisServer, options: Parameters<typeof startRedis>[0] = COMPARABLE): Promise<RedisServer> {
  return startRedis({ ...options, dir, port });
}

function toSettle(site: RestoreSite, target: SourceAddress, mark: RestoreMark | undefined): SettleRequest {
  assert.ok(mark !== undefined);
  const { storageUrl, keyring, target: address, endpoint, allowPlainText } = site.restoreRequest(target);
  return { storageUrl, keyring, target: address, endpoint, allowPlainText, mark };
}

describe('a target that is killed in mid-transfer', () => {
  test('and starts again: the restore waits for it, goes back to the safety backup and says so', async () => {
    await using source = await startLargeSource();
    await using target = await startTarget();
    const before = await readContent(target);
    await using site = await makeRestoreSite(source);
    let starting: Promise<RedisServer> | undefined;
    const killing = inMidTransfer(() => {
      process.kill(target.pid, 'SIGKILL');
      starting = startAgain(target);
    });
    const recorder = recordRestore(killing);
    await assert.rejects(runRestore(site.restoreRequest(target), recorder), (error) => {
      assert.ok(isDomainError(error, 'target-closed'), String(error));
      assert.match(error.hint ?? '', /the target holds what it held before the restore/);
      return true;
    });
    await using again = (await starting) as RedisServer;
    assert.equal(recorder.marks.at(-1)?.step, 'settled');
    assert.ok(recorder.marks.some(({ isRollback }) => isRollback));
    assert.deepEqual(await readContent(again), before);
    assert.match(String(await again.command('INFO', 'replication')), /^role:master\r$/m);
    assert.equal(await again.command('SET', 'new', 'write'), 'OK');
  });

  test('and loads its own snapshot for a while: what is left is settled when it has, to the old data', async () => {
    await using source = await startLargeSource();
    await using target = await startTarget();
    await target.command('DEBUG', 'POPULATE', '3000', 'key', '100');
    await target.command('SAVE');
    const before = await readContent(target);
    await using site = await makeRestoreSite(source);
    let starting: Promise<RedisServer> | undefined;
    const slow = { config: [...COMPARABLE.config, 'key-load-delay 500', 'loading-process-events-interval-bytes 1024'] };
    const killing = inMidTransfer(() => {
      process.kill(target.pid, 'SIGKILL');
      starting = startAgain(target, { ...slow, whileLoading: true });
    });
    await assert.rejects(runRestore(site.restoreRequest(target), recordRestore(killing)), (error) => {
      return isDomainError(error, 'target-closed') && /holds what it held before/.test(error.hint ?? '');
    });
    await using again = (await starting) as RedisServer;
    assert.deepEqual(await readContent(again), before);
  });

  for (const [what, withSafety] of [
    ['the next who settles it goes back to the safety backup', true],
    ['without a safety backup the next who settles it says that nothing is certain', false],
  ] as const) {
    test(`and stays away while the restore is given up: ${what}`, async () => {
      await using source = await startLargeSource();
      await using target = await startTarget();
      const before = await readContent(target);
      await using site = await makeRestoreSite(source);
      const controller = new AbortController();
      const recorder = recordRestore({
        signal: controller.signal,
        ...inMidTransfer(() => {
          process.kill(target.pid, 'SIGKILL');
          controller.abort(new DomainError('aborted', 'the service stops', { retryable: true }));
        }),
      });
      const { safety, ...request } = site.restoreRequest(target);
      await assert.rejects(runRestore(withSafety ? { ...request, ...(safety && { safety }) } : request, recorder));
      assert.equal(recorder.marks.at(-1)?.step, 'replicate');
      await using again = await startAgain(target);
      const settler = recordRestore();
      const { outcome, report } = await runSettle(toSettle(site, target, recorder.marks.at(-1)), settler);
      assert.equal(settler.marks.at(-1)?.step, 'settled');
      assert.equal(outcome, withSafety ? 'rolled-back' : 'unsettled', report.join('\n'));
      if (withSafety) {
        assert.deepEqual(await readContent(again), before);
      } else {
        assert.match(report.join('\n'), /not certain: restore it, or another backup/);
      }
      assert.match(String(await again.command('INFO', 'replication')), /^role:master\r$/m);
    });
  }
});

describe('another server in the place of the target since its safety backup', () => {
  for (const [step, how] of [
    ['set-credentials', {}],
    ['replicate', {}],
    ['write-keys', { ttl: { kind: 'drop' } }],
  ] as const) {
    test(`is left alone at the step ${step}: its data are in no backup`, async () => {
      await using source = await startRedis(COMPARABLE);
      await fillEveryType(source);
      await using target = await startTarget();
      await using site = await makeRestoreSite(source);
      await using servers = new AsyncDisposableStack();
      let other: RedisServer | undefined;
      const recorder = recordRestore({
        async mark(mark) {
          if (mark.step === step && other === undefined) {
            process.kill(target.pid, 'SIGKILL');
            other = servers.use(await startAgain(target));
            await other.command('SET', 'of another', 'server');
          }
        },
      });
      await assert.rejects(runRestore(site.restoreRequest(target, how), recorder), (error) => {
        assert.ok(isDomainError(error, 'target-restarted'), String(error));
        return true;
      });
      assert.equal(await other?.command('GET', 'of another'), 'server');
      assert.equal(await other?.command('DBSIZE'), 1);
      assert.match(String(await other?.command('INFO', 'replication')), /^role:master\r$/m);
      assert.equal(recorder.marks.at(-1)?.step, 'settled');
    });
  }
});

describe('a target that is killed when it has all data', () => {
  for (const [what, config] of [
    ['and has no file of its own', []],
    ['and is yet to write its append-only file, of which the old one is there', ['appendonly yes']],
  ] as const) {
    test(`${what}: the restore does not take what starts again for the new data, and goes back`, async () => {
      await using source = await startRedis(COMPARABLE);
      await fillEveryType(source);
      const options = { config: [...COMPARABLE.config, ...config] };
      await using target = await startTarget(options);
      const before = await readContent(target);
      await using site = await makeRestoreSite(source);
      let again: RedisServer | undefined;
      const recorder = recordRestore({
        async mark({ step, isRollback }) {
          if (step === 'promote' && !isRollback) {
            process.kill(target.pid, 'SIGKILL');
            again = await startAgain(target, options);
          }
        },
      });
      await assert.rejects(runRestore(site.restoreRequest(target), recorder), (error) => {
        assert.ok(isDomainError(error, 'target-restarted'), String(error));
        assert.match(error.hint ?? '', /the target holds what it held before the restore/);
        return true;
      });
      await using server = again as unknown as RedisServer;
      assert.deepEqual(await readContent(server), before);
    });
  }

  test('of the safety backup in its turn: it does not go back twice, and says that nothing is certain', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startTarget();
    await using site = await makeRestoreSite(source);
    const servers = [target];
    const recorder = recordRestore({
      async mark({ step }) {
        if (step === 'promote') {
          process.kill(servers.at(-1)?.pid ?? 0, 'SIGKILL');
          servers.push(await startAgain(target));
        }
      },
    });
    await assert.rejects(runRestore(site.restoreRequest(target), recorder), (error) => {
      assert.ok(isDomainError(error, 'target-restarted'), String(error));
      assert.match(error.hint ?? '', /going back to the safety backup failed: .*not certain: restore it, or the safety backup 3e4127f8/);
      return true;
    });
    assert.equal(recorder.marks.at(-1)?.step, 'settled');
    await servers.at(-1)?.stop();
  });
});

test('a target that is killed while keys are written one by one, and starts again with a snapshot of the old ones, goes back', async () => {
  await using source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  await source.command('DEBUG', 'POPULATE', '300', 'big', '100000');
  await source.command('CONFIG', 'SET', 'rdbcompression', 'no');
  await using target = await startTarget();
  await target.command('SAVE');
  const before = await readContent(target);
  await using site = await makeRestoreSite(source);
  let starting: Promise<RedisServer> | undefined;
  const recorder = recordRestore({
    onProgress({ phase, doneBytes }) {
      if (phase === 'writing-keys' && doneBytes > 0 && starting === undefined) {
        process.kill(target.pid, 'SIGKILL');
        starting = startAgain(target);
      }
    },
  });
  await assert.rejects(runRestore(site.restoreRequest(target, { ttl: { kind: 'drop' } }), recorder), (error) => {
    assert.ok(isDomainError(error), String(error));
    assert.match(error.hint ?? '', /the target holds what it held before the restore/);
    return true;
  });
  await using again = (await starting) as RedisServer;
  assert.deepEqual(await readContent(again), before);
});

describe('a target that puts us off for a moment', () => {
  test('with no connection left when it has loaded: it is looked at again, and the restore ends over replication', async () => {
    await using source = await startLargeSource();
    await using target = await startTarget();
    await using site = await makeRestoreSite(source);
    let freeing: Promise<unknown> | undefined;
    const filling = inMidTransfer(() => {
      freeing = (async () => {
        await target.command('CONFIG', 'SET', 'maxclients', '1');
        await eventually('a refused connection', async () =>
          /^rejected_connections:[1-9]/m.test(String(await target.command('INFO', 'stats'))),
        );
        await target.command('CONFIG', 'SET', 'maxclients', '1000');
      })();
    });
    const { way, report } = await runRestore(site.restoreRequest(target), recordRestore(filling));
    await freeing;
    assert.equal(way, 'replication', report.join('\n'));
    assert.deepEqual(await readContent(target), await readContent(source));
  });

  test('with no memory left, while keys are written one by one: they are sent again until all are there', async () => {
    await using source = await startRedis(COMPARABLE);
    await fillEveryType(source);
    await using target = await startTarget();
    await using site = await makeRestoreSite(source);
    let freeing: Promise<unknown> | undefined;
    const recorder = recordRestore({
      async mark({ step }) {
        if (step === 'write-keys') {
          await target.command('CONFIG', 'SET', 'maxmemory', '1');
          freeing = eventually('a refused key', async () =>
            /^errorstat_OOM:/m.test(String(await target.command('INFO', 'errorstats'))),
          ).then(() => target.command('CONFIG', 'SET', 'maxmemory', '0'));
        }
      },
    });
    const { way } = await runRestore(site.restoreRequest(target, { filter: {} }), recorder);
    await freeing;
    assert.equal(way, 'keys');
    await target.command('DEL', 'old', 'more');
    const { functions: _, ...expected } = await readContent(source);
    assert.deepEqual(await readContent(target), { ...expected, functions: [] });
  });
});
