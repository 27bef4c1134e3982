import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BACKUP_FACTS, shardFacts } from '../../test/harness/attempts.ts';
import { rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { type RedisContent, readContent } from '../../test/harness/redis-content.ts';
import { type RedisServer, startRedis } from '../../test/harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../../test/harness/restore-data.ts';
import { makeRestoreSite, type RestoreSite, recordRestore } from '../../test/harness/restore-site.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { restoreBackup, settleRestore } from './restore-backup.ts';
import type { RestoreMark, RestoreRequest, SettleRequest, SettleResult } from './restore-types.ts';

const CHILD = fileURLToPath(new URL('../../test/harness/restore-child.ts', import.meta.url));

/** Runs `request` in a process of its own, which is killed when it tells `killAt`; resolves to its last mark. */
async function killWhile(request: RestoreRequest | SettleRequest, killAt: { mark?: string; phase?: string }): Promise<RestoreMark> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ request, holdAt: killAt.mark })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let last: RestoreMark | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { mark?: RestoreMark; phase?: string; ended?: boolean };
    assert.ok(told.ended === undefined, `the restore ended before ${JSON.stringify(killAt)}`);
    last = told.mark ?? last;
    const step = told.mark === undefined ? undefined : `${told.mark.isRollback ? 'roll-back ' : ''}${told.mark.step}`;
    if ((step !== undefined && step === killAt.mark) || (told.phase !== undefined && told.phase === killAt.phase)) {
      child.kill('SIGKILL');
      break;
    }
  }
  await exited;
  assert.ok(last !== undefined, 'it was killed after a mark');
  return last;
}

interface Scene extends AsyncDisposable {
  readonly source: RedisServer;
  readonly target: RedisServer;
  readonly site: RestoreSite;
  readonly before: RedisContent;
  readonly wanted: RedisContent;
  settle(mark: RestoreMark): Promise<SettleResult>;
  settleRequest(mark: RestoreMark): SettleRequest;
  /** Nothing of the restore is left but the data. */
  assertAtRest(): Promise<void>;
}

async function prepare(aclUsers?: string[]): Promise<Scene> {
  const source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  const target = await startRedis({ ...COMPARABLE, ...(aclUsers === undefined ? {} : { aclUsers }) });
  await target.command('MSET', 'old', 'data', 'more', 'data');
  await target.command('FUNCTION', 'LOAD', "#!lua name=old\nredis.register_function('old', function() return 1 end)");
  await target.command('CONFIG', 'SET', 'masterauth', 'of the target');
  const site = await makeRestoreSite(source);
  const settleRequest = (mark: RestoreMark): SettleRequest => {
    const { storageUrl, keyring, target: address, endpoint, allowPlainText } = site.restoreRequest(target);
    return { storageUrl, keyring, target: address, endpoint, allowPlainText, mark };
  };
  return {
    source,
    target,
    site,
    before: await readContent(target),
    wanted: await readContent(source),
    settleRequest,
    async settle(mark) {
      const recorder = recordRestore();
      const result = await settleRestore(settleRequest(mark), recorder);
      assert.equal(recorder.marks.at(-1)?.step, 'settled');
      return result;
    },
    async assertAtRest() {
      assert.match(String(await target.command('INFO', 'replication')), /^role:master\r$/m);
      assert.deepEqual(await target.command('CONFIG', 'GET', 'masterauth'), ['masterauth', 'of the target']);
      assert.equal(await target.command('SET', 'written', 'afterwards'), 'OK');
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([source.stop(), target.stop(), site[Symbol.asyncDispose]()]);
    },
  };
}

