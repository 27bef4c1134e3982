import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceRow, newTask } from '../../../test/harness/catalog-rows.ts';
import { startRedis } from '../../../test/harness/redis-server.ts';
import { openTempCatalog } from '../../../test/harness/temp-catalog.ts';
import { eventually } from '../../../test/harness/temp-supervisor.ts';
import { silentLogger } from '../../lib/logger.ts';
import { startWorker } from '../worker.ts';
import { createClearInstanceHandler } from './clear-instance.ts';

const ASKED_AT = 1_000_000;

for (const [what, { wasBegun, waitMs, clears }] of [
  ['clears where it was asked for just now', { wasBegun: false, waitMs: 60_000, clears: true }],
  ['a try whose process ended is not made again: what was written since stays', { wasBegun: true, waitMs: 1_000, clears: false }],
  ['nor is one begun that was asked for long ago', { wasBegun: false, waitMs: 3_600_000, clears: false }],
] as const) {
  test(what, async () => {
    await using server = await startRedis();
    await using temp = await openTempCatalog();
    const { catalog } = temp;
    const instance = instanceRow({ host: server.host, port: server.port });
    await catalog.instances.insert(instance);
    const { instanceId } = instance;
    const taskId = await catalog.tasks.enqueue(newTask({ instanceId, kind: 'clear-instance', subject: '', createdAt: ASKED_AT }));
    if (wasBegun) {
      await catalog.tasks.claim('before', ['clear-instance'], 60_000);
    }
    await server.command('SET', 'written since', 'x');

    await catalog.tasks.takeOver('now');
    const clock = { now: () => ASKED_AT + waitMs };
    const handlers = { 'clear-instance': createClearInstanceHandler({ catalog, clock, openSecrets: () => ({}) }) };
    const worker = startWorker({ catalog, handlers, log: silentLogger, owner: 'now' });
    try {
      await eventually('the end of the task', async () => /succeed|failed/.test((await catalog.tasks.get(taskId))?.state ?? ''));
    } finally {
      await worker.stop();
    }
    assert.equal((await catalog.tasks.get(taskId))?.state, clears ? 'succeed' : 'failed');
    assert.equal(await server.command('GET', 'written since'), clears ? null : 'x');
  });
}
