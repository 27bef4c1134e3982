import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { attach, backUp, endOfTask } from '../harness/backups.ts';
import { readContent } from '../harness/redis-content.ts';
import { startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, removeDataDir, startService } from '../harness/service.ts';
import { assertConsistent, assertNothingLeft, assertPages, assertUsable, readStatuses, readTraces } from './invariants.ts';
import { type LoadedSite, load } from './mixed-load.ts';
import { longest, randomOf, type Scenario } from './scenario.ts';

const LONGEST_LOAD_MS = 1_500;

/**
 * kill -9 of the service at random moments while clients back up, write, download, delete, lock, prove, schedule and restore. After each
 * start: what was under way comes to its end, `check` finds nothing, no backup is lost, the target of the restores holds what one backup
 * holds, key for key and expiry for expiry, and the sources are as they were.
 */
export const killAtMoments: Scenario = {
  name: 'kill -9 at random moments',
  about: 'kill -9 of the service at random moments while clients back up, write, download, delete, lock, prove, schedule and restore.',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  counts: { short: 4, long: 200 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    const dataDir = await makeDataDir();
    await using busyServer = await startRedis(COMPARABLE);
    await using stillServer = await startRedis(COMPARABLE);
    await using targetServer = await startRedis(COMPARABLE);
    await fillEveryType(stillServer);
    await targetServer.command('MSET', 'old', 'data', 'more', 'data');
    await targetServer.command('EXPIREAT', 'old', '4102444800');
    const contents = { still: await readContent(stillServer), target: await readContent(targetServer) };
    let service = await startService(dataDir, { env: { REDKEEP_RATE_LIMIT: 'off' } });
    try {
      const site = {
        busy: { server: busyServer, instanceId: await attach(service, busyServer) },
        still: { instanceId: await attach(service, stillServer) },
        target: { instanceId: await attach(service, targetServer) },
        deleted: new Set<string>(),
        restores: new Map<number, 'still' | 'target'>(),
        done: {} as LoadedSite['done'],
      };
      const instances = [site.busy, site.still, site.target].map(({ instanceId }) => instanceId);
      for (const instanceId of instances) {
        await backUp(service, instanceId);
      }
      const traces = await readTraces(stillServer);
      const settings = await busyServer.command('CONFIG', 'GET', '*');
      /** Backups that were seen as usable, by instance. */
      const seen = new Map(instances.map((instanceId) => [instanceId, new Set<string>()]));
      const starts: number[] = [];
      let restored = 0;
      let kills = 0;

      async function assertSound(): Promise<void> {
        await untilIdle(dataDir);
        for (const instanceId of instances) {
          const known = seen.get(instanceId) ?? new Set();
          await assertUsable(
            service,
            instanceId,
            [...known].filter((backupId) => !site.deleted.has(backupId)),
          );
          for (const backupId of (await readStatuses(service, instanceId, [2, 3, 4])).keys()) {
            known.add(backupId);
          }
        }
        const content = await readContent(targetServer);
        assert.ok(
          Object.values(contents).some((one) => isDeepStrictEqual(content, one)),
          `the target holds neither what it held nor what was restored: ${JSON.stringify(content.databases)}`,
        );
        const last = Math.max(0, ...site.restores.keys());
        for (const [taskId, of] of site.restores) {
          if ((await endOfTask(service, taskId)).Status === 'succeed') {
            restored++;
            assert.ok(taskId !== last || isDeepStrictEqual(content, contents[of]), 'the target holds what the last restore brought');
          }
        }
        site.restores.clear();
        await assertConsistent(dataDir, instances.length);
      }

      for (; kills < soak.count && !soak.signal.aborted; kills++) {
        const stop = new AbortController();
        const loading = load({ ...site, service }, random, stop.signal);
        const afterMs = random.below(LONGEST_LOAD_MS);
        await sleep(afterMs);
        await service.kill();
        stop.abort();
        await loading;
        const startedAt = performance.now();
        service = await startService(dataDir, { env: { REDKEEP_RATE_LIMIT: 'off' } });
        starts.push(performance.now() - startedAt);
        await assertSound().catch((error: unknown) => {
          throw new Error(`after kill ${kills + 1}, ${afterMs} ms after the load began`, { cause: error });
        });
      }
      for (const instanceId of instances) {
        await assertPages(service, instanceId);
      }
      assert.deepEqual(await readTraces(stillServer), traces);
      assert.deepEqual(await busyServer.command('CONFIG', 'GET', '*'), settings);
      assert.equal(await service.stop(), 0);
      const { backups } = await assertConsistent(dataDir, instances.length);
      await assertNothingLeft(dataDir);
      const deeds = Object.entries(site.done)
        .map(([name, count]) => `${count} ${name}`)
        .join(' · ');
      return { kills, 'longest start': longest(starts), deeds, 'restores that succeeded': restored, 'backups at the end': backups };
    } finally {
      await service.stop();
      await removeDataDir(dataDir);
    }
  },
};

/** Until no task is waiting or under way. */
async function untilIdle(dataDir: string): Promise<void> {
  const limit = AbortSignal.timeout(180_000);
  for (;;) {
    const catalog = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true, timeout: 5_000 });
    try {
      const busy = catalog.prepare("SELECT kind, state, payload FROM tasks WHERE state IN ('preparing', 'running')").all();
      if (busy.length === 0) {
        return;
      }
      if (limit.aborted) {
        throw new Error(`tasks do not come to their end: ${JSON.stringify(busy)}`);
      }
    } finally {
      catalog.close();
    }
    await sleep(30);
  }
}
