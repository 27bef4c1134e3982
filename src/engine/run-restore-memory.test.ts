import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../../test/harness/redis-server.ts';
import { COMPARABLE } from '../../test/harness/restore-data.ts';
import { makeRestoreSite } from '../../test/harness/restore-site.ts';
import type { RestoreRequest } from './restore-types.ts';

const CHILD = fileURLToPath(new URL('../../test/harness/restore-child.ts', import.meta.url));
const MIB = 1024 ** 2;
const VALUE_BYTES = 100_000;

/** The most memory that a process took for nothing but that restore. */
async function measurePeak(request: RestoreRequest): Promise<number> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ request })], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let peakBytes = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    peakBytes = (JSON.parse(line) as { peakBytes?: number }).peakBytes ?? peakBytes;
  }
  assert.deepEqual(await exited, [0, null]);
  assert.ok(peakBytes > 0);
  return peakBytes;
}

for (const [what, how] of [
  ['over replication', {}],
  ['key by key', { ttl: { kind: 'shift', byMs: 0 } }],
  ['of a merge', { filter: { pattern: 'key:*' } }],
] as const) {
  test(`the memory of a restore ${what} does not grow with the backup`, async () => {
    const peaks: number[] = [];
    for (const sizeMib of [40, 320]) {
      await using source = await startRedis({ config: [...COMPARABLE.config, 'rdbcompression no'] });
      await source.command('DEBUG', 'POPULATE', String(Math.ceil((sizeMib * MIB) / VALUE_BYTES)), 'key', String(VALUE_BYTES));
      await using target = await startRedis(COMPARABLE);
      await using site = await makeRestoreSite(source);
      const { safety: _, ...request } = site.restoreRequest(target, how);
      peaks.push(await measurePeak(request));
      assert.equal(await target.command('DBSIZE'), await source.command('DBSIZE'));
    }
    const [small = 0, large = 0] = peaks;
    // Far less than the 280 MiB between the two, and more than what garbage collection makes of the same work twice.
    assert.ok(large - small < 128 * MIB, `${Math.round(small / MIB)} MiB became ${Math.round(large / MIB)} MiB`);
  });
}