describe('a process killed in a restore leaves what can be settled:', () => {
  for (const [killAt, outcomes] of [
    [{ mark: 'save-target' }, ['unchanged']],
    [{ phase: 'saving-target' }, ['unchanged']],
    [{ mark: 'set-credentials' }, ['unchanged']],
    [{ mark: 'replicate' }, ['unchanged']],
    [{ phase: 'promoting' }, ['restored']],
    [{ mark: 'promote' }, ['restored']],
  ] as const) {
    test(`killed at ${Object.entries(killAt).flat().join(' ')}`, async () => {
      await using scene = await prepare();
      const mark = await killWhile(scene.site.restoreRequest(scene.target), killAt);
      const { outcome } = await scene.settle(mark);
      assert.ok(
        outcomes.some((expected) => expected === outcome),
        outcome,
      );
      assert.deepEqual(await readContent(scene.target), outcome === 'restored' ? scene.wanted : scene.before);
      await scene.assertAtRest();
    });
  }

  test('killed in mid-transfer, over and over', async () => {
    await using scene = await prepare();
    await scene.source.command('DEBUG', 'POPULATE', '200', 'big', '100000');
    await using site = await makeRestoreSite(scene.source);
    const wanted = await readContent(scene.source);
    let expected = scene.before;
    for (let round = 0; round < 3; round++) {
      const { safety: _, ...request } = site.restoreRequest(scene.target);
      const mark = await killWhile(request, { phase: 'sending' });
      const { outcome } = await scene.settle(mark);
      assert.ok(outcome === 'unchanged' || outcome === 'restored', outcome);
      expected = outcome === 'restored' ? wanted : expected;
      assert.deepEqual(await readContent(scene.target), expected);
    }
    await scene.assertAtRest();
  });

  test('killed while it wrote key by key, it goes back to the safety backup', async () => {
    await using scene = await prepare();
    for (const killAt of [{ mark: 'write-keys' }, { phase: 'writing-keys' }]) {
      const request = scene.site.restoreRequest(scene.target, {
        endpoint: { listen: '127.0.0.1' },
        ttl: { kind: 'shift', byMs: 1000 },
        safety: {
          ref: { backupId: scene.site.restoreRequest(scene.target).safety?.ref.backupId ?? '', attempt: killAt.mark === undefined ? 2 : 1 },
          facts: scene.site.request(scene.target).facts,
          memoryCheck: 'warn',
        },
      });
      const mark = await killWhile(request, killAt);
      const result = await scene.settle(mark);
      assert.equal(result.outcome, 'rolled-back', result.report.join('\n'));
      assert.deepEqual(await readContent(scene.target), scene.before);
    }
    await scene.assertAtRest();
  });

  test('killed while it wrote key by key without a safety backup, it says that nothing is certain', async () => {
    await using scene = await prepare();
    const { safety: _, ...request } = scene.site.restoreRequest(scene.target, { ttl: { kind: 'drop' } });
    const result = await scene.settle(await killWhile(request, { phase: 'writing-keys' }));
    assert.equal(result.outcome, 'unsettled');
    assert.match(result.report.join('\n'), /not certain: restore it, or another backup/);
    await scene.assertAtRest();
  });

  test('where the safety backup is damaged by then, it says so once and for all', async () => {
    await using scene = await prepare();
    const mark = await killWhile(scene.site.restoreRequest(scene.target, { ttl: { kind: 'drop' } }), { phase: 'writing-keys' });
    const { backupId, attempt } = mark.safety ?? {};
    await rm(join(scene.site.directory, 'backups', String(backupId), String(attempt), 'data-00000-00000'));
    const away = `${scene.site.directory}-away`;
    await rename(scene.site.directory, away);
    // A repository that is gone as a whole may be back for the next try.
    await assert.rejects(settleRestore(scene.settleRequest(mark), recordRestore()), { code: 'repository-missing' });
    await rename(away, scene.site.directory);
    const recorder = recordRestore();
    const result = await settleRestore(scene.settleRequest(mark), recorder);
    assert.equal(result.outcome, 'unsettled');
    assert.match(result.report.join('\n'), /^going back to the safety backup failed: \S+data-00000-00000/);
    assert.match(result.report.join('\n'), /not certain: restore it, or another backup/);
    assert.deepEqual([recorder.marks.at(-1)?.step, recorder.marks.at(-1)?.safety], ['settled', mark.safety]);
    assert.match(recorder.marks.at(-1)?.safetyDamage ?? '', /data-00000-00000/);
    await scene.assertAtRest();
  });

  test('killed while it merged, it says that a part was written', async () => {
    await using scene = await prepare();
    const request = scene.site.restoreRequest(scene.target, { filter: {} });
    const result = await scene.settle(await killWhile(request, { phase: 'writing-keys' }));
    assert.equal(result.outcome, 'unsettled');
    assert.match(result.report.join('\n'), /a part of the keys was written/);
    assert.equal(await scene.target.command('GET', 'old'), 'data');
  });

  test('killed again while it went back, it does not go back twice', async () => {
    for (const [killAt, outcome] of [
      [{ mark: 'roll-back replicate' }, 'unsettled'],
      [{ mark: 'roll-back promote' }, 'rolled-back'],
    ] as const) {
      await using scene = await prepare();
      const first = await killWhile(scene.site.restoreRequest(scene.target, { ttl: { kind: 'drop' } }), { phase: 'writing-keys' });
      const second = await killWhile(scene.settleRequest(first), killAt);
      assert.equal(second.isRollback, true);
      const result = await scene.settle(second);
      assert.equal(result.outcome, outcome, result.report.join('\n'));
      if (outcome === 'rolled-back') {
        assert.deepEqual(await readContent(scene.target), scene.before);
      } else {
        assert.match(result.report.join('\n'), /safety backup 3e4127f8/);
      }
      await scene.assertAtRest();
    }
  });
});

