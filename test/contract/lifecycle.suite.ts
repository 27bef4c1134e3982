import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { BACKUP_STATES, canFollow } from '../../src/catalog/backup-state.ts';
import type { Backup, BackupState, Catalog } from '../../src/catalog/catalog.ts';
import { type Holder, LONGEST_HOLD_MS, type Proof } from '../../src/catalog/lifecycle.ts';
import { backupRow, instanceRow } from '../harness/catalog-rows.ts';

const HOUR_MS = 3_600_000;
const DOWNLOAD: Holder = { kind: 'download', id: 'one' };
const RESTORE: Holder = { kind: 'restore', id: '7' };
const PROVEN = { state: 'proven', at: 9_000, serverKind: 'redis', serverVersion: '7.0.15', message: '5 keys' } as const;
const FAILED = { state: 'failed', at: 9_100, serverKind: 'redis', serverVersion: '7.0.15', message: 'one key is lacking' } as const;
const NOT_PROVABLE = { state: 'not_provable', at: 9_200, serverKind: '', serverVersion: '', message: 'no server of version 9' } as const;

/** What every catalog does with backups after they were taken. */
export function lifecycleSuite(open: () => Catalog): void {
  describe('life of a backup', () => {
    let catalog: Catalog;
    let count = 0;
    before(() => {
      catalog = open();
    });

    /** A fresh instance, so that its floor is its own. */
    async function insertInstance(): Promise<string> {
      const instanceId = `crs-life${String(++count).padStart(4, '0')}`;
      await catalog.instances.insert(instanceRow({ instanceId }));
      return instanceId;
    }

    async function insert(instanceId: string, changes: Partial<Backup> = {}): Promise<string> {
      const backupId = `life-${++count}`;
      await catalog.backups.insert(backupRow({ backupId, instanceId, state: 'available', attempt: 1, ...changes }));
      return backupId;
    }

    const get = async (backupId: string) => {
      const backup = await catalog.backups.get(backupId);
      assert.ok(backup !== undefined);
      return backup;
    };
    const expire = (backupId: string, more: object = {}) =>
      catalog.lifecycle.expire(backupId, { at: 10_000, removableAt: 20_000, keepMin: 1, ...more });

    const moves: Array<{ name: string; to: BackupState; run: (backupId: string) => Promise<unknown> }> = [
      { name: 'beginConversion', to: 'converting', run: (id) => catalog.lifecycle.beginConversion(id) },
      { name: 'finishConversion', to: 'converted', run: (id) => catalog.lifecycle.finishConversion(id) },
      { name: 'abandonConversion', to: 'available', run: (id) => catalog.lifecycle.abandonConversion(id) },
      { name: 'markDeleted', to: 'deleted', run: (id) => catalog.lifecycle.markDeleted(id, 30_000) },
      {
        name: 'complete',
        to: 'available',
        run: (id) => catalog.backups.complete(id, { attempt: 1, endedAt: 1, sizeBytes: 1, serverKind: '', serverVersion: '' }),
      },
      { name: 'fail', to: 'failed', run: (id) => catalog.backups.fail(id, 1) },
    ];
    const sources: Record<string, BackupState> = {
      beginConversion: 'available',
      finishConversion: 'converting',
      abandonConversion: 'converting',
      markDeleted: 'expired',
      complete: 'running',
      fail: 'running',
    };

    for (const { name, to, run } of moves) {
      test(`${name} takes a backup from ${sources[name]} to ${to}, and from nowhere else`, async () => {
        const instanceId = await insertInstance();
        for (const state of BACKUP_STATES) {
          const backupId = await insert(instanceId, { state });
          if (state === sources[name]) {
            assert.ok(canFollow(state, to));
            await run(backupId);
            assert.equal((await get(backupId)).state, to);
          } else {
            await assert.rejects(run(backupId), { code: 'catalog-conflict' });
            assert.equal((await get(backupId)).state, state);
          }
        }
      });
    }

    test('only available and converted backups expire, with the end of their grace', async () => {
      const instanceId = await insertInstance();
      for (const state of BACKUP_STATES) {
        const backupId = await insert(instanceId, { state });
        const expires = state === 'available' || state === 'converted';
        assert.equal(await expire(backupId, { force: true }), expires ? undefined : 'state');
        const after = await get(backupId);
        assert.deepEqual([after.state, after.removableAt], expires ? ['expired', 20_000] : [state, null]);
      }
      assert.equal(await expire('none'), 'state');
    });

    test('of two who expire one backup, one does', async () => {
      const backupId = await insert(await insertInstance());
      const ends = await Promise.all([1, 2, 3].map(() => expire(backupId, { force: true })));
      assert.deepEqual(ends.toSorted(), ['state', 'state', undefined]);
    });

    test('a lock keeps a backup until it is taken off, in every state that has or will have bytes', async () => {
      const instanceId = await insertInstance();
      for (const state of BACKUP_STATES) {
        const backupId = await insert(instanceId, { state });
        if (['running', 'available', 'converting', 'converted'].includes(state)) {
          await catalog.lifecycle.lock(backupId);
          await catalog.lifecycle.lock(backupId);
          assert.equal((await get(backupId)).locked, true);
          assert.notEqual(await expire(backupId, { force: true }), undefined);
          await catalog.lifecycle.unlock(backupId);
          await catalog.lifecycle.unlock(backupId);
          assert.equal((await get(backupId)).locked, false);
        } else {
          await assert.rejects(catalog.lifecycle.lock(backupId), { code: 'catalog-conflict' });
          await assert.rejects(catalog.lifecycle.unlock(backupId), { code: 'catalog-conflict' });
        }
      }
      await assert.rejects(catalog.lifecycle.lock('none'), { code: 'catalog-conflict' });
    });

    test('says what keeps a backup', async () => {
      const instanceId = await insertInstance();
      const backupId = await insert(instanceId);
      assert.equal(await expire(backupId), 'floor');
      await insert(instanceId, { startedAt: 5_000 });
      await catalog.lifecycle.hold(backupId, DOWNLOAD, { at: 9_000, until: 10_001 });
      assert.equal(await expire(backupId), 'held');
      await catalog.lifecycle.lock(backupId);
      assert.equal(await expire(backupId), 'locked');
      await catalog.lifecycle.unlock(backupId);
      assert.equal(await expire(backupId, { at: 10_001 }), undefined);
    });

    test('holds last until their end or release, the longest counts, and none is shortened', async () => {
      const instanceId = await insertInstance();
      const backupId = await insert(instanceId);
      const until = async () => (await get(backupId)).heldUntil;
      await catalog.lifecycle.hold(backupId, DOWNLOAD, { at: 1_000, until: 5_000 });
      await catalog.lifecycle.hold(backupId, RESTORE, { at: 1_000, until: 7_000 });
      await catalog.lifecycle.hold(backupId, RESTORE, { at: 1_000, until: 6_000 });
      assert.equal(await until(), 7_000);
      assert.deepEqual(await catalog.lifecycle.holds(backupId, 1_000), [
        { holder: RESTORE, until: 7_000 },
        { holder: DOWNLOAD, until: 5_000 },
      ]);
      assert.deepEqual(await catalog.lifecycle.holds(backupId, 5_000), [{ holder: RESTORE, until: 7_000 }]);
      await catalog.lifecycle.release(backupId, RESTORE);
      await catalog.lifecycle.release(backupId, RESTORE);
      assert.equal(await until(), 5_000);
      await catalog.lifecycle.hold(backupId, DOWNLOAD, { at: 4_000, until: 8_000 });
      assert.equal(await until(), 8_000);
      await catalog.lifecycle.release(backupId, DOWNLOAD);
      assert.equal(await until(), 0);
      await catalog.lifecycle.release('none', DOWNLOAD);
    });

    test('refuses a hold of more than a day, and of a backup that has no bytes to keep', async () => {
      const instanceId = await insertInstance();
      const span = { at: 1_000, until: 1_000 + LONGEST_HOLD_MS };
      for (const state of BACKUP_STATES) {
        const backupId = await insert(instanceId, { state });
        await assert.rejects(catalog.lifecycle.hold(backupId, DOWNLOAD, { ...span, until: span.until + 1 }), RangeError);
        if (['available', 'converting', 'converted'].includes(state)) {
          await catalog.lifecycle.hold(backupId, DOWNLOAD, span);
        } else {
          await assert.rejects(catalog.lifecycle.hold(backupId, DOWNLOAD, span), { code: 'catalog-conflict' });
          assert.deepEqual(await catalog.lifecycle.holds(backupId, 1_000), []);
        }
      }
    });

    test('a hold and its release can be part of a transaction, and go with it', async () => {
      const backupId = await insert(await insertInstance());
      await assert.rejects(
        catalog.transaction(async (tables) => {
          await tables.lifecycle.hold(backupId, DOWNLOAD, { at: 1_000, until: 2_000 });
          assert.equal((await tables.backups.get(backupId))?.heldUntil, 2_000);
          throw new Error('rolled back');
        }),
        /rolled back/,
      );
      assert.equal((await get(backupId)).heldUntil, 0);
      await catalog.lifecycle.hold(backupId, DOWNLOAD, { at: 1_000, until: 2_000 });
      await catalog.transaction((tables) => tables.lifecycle.release(backupId, DOWNLOAD));
      assert.equal((await get(backupId)).heldUntil, 0);
    });

    test('keeps the last proof, and takes none away because a server is missing', async () => {
      const instanceId = await insertInstance();
      const backupId = await insert(instanceId);
      const proofOf = async (): Promise<Proof> => (await get(backupId)).proof;
      assert.deepEqual(await proofOf(), { state: 'unproven', at: null, serverKind: '', serverVersion: '', message: '' });
      const expected: Array<[Proof & { at: number }, Proof]> = [
        [NOT_PROVABLE, NOT_PROVABLE],
        [FAILED, FAILED],
        [NOT_PROVABLE, FAILED],
        [PROVEN, PROVEN],
        [NOT_PROVABLE, PROVEN],
        [FAILED, FAILED],
      ];
      for (const [recorded, kept] of expected) {
        await catalog.lifecycle.recordProof(backupId, recorded);
        assert.deepEqual(await proofOf(), kept);
      }
      for (const state of BACKUP_STATES.filter((each) => !['available', 'converting', 'converted'].includes(each))) {
        await assert.rejects(catalog.lifecycle.recordProof(await insert(instanceId, { state }), PROVEN), { code: 'catalog-conflict' });
      }
    });

    test('the floor has the newest proven backup and the newest whose proof did not fail', async () => {
      const instanceId = await insertInstance();
      const floor = (keepMin = 1) => catalog.lifecycle.floor(instanceId, keepMin, 10_000);
      assert.deepEqual(await floor(), []);
      const proven = await insert(instanceId, { startedAt: 1_000, proof: PROVEN });
      assert.deepEqual(await floor(), [proven]);
      const unproven = await insert(instanceId, { startedAt: 2_000, state: 'converting' });
      const notProvable = await insert(instanceId, { startedAt: 3_000, proof: NOT_PROVABLE, state: 'converted' });
      await insert(instanceId, { startedAt: 4_000, proof: FAILED });
      await insert(instanceId, { startedAt: 5_000, state: 'failed' });
      await insert(instanceId, { startedAt: 6_000, state: 'running' });
      await insert(instanceId, { startedAt: 7_000, state: 'expired', proof: PROVEN });
      await insert(instanceId, { startedAt: 8_000, state: 'deleted', proof: PROVEN });
      await insert(await insertInstance(), { startedAt: 9_000, proof: PROVEN });
      assert.deepEqual(await floor(), [proven, notProvable]);
      assert.deepEqual((await floor(2)).toSorted(), [proven, unproven, notProvable].toSorted());
      assert.deepEqual((await floor(99)).toSorted(), [proven, unproven, notProvable].toSorted());
      assert.equal(await expire(proven), 'floor');
      assert.equal(await expire(notProvable), 'floor');
      assert.equal(await expire(notProvable, { force: true }), undefined);
      assert.deepEqual(await floor(), [proven, unproven]);
    });

    test('the floor has those of the present too, where a clock that was ahead has dated newer ones', async () => {
      const instanceId = await insertInstance();
      const floor = async (keepMin: number, at: number) => (await catalog.lifecycle.floor(instanceId, keepMin, at)).toSorted();
      const proven = await insert(instanceId, { startedAt: 1_000, proof: PROVEN });
      const old = await insert(instanceId, { startedAt: 1_500 });
      const present = await insert(instanceId, { startedAt: 2_000 });
      const ahead = await insert(instanceId, { startedAt: 70_000, proof: PROVEN });
      const farAhead = await insert(instanceId, { startedAt: 90_000 });
      assert.deepEqual(await floor(1, 2_000), [proven, present, ahead, farAhead].toSorted());
      assert.deepEqual(await floor(2, 2_000), [proven, old, present, ahead, farAhead].toSorted());
      assert.deepEqual(await floor(1, 1_999), [proven, old, ahead, farAhead].toSorted());
      assert.deepEqual(await floor(1, 90_000), [ahead, farAhead].toSorted());
      assert.equal(await expire(present, { at: 10_000 }), 'floor');
      assert.equal(await expire(proven, { at: 10_000 }), 'floor');
      assert.equal(await expire(present, { at: 90_000 }), undefined, 'its day has come');
    });

    test('lists what is due and what may be removed, in the order of time', async () => {
      const instanceId = await insertInstance();
      const ids = async (list: Promise<Backup[]>) =>
        (await list).filter((each) => each.instanceId === instanceId).map((each) => each.backupId);
      const second = await insert(instanceId, { expiresAt: 200 });
      const first = await insert(instanceId, { expiresAt: 100, state: 'converted' });
      await insert(instanceId, { expiresAt: 100, state: 'converting' });
      const fourth = await insert(instanceId, { expiresAt: 201 });
      assert.deepEqual(await ids(catalog.lifecycle.due(200)), [first, second]);
      await catalog.lifecycle.lock(first);
      await catalog.lifecycle.hold(second, DOWNLOAD, { at: 100, until: 201 });
      assert.deepEqual(await ids(catalog.lifecycle.due(200)), []);
      assert.deepEqual(await ids(catalog.lifecycle.due(201)), [second, fourth]);
      await catalog.lifecycle.unlock(first);
      await catalog.lifecycle.release(second, DOWNLOAD);
      await expire(second, { removableAt: 300, force: true });
      await expire(first, { removableAt: 400, force: true });
      assert.deepEqual(await ids(catalog.lifecycle.due(200)), []);
      assert.deepEqual(await ids(catalog.lifecycle.removable(299)), []);
      assert.deepEqual(await ids(catalog.lifecycle.removable(400)), [second, first]);
      assert.deepEqual(await ids(catalog.lifecycle.due(201)), [fourth]);
      await catalog.instances.detach(instanceId, 1);
      assert.deepEqual(await ids(catalog.lifecycle.due(201)), []);
      assert.deepEqual(await ids(catalog.lifecycle.removable(400)), [second, first]);
    });

    test('a grace can be ended early and never prolonged', async () => {
      const backupId = await insert(await insertInstance());
      await assert.rejects(catalog.lifecycle.endGrace(backupId, 15_000), { code: 'catalog-conflict' });
      await expire(backupId, { force: true });
      await catalog.lifecycle.endGrace(backupId, 25_000);
      assert.equal((await get(backupId)).removableAt, 20_000);
      await catalog.lifecycle.endGrace(backupId, 15_000);
      assert.equal((await get(backupId)).removableAt, 15_000);
      await catalog.lifecycle.markDeleted(backupId, 16_000);
      assert.equal((await get(backupId)).deletedAt, 16_000);
    });

    test('drops rows of deleted and failed backups by their age alone', async () => {
      const instanceId = await insertInstance();
      const kept = [
        await insert(instanceId, { state: 'deleted', deletedAt: 101 }),
        await insert(instanceId, { state: 'failed', endedAt: 201 }),
        await insert(instanceId, { state: 'available', endedAt: 1 }),
        await insert(instanceId, { state: 'expired', endedAt: 1, removableAt: 1 }),
      ];
      const gone = [
        await insert(instanceId, { state: 'deleted', deletedAt: 100 }),
        await insert(instanceId, { state: 'failed', endedAt: 200 }),
      ];
      assert.ok((await catalog.lifecycle.prune({ deletedAt: 100, failedAt: 200 })) >= 2);
      for (const backupId of kept) {
        assert.notEqual(await catalog.backups.get(backupId), undefined);
      }
      for (const backupId of gone) {
        assert.equal(await catalog.backups.get(backupId), undefined);
      }
      assert.deepEqual(await catalog.backups.miscounted(), []);
    });

    test('a row that is dropped takes its holds along', async () => {
      const backupId = await insert(await insertInstance());
      await catalog.lifecycle.hold(backupId, DOWNLOAD, { at: 0, until: HOUR_MS });
      await expire(backupId, { at: HOUR_MS, force: true });
      await catalog.lifecycle.markDeleted(backupId, 50);
      await catalog.lifecycle.prune({ deletedAt: 50, failedAt: 0 });
      assert.deepEqual(await catalog.lifecycle.holds(backupId, 0), []);
      assert.deepEqual(await catalog.findDamage(), []);
    });
  });
}
