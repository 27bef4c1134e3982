import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { BACKUP_ID } from '../../../test/harness/attempts.ts';
import { backupRow } from '../../../test/harness/catalog-rows.ts';
import { createEventLog } from '../../../test/harness/event-log.ts';
import { makeProofSite, type ProofSite, SERVER } from '../../../test/harness/proof-site.ts';
import { type RedisServer, startRedis } from '../../../test/harness/redis-server.ts';
import type { Task } from '../../catalog/catalog.ts';
import { ensureProofTask } from '../../catalog/proof-task.ts';
import { runTask } from '../run-task.ts';
import { planProofs } from './plan-proofs.ts';
import { createProveBackupHandler, type ProveBackupOptions } from './prove-backup.ts';

const NOW = 5_000_000_000_000;
const EARLIER = NOW - 1_000;
const PROVEN = { state: 'proven', at: EARLIER, serverKind: 'redis', serverVersion: '7.0.15', message: '3 keys' } as const;

let source: RedisServer;
before(async () => {
  source = await startRedis();
  await source.command('MSET', 'a', '1', 'b', '2');
  await source.command('SET', 'c', '3', 'EX', '86400');
});
after(() => source.stop());

interface Outcome {
  readonly task: Task;
  readonly events: readonly string[];
  readonly verdicts: readonly string[];
}

function makeHandler(site: ProofSite, verdicts: string[], options: Partial<ProveBackupOptions> = {}) {
  return createProveBackupHandler({
    catalog: site.catalog,
    clock: { now: () => NOW },
    policy: 'all',
    storageUrl: site.storageUrl,
    keyring: () => site.keyring,
    servers: async () => [SERVER],
    workDirectory: site.workDirectory,
    memoryBytes: () => 1024 ** 3,
    concurrency: 1,
    onProof: (state) => void verdicts.push(state),
    onAlarm: () => {},
    ...options,
  });
}

/** Asks for a proof and makes one try at it. */
async function prove(site: ProofSite, options: Partial<ProveBackupOptions> & { byHand?: boolean; at?: number } = {}): Promise<Outcome> {
  const { byHand = false, at = NOW, ...more } = options;
  const { catalog } = site;
  const backup = await site.backup();
  const taskId = await catalog.transaction((tables) => ensureProofTask(tables, backup, { byHand, at }));
  const claim = await catalog.tasks.claim('worker', ['prove-backup'], 60_000);
  assert.equal(claim?.task.taskId, taskId);
  const verdicts: string[] = [];
  const log = createEventLog();
  const signal = new AbortController().signal;
  await runTask({ catalog, handler: makeHandler(site, verdicts, more), ...claim, leaseMs: 60_000, log, signal });
  const task = await catalog.tasks.get(taskId);
  assert.ok(task !== undefined);
  return { task, events: log.names, verdicts };
}

