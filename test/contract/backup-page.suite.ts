import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BACKUP_STATES } from '../../src/catalog/backup-state.ts';
import type { Backup, BackupQuery, Catalog } from '../../src/catalog/catalog.ts';
import { backupRow, instanceRow } from '../harness/catalog-rows.ts';

type Filter = Omit<BackupQuery, 'limit' | 'offset'>;

const REGIONS = ['ap-guangzhou', 'ap-beijing'];
const NAMES = ['cache', 'Cache_2', 'CÄCHE', '100%', 'session'];
const state = fc.constantFrom(...BACKUP_STATES);

const rows = fc.array(fc.record({ instance: fc.nat(NAMES.length - 1), startedAt: fc.integer({ min: 1, max: 6 }), state }), {
  maxLength: 40,
});
const filters = fc.record(
  {
    region: fc.constantFrom(...REGIONS),
    states: fc.array(state, { maxLength: 8 }),
    instance: fc.nat(NAMES.length),
    instances: fc.array(fc.nat(NAMES.length), { maxLength: 4 }),
    instanceNameContains: fc.constantFrom('', 'cache', 'CACHE_', 'ä', '%', '_', 'none', 'S'),
    startedFrom: fc.nat(7),
    startedTo: fc.nat(7),
  },
  { requiredKeys: ['region', 'states'] },
);

/** `backups.page` against a list in memory. Every run has an account of its own. */
export function backupPageSuite(catalog: () => Catalog): void {
  describe('backups.page', () => {
    let runs = 0;

    test('gives, over all pages, exactly what a naive filter gives, in the order of start and id', async () => {
      await fc.assert(
        fc.asyncProperty(
          rows,
          fc.array(filters, { minLength: 1, maxLength: 8 }),
          fc.integer({ min: 1, max: 7 }),
          async (some, asked, limit) => {
            const accountId = `account-${runs++}`;
            const backups = await insertAll(catalog(), accountId, some);
            for (const { instance, instances, ...rest } of asked) {
              const filter: Filter = {
                accountId,
                ...rest,
                ...(instance === undefined ? {} : { instanceId: instanceId(accountId, instance) }),
                ...(instances === undefined ? {} : { instanceIds: instances.map((index) => instanceId(accountId, index)) }),
              };
              const expected = naive(backups, filter);
              const pages = await readAllPages(catalog(), filter, limit, expected.length);
              assert.deepEqual(pages, expected);
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    test('takes 40,000 instances, more than a database takes values in a statement', async () => {
      const accountId = 'many-instances';
      const backups = await insertAll(
        catalog(),
        accountId,
        [0, 2, 4].map((instance) => ({ instance, startedAt: 1 + instance, state: 'available' })),
      );
      const others = Array.from({ length: 40_000 }, (_, index) => `crs-${index}`);
      const query = { accountId, region: REGIONS[0] ?? '', states: ['available'], limit: 10, offset: 0 } as const;
      for (const span of [{}, { startedFrom: 1, startedTo: 9 }]) {
        const instanceIds = [...others, instanceId(accountId, 0), instanceId(accountId, 4)];
        const page = await catalog().backups.page({ ...query, ...span, instanceIds });
        assert.deepEqual(page, { total: 2, backups: [backups[0], backups[2]] });
        assert.deepEqual(await catalog().backups.page({ ...query, ...span, instanceIds: others }), { total: 0, backups: [] });
      }
    });

    test('counts the same after backups have changed their state', async () => {
      const accountId = 'recount';
      const backups = await insertAll(
        catalog(),
        accountId,
        Array.from({ length: 5 }, () => ({ instance: 0, startedAt: 1, state: 'running' })),
      );
      await catalog().backups.fail(backups[0]?.backupId ?? '', 5);
      const facts = { attempt: 1, endedAt: 5, sizeBytes: 1, serverKind: 'redis', serverVersion: '7.0.15' };
      await catalog().backups.complete(backups[1]?.backupId ?? '', facts);
      const total = async (states: BackupQuery['states']) => {
        const page = await catalog().backups.page({ accountId, region: REGIONS[0] ?? '', states, limit: 1, offset: 0 });
        return page.total;
      };
      assert.deepEqual([await total(['running']), await total(['failed']), await total(['available', 'running'])], [3, 1, 4]);
    });
  });
}

function instanceId(accountId: string, index: number): string {
  return `${accountId}-${index}`;
}

async function insertAll(
  catalog: Catalog,
  accountId: string,
  some: ReadonlyArray<{ instance: number; startedAt: number; state: Backup['state'] }>,
): Promise<Backup[]> {
  const region = (instance: number) => REGIONS[instance % REGIONS.length] ?? '';
  const backups = some.map(({ instance, startedAt, state }, index) =>
    backupRow({
      accountId,
      region: region(instance),
      instanceId: instanceId(accountId, instance),
      instanceName: NAMES[instance] ?? '',
      // Ids out of the order of insertion, so that ties are seen to be broken by them.
      backupId: `${accountId}-${(index * 7) % 41}`,
      startedAt,
      state,
    }),
  );
  await catalog.transaction(async (tables) => {
    for (const [index, name] of NAMES.entries()) {
      await tables.instances.insert(instanceRow({ accountId, region: region(index), instanceId: instanceId(accountId, index), name }));
    }
    for (const backup of backups) {
      await tables.backups.insert(backup);
    }
  });
  return backups;
}

function naive(backups: readonly Backup[], filter: Filter): Backup[] {
  return backups
    .filter(
      (backup) =>
        backup.region === filter.region &&
        filter.states.includes(backup.state) &&
        (filter.instanceId === undefined || backup.instanceId === filter.instanceId) &&
        (filter.instanceIds === undefined || filter.instanceIds.includes(backup.instanceId)) &&
        (filter.instanceNameContains === undefined ||
          backup.instanceName.toLowerCase().includes(filter.instanceNameContains.toLowerCase())) &&
        (filter.startedFrom === undefined || backup.startedAt >= filter.startedFrom) &&
        (filter.startedTo === undefined || backup.startedAt <= filter.startedTo),
    )
    .sort((a, b) => a.startedAt - b.startedAt || (a.backupId < b.backupId ? -1 : 1));
}

/** All pages and the one past the end, each of which must tell the same total. */
async function readAllPages(catalog: Catalog, filter: Filter, limit: number, total: number): Promise<Backup[]> {
  const all: Backup[] = [];
  for (let offset = 0; offset < total + limit; offset += limit) {
    const page = await catalog.backups.page({ ...filter, limit, offset });
    assert.equal(page.total, total);
    assert.equal(page.backups.length, Math.max(0, Math.min(limit, total - offset)));
    all.push(...page.backups);
  }
  return all;
}
