import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { newTask } from '../harness/catalog-rows.ts';

/** Marks and outcomes of restores on whatever database. */
export function restoresSuite(catalogOf: () => Catalog): void {
  test('keeps one mark of an instance, the last, until it is settled', async () => {
    const { restores } = catalogOf();
    const mark = { instanceId: 'crs-marked', taskId: 7, sealedMark: new Uint8Array([1, 2]) };
    assert.equal(await restores.mark('crs-marked'), undefined);
    await restores.setMark(mark);
    await restores.setMark({ ...mark, sealedMark: new Uint8Array([3]) });
    await restores.setMark({ ...mark, instanceId: 'crs-other' });
    const stored = await restores.mark('crs-marked');
    assert.deepEqual([stored?.taskId, [...(stored?.sealedMark ?? [])]], [7, [3]]);
    assert.deepEqual(
      (await restores.marks()).map(({ instanceId, taskId, sealedMark }) => [instanceId, taskId, ...sealedMark]),
      [
        ['crs-marked', 7, 3],
        ['crs-other', 7, 1, 2],
      ],
    );
    await restores.clearMark('crs-marked');
    await restores.clearMark('crs-marked');
    assert.equal(await restores.mark('crs-marked'), undefined);
    assert.notEqual(await restores.mark('crs-other'), undefined);
    await restores.clearMark('crs-other');
  });

  test('keeps what a restore did', async () => {
    const { restores } = catalogOf();
    const outcome = { way: 'keys', counts: { keys: 1, byDatabase: { 0: 1 }, byType: { set: 1 } }, existing: 0, report: ['odd'] } as const;
    assert.equal(await restores.outcome(41), undefined);
    await restores.setOutcome(41, { ...outcome, existing: 9 });
    await restores.setOutcome(41, outcome);
    assert.deepEqual(await restores.outcome(41), outcome);
  });

  test('a transaction that is fenced by a claim counts only while the claim does', async () => {
    const catalog = catalogOf();
    const { tasks } = catalog;
    await tasks.enqueue(newTask({ kind: 'restore-instance', subject: '' }));
    const claim = await tasks.claim('one', ['restore-instance'], 60_000);
    assert.ok(claim !== undefined);
    const mark = { instanceId: 'crs-fenced', taskId: claim.task.taskId, sealedMark: new Uint8Array([1]) };
    const markNow = () =>
      catalog.transaction(async (tables) => {
        await tables.restores.setMark(mark);
        await tables.tasks.fence(claim.lease);
      });
    await markNow();
    assert.equal((await tasks.get(claim.task.taskId))?.state, 'running');
    await catalog.restores.clearMark('crs-fenced');
    await tasks.takeOver('two');
    await assert.rejects(markNow(), { code: 'lease-lost' });
    assert.equal(await catalog.restores.mark('crs-fenced'), undefined);
    const again = await tasks.claim('two', ['restore-instance'], 60_000);
    assert.ok(again !== undefined);
    await tasks.succeed(again.lease);
  });
}