describe('a restore that fails settles itself:', () => {
  test('where its mark cannot be made durable, the step is not taken', async () => {
    for (const step of ['set-credentials', 'replicate', 'promote']) {
      await using scene = await prepare();
      const restoring = restoreBackup(
        scene.site.restoreRequest(scene.target),
        recordRestore({
          async mark(mark) {
            if (mark.step === step) {
              throw new DomainError('catalog-down', 'the catalog is down');
            }
          },
        }),
      );
      await assert.rejects(restoring, (error) => isDomainError(error, 'catalog-down') && /the target holds/.test(error.hint ?? ''));
      assert.deepEqual(await readContent(scene.target), step === 'promote' ? scene.wanted : scene.before);
      await scene.assertAtRest();
    }
  });

  test('aborted, it leaves the target a master with its own settings, and the rest to whoever settles', async () => {
    await using scene = await prepare();
    const controller = new AbortController();
    const recorder = recordRestore({
      signal: controller.signal,
      async mark({ step }) {
        if (step === 'replicate') {
          controller.abort(new DomainError('aborted', 'the service stops', { retryable: true }));
        }
      },
    });
    await assert.rejects(restoreBackup(scene.site.restoreRequest(scene.target), recorder), (error) => isDomainError(error, 'aborted'));
    const last = recorder.marks.at(-1);
    assert.equal(last?.step, 'replicate');
    await scene.assertAtRest();
    assert.equal((await scene.settle(last as RestoreMark)).outcome, 'unchanged');
    await scene.target.command('DEL', 'written');
    assert.deepEqual(await readContent(scene.target), scene.before);
  });

  test('where the target loads something else than was counted, it goes back to the safety backup', async () => {
    await using scene = await prepare();
    const ref = { backupId: '4e4127f8-affe-11e8-941e-4846fb00c75d', attempt: 1 };
    const rdb = rdbFile('REDIS0010', rdbKey(0, 'key', rdbString('value')));
    const writer = await scene.site.repository.startAttempt(ref, 1);
    await writer.appendFrame(0, rdb, true);
    // The facts say three keys.
    await writer.finish({ facts: BACKUP_FACTS, endedAt: 0, report: [], shards: [shardFacts(rdb)] });
    const recorder = recordRestore();
    await assert.rejects(restoreBackup(scene.site.restoreRequest(scene.target, { backup: ref }), recorder), (error) => {
      assert.ok(isDomainError(error, 'restored-data-differs'), String(error));
      assert.match(error.message, /loaded db0: 1 keys, 0 with expiry, the backup holds db0: 3 keys, 1 with expiry/);
      assert.match(error.hint ?? '', /the target holds what it held before the restore/);
      return true;
    });
    assert.deepEqual(
      recorder.marks.map(({ step, isRollback }) => [step, isRollback]),
      [
        ['save-target', false],
        ['set-credentials', false],
        ['replicate', false],
        ['replicate', false],
        ['set-credentials', true],
        ['replicate', true],
        ['promote', true],
        ['settled', false],
      ],
    );
    assert.deepEqual(await readContent(scene.target), scene.before);
    await scene.assertAtRest();
  });

  test('a target that started anew in between goes back to the safety backup', async () => {
    await using scene = await prepare();
    const mark = await killWhile(scene.site.restoreRequest(scene.target), { mark: 'replicate' });
    const result = await scene.settle({ ...mark, runId: 'another run' });
    assert.equal(result.outcome, 'rolled-back');
    assert.deepEqual(await readContent(scene.target), scene.before);
  });

  test('a target that started anew before it was told to follow us keeps what it has got since', async () => {
    await using scene = await prepare();
    const mark = await killWhile(scene.site.restoreRequest(scene.target), { mark: 'set-credentials' });
    await scene.target.command('CLIENT', 'UNPAUSE');
    await scene.target.command('SET', 'since', 'then');
    assert.equal((await scene.settle({ ...mark, runId: 'another run' })).outcome, 'unchanged');
    assert.equal(await scene.target.command('GET', 'since'), 'then');
    await scene.assertAtRest();
  });

  test('a target that evicts, and is over its limit by then, gets back what it held all the same', async () => {
    await using scene = await prepare();
    const mark = await killWhile(scene.site.restoreRequest(scene.target, { ttl: { kind: 'drop' } }), { phase: 'writing-keys' });
    // None of its own keys can be evicted.
    await scene.target.command('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru', 'maxmemory', '1mb');
    const result = await scene.settle(mark);
    assert.equal(result.outcome, 'rolled-back', result.report.join('\n'));
    await scene.target.command('CONFIG', 'SET', 'maxmemory', '0');
    assert.deepEqual(await readContent(scene.target), scene.before);
    await scene.assertAtRest();
  });

  test('a target that was told to follow somebody else is left following', async () => {
    await using scene = await prepare();
    const mark = await killWhile(scene.site.restoreRequest(scene.target), { mark: 'replicate' });
    await scene.target.command('REPLICAOF', '127.0.0.1', '1');
    assert.equal((await scene.settle(mark)).outcome, 'unchanged');
    assert.match(String(await scene.target.command('INFO', 'replication')), /^role:slave\r$/m);
  });
});