describe('a proof task', () => {
  test('records what has loaded the backup and what it held; the backup is held meanwhile only', async () => {
    await using site = await makeProofSite(source);
    const held: unknown[] = [];
    const { task, verdicts, events } = await prove(site, {
      servers: async () => {
        held.push(...(await site.catalog.lifecycle.holds(BACKUP_ID, NOW)));
        return [SERVER];
      },
    });
    assert.deepEqual([task.state, task.message, verdicts], ['succeed', '', ['proven']]);
    assert.ok(events.includes('proof.proven'));
    assert.deepEqual(held, [{ holder: { kind: 'proof', id: String(task.taskId) }, until: NOW + 3_600_000 }]);
    assert.deepEqual(await site.catalog.lifecycle.holds(BACKUP_ID, NOW), []);
    const { proof, heldUntil } = await site.backup();
    assert.equal(heldUntil, 0);
    const message = '3 keys, 1 with expiry, 0 function libraries loaded and counted equal';
    assert.deepEqual(proof, { state: 'proven', at: NOW, serverKind: SERVER.kind, serverVersion: SERVER.version, message });
  });

  test('finds a damaged backup bad: by policy the task has done its work, by hand it fails and says so', async () => {
    for (const byHand of [false, true]) {
      await using site = await makeProofSite(source);
      await site.damage();
      const alarms: string[] = [];
      const { task, verdicts, events } = await prove(site, { byHand, onAlarm: (kind) => void alarms.push(kind) });
      assert.equal(task.state, byHand ? 'failed' : 'succeed');
      assert.match(task.message, byHand ? /^backup 2e4127f8-\S+ is bad: \S+data-00000-00000/ : /^$/);
      assert.deepEqual(verdicts, ['failed']);
      assert.ok(events.includes('proof.failed'));
      const [event] = await site.catalog.events.newest((await site.backup()).accountId, 10);
      assert.deepEqual(
        [event?.kind, event?.at, event?.instanceId, alarms],
        ['proof-failed', NOW, (await site.backup()).instanceId, ['proof-failed']],
      );
      assert.match(event?.message ?? '', /^backup 2e4127f8-\S+ of crs-5a4py64p \(orders – 订单\) is bad: .*; take another backup now/);
      const { proof, heldUntil, state } = await site.backup();
      assert.deepEqual([state, proof.state, proof.at, heldUntil], ['available', 'failed', NOW, 0]);
      assert.deepEqual(await site.catalog.lifecycle.floor((await site.backup()).instanceId, 1, Date.now()), []);
      assert.equal(await source.command('DBSIZE'), 3);
    }
  });

  test('is no alarm where no server fits or memory does not suffice, and takes no earlier verdict away', async () => {
    for (const [lack, reason] of [
      [{ servers: async () => [] }, /no server is installed here that loads RDB version/],
      [{ memoryBytes: () => 10 * 1024 ** 2 }, /./],
    ] as const) {
      await using site = await makeProofSite(source);
      const byPolicy = await prove(site, lack);
      assert.deepEqual([byPolicy.task.state, byPolicy.verdicts], ['succeed', ['not_provable']]);
      assert.ok(!byPolicy.events.includes('proof.failed') && !byPolicy.events.includes('task.failed'));
      const { proof, accountId } = await site.backup();
      assert.deepEqual([proof.state, proof.at], ['not_provable', NOW]);
      assert.deepEqual(await site.catalog.events.newest(accountId, 10), []);
      assert.match(proof.message, reason);

      await site.catalog.lifecycle.recordProof(BACKUP_ID, PROVEN);
      const byHand = await prove(site, { ...lack, byHand: true });
      assert.equal(byHand.task.state, 'failed');
      assert.match(byHand.task.message, /^backup \S+ cannot be proven here: /);
      assert.deepEqual((await site.backup()).proof, PROVEN);
    }
  });

  test('by policy is left out where it has become needless; by hand, where a proof has ended since', async () => {
    await using site = await makeProofSite(source);
    const backup = await site.backup();
    const outcomes = [await prove(site, { policy: 'none' })];
    await site.catalog.backups.insert(backupRow({ ...backup, backupId: 'newer', startedAt: backup.startedAt + 1 }));
    outcomes.push(await prove(site, { policy: 'newest' }));
    await site.catalog.lifecycle.recordProof(BACKUP_ID, PROVEN);
    outcomes.push(await prove(site), await prove(site, { byHand: true, at: EARLIER }));
    for (const { task, verdicts } of outcomes) {
      assert.deepEqual([task.state, verdicts], ['succeed', []]);
    }
    assert.deepEqual((await prove(site, { byHand: true, policy: 'none' })).verdicts, ['proven']);
  });

  test('of a backup that is gone by then fails by hand and is needless by policy', async () => {
    await using site = await makeProofSite(source);
    const { catalog } = site;
    for (const byHand of [true, false]) {
      const backup = await site.backup();
      await catalog.transaction((tables) => ensureProofTask(tables, backup, { byHand, at: NOW }));
    }
    await catalog.lifecycle.expire(BACKUP_ID, { at: NOW, removableAt: NOW, keepMin: 1, force: true });
    const ends: string[] = [];
    for (let claim = await catalog.tasks.claim('w', ['prove-backup'], 60_000); claim !== undefined; ) {
      const signal = new AbortController().signal;
      await runTask({ catalog, handler: makeHandler(site, []), ...claim, leaseMs: 60_000, log: createEventLog(), signal });
      const task = await catalog.tasks.get(claim.task.taskId);
      ends.push(`${task?.state} ${task?.message}`);
      claim = await catalog.tasks.claim('w', ['prove-backup'], 60_000);
    }
    assert.deepEqual(ends, [`failed backup ${BACKUP_ID} is expired: there is nothing to prove any more`, 'succeed ']);
    assert.equal((await site.backup()).proof.state, 'unproven');
  });

  test('that finds no storage says nothing of the backup, and the next plan asks for it again', async () => {
    await using site = await makeProofSite(source);
    await rename(site.site.directory, `${site.site.directory}-away`);
    const { task, verdicts } = await prove(site);
    await rename(`${site.site.directory}-away`, site.site.directory);
    assert.deepEqual([task.state, verdicts], ['failed', []]);
    assert.match(task.message, /holds no repository/);
    const { proof, heldUntil } = await site.backup();
    assert.deepEqual([proof.state, heldUntil], ['unproven', 0]);
    assert.equal(await planProofs({ catalog: site.catalog, clock: { now: () => NOW }, policy: 'all' }), 1);
  });

  test('whose every try ended with the process gives up, and no plan asks for it again', async () => {
    await using site = await makeProofSite(source);
    const { catalog } = site;
    const backup = await site.backup();
    const taskId = await catalog.transaction((tables) => ensureProofTask(tables, backup, { byHand: false, at: NOW }));
    const handler = makeHandler(site, []);
    for (let died = 0; died < handler.maxTries; died++) {
      await catalog.tasks.claim(`died-${died}`, ['prove-backup'], 0);
    }
    const claim = await catalog.tasks.claim('worker', ['prove-backup'], 60_000);
    assert.ok(claim !== undefined);
    await runTask({ catalog, handler, ...claim, leaseMs: 60_000, log: createEventLog(), signal: new AbortController().signal });
    assert.equal((await catalog.tasks.get(taskId))?.state, 'failed');
    const { proof } = await site.backup();
    assert.equal(proof.state, 'not_provable');
    assert.match(proof.message, /^a proof was begun 10 times and never ended/);
    assert.equal(await planProofs({ catalog, clock: { now: () => NOW }, policy: 'all' }), 0);
  });
});

test('a plan asks once for what the policy wants and nobody has proven', async () => {
  await using site = await makeProofSite(source);
  const { catalog } = site;
  const backup = await site.backup();
  await catalog.backups.insert(backupRow({ ...backup, backupId: 'newer', startedAt: backup.startedAt + 1 }));
  await catalog.backups.insert(backupRow({ ...backup, backupId: 'running', startedAt: backup.startedAt + 2, state: 'running' }));
  const queued = async () => {
    const subjects: string[] = [];
    for (let claim = await catalog.tasks.claim('w', ['prove-backup'], 60_000); claim !== undefined; ) {
      subjects.push(JSON.parse(claim.task.payload).backupId);
      await catalog.tasks.succeed(claim.lease);
      claim = await catalog.tasks.claim('w', ['prove-backup'], 60_000);
    }
    return subjects;
  };
  for (const [policy, expected] of [
    ['none', []],
    ['newest', ['newer']],
    ['all', ['newer', BACKUP_ID]],
  ] as const) {
    for (let again = 0; again < 2; again++) {
      assert.equal(await planProofs({ catalog, clock: { now: () => NOW }, policy }), expected.length);
    }
    assert.deepEqual(await queued(), expected, policy);
  }
});
