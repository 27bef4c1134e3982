import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { BACKUP_STATES } from '../../src/catalog/backup-state.ts';
import type { Backup, Catalog } from '../../src/catalog/catalog.ts';
import { ensureProofTask } from '../../src/catalog/proof-task.ts';
import { backupRow, instanceRow } from '../harness/catalog-rows.ts';

const PROVEN = { state: 'proven', at: 9_000, serverKind: 'redis', serverVersion: '7.0.15', message: '5 keys' } as const;
const FAILED = { ...PROVEN, state: 'failed' } as const;
const USABLE = ['available', 'converting', 'converted'];
/** Beyond what other suites insert, so that what is asked for is this suite's. */
const LATE = 9_000_000_000_000_000;

/** What every catalog knows of the bytes of backups. */
export function proofsSuite(open: () => Catalog): void {
  describe('proofs and scrubs', () => {
    let catalog: Catalog;
    let count = 0;
    before(() => {
      catalog = open();
    });

    async function insertInstance(): Promise<string> {
      const instanceId = `crs-prov${String(++count).padStart(4, '0')}`;
      await catalog.instances.insert(instanceRow({ instanceId }));
      return instanceId;
    }

    async function insert(instanceId: string, changes: Partial<Backup> = {}): Promise<string> {
      const backupId = `proof-${String(++count).padStart(4, '0')}`;
      await catalog.backups.insert(backupRow({ backupId, instanceId, state: 'available', attempt: 1, ...changes }));
      return backupId;
    }

    const get = async (backupId: string) => {
      const backup = await catalog.backups.get(backupId);
      assert.ok(backup !== undefined);
      return backup;
    };

    test('damage is taken back where no server had a part in it, of a usable backup', async () => {
      const instance = await insertInstance();
      const damage = { ...FAILED, serverKind: '', serverVersion: '', message: 'damaged' } as const;
      for (const state of BACKUP_STATES) {
        const backupId = await insert(instance, { state, proof: damage });
        const isUsable = USABLE.includes(state);
        assert.equal(await catalog.lifecycle.retractDamage(backupId), isUsable, state);
        assert.equal((await get(backupId)).proof.state, isUsable ? 'unproven' : 'failed', state);
        assert.equal(await catalog.lifecycle.retractDamage(backupId), false);
      }
      for (const proof of [FAILED, PROVEN]) {
        const backupId = await insert(instance, { proof });
        assert.equal(await catalog.lifecycle.retractDamage(backupId), false);
        assert.deepEqual((await get(backupId)).proof, proof);
      }
    });

    test('all holds that last are told, with their backups', async () => {
      const backupId = await insert(await insertInstance());
      const span = { at: LATE, until: LATE + 10 };
      await catalog.lifecycle.hold(backupId, { kind: 'restore', id: '7' }, span);
      await catalog.lifecycle.hold(backupId, { kind: 'download', id: 'x' }, { ...span, until: LATE + 5 });
      const all = async (at: number) => (await catalog.lifecycle.allHolds(at)).filter((hold) => hold.backupId === backupId);
      assert.deepEqual(await all(LATE), [
        { backupId, holder: { kind: 'download', id: 'x' }, until: LATE + 5 },
        { backupId, holder: { kind: 'restore', id: '7' }, until: LATE + 10 },
      ]);
      assert.equal((await all(LATE + 5)).length, 1);
      assert.deepEqual(await all(LATE + 10), []);
    });

    test('unproven are the usable backups that nobody has tried, the newest first, or only the newest of each instance', async () => {
      const one = await insertInstance();
      const other = await insertInstance();
      const ids = async (newestOnly: boolean, at = LATE + 10) =>
        (await catalog.lifecycle.unproven({ newestOnly, limit: 1_000, at }))
          .filter(({ instanceId }) => instanceId === one || instanceId === other)
          .map(({ backupId }) => backupId);
      const old = await insert(one, { startedAt: LATE });
      const newer = await insert(one, { startedAt: LATE + 1, state: 'converted' });
      for (const state of BACKUP_STATES.filter((each) => !USABLE.includes(each))) {
        await insert(one, { startedAt: LATE + 2, state });
      }
      const tried = await insert(other, { startedAt: LATE + 3, proof: FAILED });
      const before = await insert(other, { startedAt: LATE - 1 });
      assert.deepEqual(await ids(false), [newer, old, before]);
      assert.deepEqual(await ids(true), [newer]);
      assert.deepEqual(await ids(true, LATE), [newer, old, before], 'what is dated later outdates nothing yet');
      assert.equal((await catalog.lifecycle.unproven({ newestOnly: false, limit: 1, at: LATE })).length, 1);
      assert.equal(await catalog.lifecycle.isOutdated(await get(old), LATE + 10), true);
      assert.equal(await catalog.lifecycle.isOutdated(await get(old), LATE), false);
      assert.equal(await catalog.lifecycle.isOutdated(await get(newer), LATE + 10), false);
      assert.equal(await catalog.lifecycle.isOutdated(await get(before), LATE + 10), true);
      assert.equal(await catalog.lifecycle.isOutdated(await get(tried), LATE + 10), false);
    });

    test('bad are the usable backups whose proof failed', async () => {
      const before = await catalog.lifecycle.countBad();
      const instanceId = await insertInstance();
      for (const state of BACKUP_STATES) {
        await insert(instanceId, { state, proof: FAILED });
      }
      await insert(instanceId, { proof: PROVEN });
      assert.equal(await catalog.lifecycle.countBad(), before + USABLE.length);
    });

    test('the next scrub is of the usable backup whose bytes were read longest ago, by its taking or a scrub', async () => {
      const instanceId = await insertInstance();
      const next = async (until: number) => (await catalog.lifecycle.nextScrub(until))?.backupId;
      const second = await insert(instanceId, { endedAt: -3_000, state: 'converted' });
      const first = await insert(instanceId, { endedAt: -4_000 });
      await insert(instanceId, { endedAt: -5_000, state: 'expired' });
      await insert(instanceId, { endedAt: null, state: 'running' });
      assert.equal(await next(-4_001), undefined);
      assert.equal(await next(-4_000), first);
      await catalog.lifecycle.recordScrub(first, { state: 'intact', at: -2_000, message: '' }, -2_000);
      assert.deepEqual((await get(first)).scrub, { state: 'intact', at: -2_000, message: '' });
      assert.equal(await next(-2_000), second);
      await catalog.lifecycle.recordScrub(second, { state: 'unreadable', at: -1_000, message: 'EIO' }, -2_500);
      assert.equal(await next(-2_000), second);
      await catalog.lifecycle.recordScrub(second, { state: 'damaged', at: -1_000, message: 'one frame' }, -1_000);
      assert.equal(await next(-2_000), first);
      for (const backupId of [first, second]) {
        await catalog.lifecycle.recordScrub(backupId, { state: 'intact', at: 1, message: '' }, LATE);
      }
    });

    test('a backup that completes was read then; only usable ones can be scrubbed', async () => {
      const instanceId = await insertInstance();
      const backupId = await insert(instanceId, { state: 'running', attempt: null });
      const scrub = { state: 'intact', at: 1, message: '' } as const;
      for (const state of BACKUP_STATES.filter((each) => !USABLE.includes(each))) {
        await assert.rejects(catalog.lifecycle.recordScrub(await insert(instanceId, { state }), scrub, LATE), { code: 'catalog-conflict' });
      }
      await catalog.backups.complete(backupId, { attempt: 1, endedAt: -9_000, sizeBytes: 1, serverKind: 'redis', serverVersion: '7.0.15' });
      assert.deepEqual((await get(backupId)).scrub, { state: 'unchecked', at: null, message: '' });
      assert.equal((await catalog.lifecycle.nextScrub(-9_000))?.backupId, backupId);
      await catalog.lifecycle.recordScrub(backupId, scrub, LATE);
    });

    test('of one backup there is one unfinished proof by policy, and one by hand', async () => {
      const backup = await get(await insert(await insertInstance()));
      const ensure = (byHand: boolean) => catalog.transaction((tables) => ensureProofTask(tables, backup, { byHand, at: 1 }));
      const byPolicy = await ensure(false);
      const byHand = await ensure(true);
      assert.notEqual(byPolicy, byHand);
      assert.deepEqual([await ensure(false), await ensure(true)], [byPolicy, byHand]);
      const task = await catalog.tasks.get(byPolicy);
      assert.deepEqual([task?.kind, task?.subject, task?.instanceId], ['prove-backup', '', backup.instanceId]);
    });
  });
}
